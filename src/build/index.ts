// The door of build: turns a plugin's source into one file that a server takes as it is.
export { BuildError } from "./build-error.js";
export { buildPlugin, type BuiltPlugin } from "./build-plugin.js";
export { buildServer, type BuiltServer } from "./server/build-server.js";
export { buildStandalone, type StandalonePlugin } from "./build-standalone.js";
export { type NodeBinary, readNodeBinary } from "./node-binary.js";
export { findTypeErrors, type TypesRule } from "./check-types.js";
