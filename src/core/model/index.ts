// The door of model: what every part of the core speaks of.
export { IdTable } from "./id-table.js";
export { DiagnosisError } from "./diagnosis-error.js";
export { writeAscii, cutText, shortText } from "./texts.js";
export {
  type ErrorInfo,
  toErrorInfo,
  RemoteError,
  ServerError,
  isOwnError,
  PluginServerError,
  saysAllInOneLine,
  UsageError,
  CommandError,
} from "./errors.js";
