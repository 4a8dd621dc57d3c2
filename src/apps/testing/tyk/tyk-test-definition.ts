// Finds the plugin in what a test gives for Tyk: one of defineTykPlugin, or one for Kong as Tyk has it.
import { PLUGIN_STAMP } from "../../../gateways/kong/pdk/index.js";
import { TYK_PLUGIN_STAMP, type TykPlugin } from "../../../gateways/tyk/api/index.js";
import { readPlugin, type TykDefinition } from "../../../gateways/tyk/worker/index.js";
import type { ConfigFor } from "../config-input.js";

/** What `config_data` may be for a plugin; for one that says nothing of it anything. */
export type TykConfigFor<P> =
  P extends TykPlugin<infer Config> ? Config : P extends { readonly default: TykPlugin<infer Config> } ? Config : ConfigFor<P>;

/** Where an API calls the access handler of a plugin for Kong. */
export type AccessHook = "auth_check" | "post_key_auth" | "post";

export interface TestedDefinition {
  readonly definition: TykDefinition;
  /** The functions that the API of the test calls. */
  readonly called: readonly string[];
  /** It is for Kong: what it does behind Tyk depends on the hooks that the API definition names. */
  readonly needsDefinition: boolean;
}

const ACCESS: Readonly<Record<AccessHook, string>> = {
  auth_check: "authCheck/authCheck",
  post_key_auth: "postAuthCheck/postAuthCheck",
  post: "post/post",
};

/** It runs behind answers: no gateway calls it. */
const LOG = "log";

/** `name` is that of a plugin that states none. @throws {Error} for what is no plugin. */
export async function findDefinition(plugin: unknown, name: string, access: AccessHook): Promise<TestedDefinition> {
  if (!isForKong(plugin)) {
    const definition = readPlugin({ default: plugin });
    return { definition, called: [...definition.functions.keys()], needsDefinition: false };
  }
  const { loadTykDefinition } = await import("../../gateways/index.js");
  const definition = await loadTykDefinition({ default: plugin }, name);
  const others = Object.values(ACCESS).filter((functionName) => functionName !== ACCESS[access]);
  const isCalled = (functionName: string): boolean => !others.includes(functionName) && functionName !== LOG;
  return { definition, called: [...definition.functions.keys()].filter(isCalled), needsDefinition: true };
}

/** What `definePlugin` has made, whatever the copy of this package. */
function isForKong(plugin: unknown): boolean {
  if (typeof plugin !== "object" || plugin === null || TYK_PLUGIN_STAMP in plugin) return false;
  return PLUGIN_STAMP in plugin || ("default" in plugin && isForKong(plugin.default));
}
