// The door of conf: the gateway's configuration for the hooks of the plugins in a directory.
export { chainOf, type HookChain, hooksOf, type PluginHooks } from "./hooks.js";
export { apiDefinition } from "./api-definition.js";
export { type TykFormat, tykText } from "./settings-text.js";
export type { TykServerFacts } from "./traps.js";
export { type TykSettings, tykSettings } from "./tyk-settings.js";
