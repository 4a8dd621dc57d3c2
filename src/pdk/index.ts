// The door of the PDK, published as `pluginserver/pdk`: what plugins are written with.
export { PLUGIN_STAMP, definePlugin } from "./define-plugin.js";
export type { PhaseHandler, Plugin, PluginDefinition, PluginStamp } from "./define-plugin.js";

export { PDK_ERROR_CODES, PdkError, isPdkError } from "./errors.js";
export type { PdkErrorCode, PdkErrorDetails } from "./errors.js";
export { jsName, wireName } from "./js-name.js";
export type { JsName } from "./js-name.js";
export { PDK_METHODS } from "./methods.js";
export type { PdkMethod, ResultKind } from "./methods.js";
export { PDK_NOT_OFFERED } from "./not-offered.js";
export type { NotOffered } from "./not-offered.js";
export { PHASES } from "./phases.js";
export type { Phase } from "./phases.js";
export { PDK_VERSION } from "./version.js";

export type { Kong } from "./kong.js";
export type { KongFor } from "./kong-for.js";
export type { KongClient } from "./client.js";
export type { KongClientTls } from "./client-tls.js";
export type { KongCtx, KongCtxShared } from "./ctx.js";
export type { KongIp } from "./ip.js";
export type { KongLog, SerializeOptions } from "./log.js";
export type { KongNginx } from "./nginx.js";
export type { KongNode } from "./node.js";
export type { KongPlugin } from "./plugin.js";
export type { KongRequest } from "./request.js";
export type { KongResponse } from "./response.js";
export type { KongRouter } from "./router.js";
export type { KongService } from "./service.js";
export type { KongServiceRequest } from "./service-request.js";
export type { KongServiceResponse } from "./service-response.js";
export type { KongVault } from "./vault.js";

export type {
  Consumer,
  Credential,
  EntityReference,
  MemoryStats,
  NginxStatistics,
  Route,
  RouteAddress,
  Service,
  UriCaptures,
} from "./entities.js";
export type { BodyOptions, HeaderValue, HeaderValues, ParsedBody, QueryValue, QueryValues, UploadedFile } from "./values.js";

export type { InferConfig, InferField } from "./infer-config.js";
export type {
  ArrayField,
  BooleanField,
  ConfigSchema,
  FieldSchema,
  IntegerField,
  LuaPattern,
  MapField,
  NumberField,
  RecordField,
  SetField,
  StringField,
} from "./schema.js";
