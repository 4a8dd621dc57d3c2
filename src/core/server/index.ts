// The door of server: the plugins that are served, and how they change.
export { InThreadPool } from "./in-thread-pool.js";
export { isolatePools, type IsolatePoolsOptions } from "./isolate-pools.js";
export { PluginDirectory } from "./directory/plugin-directory.js";
export {
  type BindingPool,
  type CreatePool,
  type CreateSource,
  OnePlugin,
  type PluginSource,
  type ReloadOutcome,
  type SourceContext,
} from "./plugin-source.js";
export { type ServedPlugin, ServedPlugins } from "./served-plugins.js";
export { SharedDirectory, type SharedDirectoryOptions } from "./directory/shared-directory.js";
export type { BindingDescription } from "./describe-binding.js";
export { type AdministeredEngine, type CallRunner, Engine, type EngineOptions, type TraceSource } from "./engine.js";
export type { PluginLog } from "./plugin-listener.js";
export type { ConfigurationRules } from "./configuration-rules.js";
