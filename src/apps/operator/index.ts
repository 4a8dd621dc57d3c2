// The door of operator: what operators see of a running server, and what they can have it do.
export { Operator, type OperatorOptions, type PublishedRoute } from "./operator.js";
export { adminPathOf, adminPlaceOf, isAdminPath, ownFolder, serverSocketOf } from "./places.js";
export type { PluginDetail } from "./plugin-detail.js";
export type { PluginStatus, StatusReport } from "./report.js";
