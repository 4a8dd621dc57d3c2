// The door of admin: metrics and what else operators see of a running server.
export { type Admin, type AdminOptions, checkAdminOptions, openAdmin } from "./admin.js";
export { traceRatioOf } from "./addresses.js";
export type { AdminAnswer, AdminRequest, AdminRoute } from "./http-router.js";
