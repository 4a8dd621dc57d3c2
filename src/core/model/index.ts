// The door of model: what every part of the core speaks of.
export { IdTable } from "./id-table.js";
export { nearestName } from "./nearest-name.js";
export { isRecord, messageOf } from "./unknown-values.js";
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
  DiagnosisError,
} from "./errors.js";
