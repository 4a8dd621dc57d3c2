// Owns loading the built isolates: a worker's entry is reached by its path, which is there only in dist.
import type * as Isolates from "../../../../src/core/isolates/index.js";
import type * as Plugins from "../../../../src/core/plugins/index.js";

const DIST = new URL("../../../../dist/core/", import.meta.url);

/** Kong's half in an isolate: the plugins of these tests are its own. */
export const KONG_WORKER = new URL("../gateways/kong/worker/gateway-worker.js", DIST).href;

const load = async (folder: string): Promise<unknown> => import(/* @vite-ignore */ new URL(`${folder}/index.js`, DIST).href);

export const loadIsolates = async (): Promise<typeof Isolates> => (await load("isolates")) as typeof Isolates;
export const loadPluginsFolder = async (): Promise<typeof Plugins> => (await load("plugins")) as typeof Plugins;
