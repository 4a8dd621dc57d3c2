// Loads plugins for Tyk, for the commands that look at them without serving them.
import type { Logger } from "pino";
import type { LoadOptions, PluginRegistry } from "../../core/plugins/index.js";
import { chainOf, type HookChain, hooksOf } from "../../gateways/tyk/conf/index.js";
import { TYK_ALONE } from "../gateways/index.js";
import type { LoadingOptions } from "./invocation.js";
import { loadOptions } from "./load-directory.js";

/** @throws {CommandError} where a key cannot be read. */
export async function tykLoadOptions(options: LoadingOptions, logger: Logger): Promise<LoadOptions> {
  return { ...(await loadOptions(options, logger)), ...TYK_ALONE };
}

/** The hooks of the plugins that loaded, in the order of their names. */
export function hookChain(registry: PluginRegistry): HookChain {
  return chainOf(registry.list().map(({ name, metadata }) => hooksOf(name, metadata.functions)));
}
