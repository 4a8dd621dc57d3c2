// The door of the PDK, published as `pluginserver/kong` and, by its first name, `pluginserver/pdk`: what plugins are written with.
export {
  PLUGIN_STAMP,
  definePlugin,
  type InitContext,
  type InitLogFunction,
  type PhaseHandler,
  type Plugin,
  type PluginDefinition,
  type PluginStamp,
} from "./define-plugin.js";
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
export { PDK_ERROR_CODES, PdkError, isPdkError, type PdkErrorCode, type PdkErrorDetails } from "./errors.js";
export type { InferConfig, InferField } from "./infer-config.js";
export { jsName, wireName, type JsName } from "./js-name.js";
export type { KongFor } from "./kong-for.js";
export type { Kong } from "./kong.js";
export { PDK_METHODS, type PdkMethod, type ResultKind } from "./methods.js";
export type { KongClientTls } from "./namespaces/client-tls.js";
export type { KongClient } from "./namespaces/client.js";
export type { KongCtx, KongCtxShared } from "./namespaces/ctx.js";
export type { KongIp } from "./namespaces/ip.js";
export type { KongLog, SerializeOptions } from "./namespaces/log.js";
export type { KongNginx } from "./namespaces/nginx.js";
export type { KongNode } from "./namespaces/node.js";
export type { KongRequest } from "./namespaces/request.js";
export type { KongResponse } from "./namespaces/response.js";
export type { KongRouter } from "./namespaces/router.js";
export type { KongServiceRequest } from "./namespaces/service-request.js";
export type { KongServiceResponse } from "./namespaces/service-response.js";
export type { KongService } from "./namespaces/service.js";
export type { KongVault } from "./namespaces/vault.js";
export { PDK_NOT_OFFERED, type NotOffered } from "./not-offered.js";
export { PHASES, type Phase, PDK_VERSION } from "./phases.js";
export type { KongPlugin } from "./plugin.js";
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
export type { BodyOptions, HeaderValue, HeaderValues, ParsedBody, QueryValue, QueryValues, UploadedFile } from "./values.js";
