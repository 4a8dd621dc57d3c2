// The door of the API, published as `pluginserver/tyk`: what plugins for Tyk are written with.
export type { ApiDefinition, TykApi } from "./api-definition.js";
export type {
  AnyField,
  ArrayField,
  BooleanField,
  ConfigField,
  ConfigSchema,
  InferTykConfig,
  MapField,
  NumberField,
  ObjectField,
  StandardSchema,
  StringField,
  TykConfigInput,
} from "./config-schema.js";
export type {
  AcceptedSession,
  AcceptSession,
  AuthCheckContext,
  CallContext,
  Deny,
  EarlyReply,
  EndpointContext,
  LogFunction,
  PostContext,
  PreContext,
  ReplyHeaders,
  Respond,
  ResponseContext,
  TykEvent,
  TykLog,
} from "./context.js";
export {
  type AuthCheckHook,
  defineTykPlugin,
  type Endpoint,
  type Endpoints,
  type EventHandler,
  type HookOrTable,
  type InitContext,
  type RequestHook,
  type ResponseHook,
  TYK_PLUGIN_STAMP,
  type TykConfig,
  type TykPlugin,
  type TykPluginDefinition,
  type TykPluginStamp,
} from "./define-plugin.js";
export { isTykError, TYK_ERROR_CODES, TykError, type TykErrorCode } from "./errors.js";
export type {
  BodyInput,
  DecodeOptions,
  Query,
  QueryView,
  RequestHeaders,
  RequestHeadersView,
  TykRequest,
  TykRequestView,
} from "./request.js";
export type { ResponseHeaders, TykResponse } from "./response.js";
export type { AccessDefinition, AccessSpec, Duration, NewSession, Session } from "./session.js";
