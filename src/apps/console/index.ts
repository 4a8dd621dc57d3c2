// The door of console: what an operator sees of a running server in a terminal, and the commands that it takes.
export type { Control } from "./control.js";
export { operate, type OperatorRequest } from "./operate.js";
export { aligned } from "./format.js";
