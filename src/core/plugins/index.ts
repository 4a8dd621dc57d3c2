// The door of plugins: what is in the plugins directory, what it says of itself, and the instances made of it.
export { compilePath } from "./compile/compile-path.js";
export { type Binding, BindingTable, type SleepingBinding } from "./registry/binding-table.js";
export { CacheFolder } from "./cache/cache-folder.js";
export { knownPlugins } from "./cache/known-plugins.js";
export { NOWHERE, PluginCache, type PluginCacheOptions } from "./cache/plugin-cache.js";
export { type LoadOptions, loadPlugin, loadPlugins } from "./load-plugins.js";
export { inThreadGeneration } from "./in-thread-generation.js";
export { findApiVersion } from "./api-version.js";
export type { PluginApi, VersionMatch } from "./plugin-api.js";
export { type RegistryChanges, registryChanges, type Reload } from "./registry/registry-changes.js";
export { type DefinitionCheck, type Generation, PluginRegistry, type PluginProblem } from "./registry/registry.js";
export { findPlugin, type FoundPlugin, scanPluginsDirectory } from "./scan.js";
export { DirectoryWatch } from "./watch-directory.js";
