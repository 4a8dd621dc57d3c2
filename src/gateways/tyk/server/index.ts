// The door of server: a whole server for Tyk gateways.
export { TykServer, type TykServerOptions } from "./tyk-server.js";
export { type BundleLoading, BundlePlugins } from "./bundle-plugins.js";
