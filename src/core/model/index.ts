// The door of model: what every part of the core speaks of.
export { writeAscii } from "./ascii.js";
export { cutText } from "./cut-text.js";
export { type ErrorInfo, toErrorInfo, RemoteError } from "./error-info.js";
export { ServerError } from "./errors.js";
export { isOwnError, PluginServerError, saysAllInOneLine } from "./plugin-server-error.js";
export { shortText } from "./short-texts.js";
export { UsageError, CommandError } from "./usage-error.js";
