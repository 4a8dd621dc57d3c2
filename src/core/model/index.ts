// The door of model: what every part of the core speaks of.
export { cutText } from "./cut-text.js";
export { type ErrorInfo, toErrorInfo, RemoteError } from "./error-info.js";
export { ServerError } from "./errors.js";
export { UsageError, CommandError } from "./usage-error.js";
