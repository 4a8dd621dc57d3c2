// The door of the stand-in gateway.

export { GatewayError, type GatewayErrorCode } from "./errors.js";
export { startGateway, type Gateway, type GatewayOptions } from "./gateway.js";
export { type GatewayLogFields, type GatewayLogger, type GatewayLogLine } from "./gateway-log.js";
export { startEchoUpstream, type EchoUpstream, type EchoUpstreamOptions } from "./echo-upstream.js";
export { ProtobufClient, type PlayPdkCall, type ProtobufClientOptions } from "./protobuf/index.js";
export { PluginServerClient, type PluginServerClientOptions } from "./plugin-server-client.js";

// The gateway without a socket, for the test kit: the way of a request, what plugins see of it, what the PDK does.
export { RequestLifecycle, type LifecycleServices, type LoadedConfig, type Verdict } from "./request-lifecycle.js";
export { runEvent, type EventOutcome, type EventServices, type PluginServerCalls } from "./event.js";
export type { Exchange, ServiceAnswer } from "./exchange.js";
export { completeResponse } from "./client-response.js";
export { collect } from "./client-body.js";
export { UpstreamFailure } from "./upstream-client.js";
export { upstreamHeaders, upstreamPath } from "./upstream-message.js";
export { GatewayLog } from "./gateway-log.js";
export { parseConfig } from "./declarative-config.js";
export { parsePluginInfos, type PluginInfo } from "./plugin-info.js";
export { PluginInstances } from "./plugin-instances.js";
export { Router } from "./router.js";
export { decodeData, encodeData } from "./rpc-message.js";
export { parseQuery, queryTable, type QueryValue } from "./query-string.js";
export {
  callPdk,
  isAtLeast,
  type KongVersion,
  pdkFunctions,
  RefusedCall,
  respondWithError,
  type PdkAnswer,
  type PdkCall,
  type PdkFunction,
  type PdkFunctions,
  type LogLevel,
  type PluginLogLine,
  type StepMethod,
} from "./pdk-functions/index.js";
export {
  createGatewayRequest,
  takeServiceResponse,
  type GatewayRequest,
  type GatewayResponse,
  type IncomingRequest,
} from "./gateway-request.js";
export { createGatewayFacts, type GatewayFacts, type GatewayFactsOptions } from "./gateway-facts.js";
export { ByteText, byteStringOf, bytesOf, textFromByteString, type PluginText } from "./byte-text.js";
export { argumentsFromWire, fromWire } from "./lua-values.js";
export type { HeaderList } from "./headers.js";
export type { GatewayProtocol, Phase } from "./plugin-info.js";
export type { ConsumerEntity, PluginEntity, RouteEntity, ServiceEntity } from "./entities.js";
