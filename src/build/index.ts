// The door of build: turns a plugin's source into one file that a server takes as it is.
export { BuildError } from "./build-error.js";
export { buildStandalone, type StandalonePlugin } from "./build-standalone.js";
export { buildPlugin, type BuildOptions, type BuiltPlugin } from "./build-plugin.js";
