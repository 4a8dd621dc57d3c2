// The door of bundles: plugins for all gateways that come in zip files, named by an index on an HTTP server or lying beside the server.
export { mergeEntry } from "./bundle-index.js";
export { fileBundle, httpBundles } from "./bundle-sources.js";
export { BundledPlugins } from "./bundled-plugins.js";
export { KeptBundles } from "./kept-bundles.js";
