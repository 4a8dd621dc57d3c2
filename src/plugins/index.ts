// The door of plugins: what is in the plugins directory, what it says of itself, and the instances made of it.
export { checkAnnouncement } from "./check-announcement.js";
export { compilePath } from "./compile-path.js";
export { type Instance, InstanceTable, type SleepingInstance } from "./instance-table.js";
export { type LoadOptions, loadPlugin, loadPlugins } from "./load-plugins.js";
export { findPackagePdkVersion, type PdkMatch } from "./pdk-version.js";
export { pluginInfo } from "./plugin-info.js";
export { type RegistryChanges, registryChanges, type Reload } from "./registry-changes.js";
export { findPlugin, type PluginSource } from "./scan.js";
export { DirectoryWatch, type WatchListener } from "./watch-directory.js";
export { type Generation, PluginRegistry, type PluginProblem } from "./registry.js";
