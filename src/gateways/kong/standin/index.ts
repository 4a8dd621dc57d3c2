// The door of the stand-in gateway.
export { AUTHENTICATORS } from "./authentication.js";
export {
  entries,
  ShapedFields,
  integer,
  key,
  type Key,
  configKindOf,
  list,
  object,
  record,
  type Shape,
  suggestionOrAll,
  text,
  textLike,
} from "./config-shape.js";
export { parseDeclarativeConfig } from "./declarative-config.js";
export { DOCUMENT, TEST_ENTITIES } from "./entity-shapes.js";
export { GatewayError } from "./errors.js";
export { runEvent, type EventServices, type PluginServerCalls } from "./event.js";
export type { Exchange, ServiceAnswer } from "./exchange.js";
export { type GatewayLogLine, GatewayLog } from "./gateway-log.js";
export { startGateway, type Gateway, type GatewayOptions } from "./gateway.js";
export { collect } from "./http/client-body.js";
export { completeResponse } from "./http/client-response.js";
export { startEchoUpstream, type EchoUpstream } from "./http/echo-upstream.js";
export { UpstreamFailure } from "./http/upstream-client.js";
export { upstreamHeaders, upstreamPath } from "./http/upstream-message.js";
export { parsePluginInfos, type ParsedPluginInfo } from "./plugin-server/plugin-info.js";
export type { Phase } from "../pdk-functions/index.js";
export { PluginInstances } from "./plugin-server/plugin-instances.js";
export { decodeData, encodeData } from "./plugin-server/rpc-message.js";
export { ProtobufClient } from "./protobuf/protobuf-client.js";
export { RequestLifecycle, type LoadedConfig, type PhaseVerdict } from "./request-lifecycle.js";
export { Router } from "./router.js";
