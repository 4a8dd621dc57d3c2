// The door of calls: what is under way, with its deadlines.
export { type Call, type CallIds, CallTable } from "./call-table.js";
