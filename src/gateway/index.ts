// The door of the stand-in gateway.

export { GatewayError, type GatewayErrorCode } from "./errors.js";
export { startGateway, type Gateway, type GatewayOptions } from "./gateway.js";
export { type GatewayLogFields, type GatewayLogger, type GatewayLogLine } from "./gateway-log.js";
export { startEchoUpstream, type EchoUpstream, type EchoUpstreamOptions } from "./echo-upstream.js";
export { PluginServerClient, type PluginServerClientOptions } from "./plugin-server-client.js";

// What the gateway does when a plugin calls the PDK, without any socket: shared with the test kit.
export {
  callPdk,
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
export { ByteText, bytesOf, type PluginText } from "./byte-text.js";
export { argumentsFromWire, fromWire } from "./lua-values.js";
export type { HeaderList } from "./headers.js";
export type { Phase } from "./plugin-info.js";
export type { ConsumerEntity, RouteEntity, ServiceEntity } from "./entities.js";
