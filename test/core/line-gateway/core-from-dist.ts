// Owns loading the built core: isolates are reached by the path of their entry, which is there only in dist.
import type * as Net from "../../../src/core/net/index.js";
import type * as Server from "../../../src/core/server/index.js";

const load = async (folder: string): Promise<unknown> =>
  import(/* @vite-ignore */ new URL(`../../../dist/core/${folder}/index.js`, import.meta.url).href);

const { Engine, isolatePools, PluginDirectory, SharedDirectory } = (await load("server")) as typeof Server;
const { UnixSocket } = (await load("net")) as typeof Net;

export const core = { Engine, isolatePools, PluginDirectory, SharedDirectory, UnixSocket };
