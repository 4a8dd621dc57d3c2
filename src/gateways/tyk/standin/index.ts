// The door of the stand-in: Tyk's side of plugins, over real HTTP and gRPC, or in memory.
export { describeApi, type Hook, type IdExtractor, type MockResponse, type StandinApi } from "./api.js";
export { StandinError, type StandinErrorCode } from "./errors.js";
export type { EventType, FiredEvent } from "./events.js";
export type {
  ClientRequest,
  Dropped,
  ClientResponse,
  KeySession,
  UpstreamHandler,
  ProxiedRequest,
  ProxiedResponse,
} from "./exchange.js";
export { type AnalyticsRecord, TykGateway, type TykGatewayOptions } from "./gateway.js";
export type { GoHeaderList } from "./http/go-headers.js";
export { type DispatcherClient, GrpcDispatcher, type GrpcOptions } from "./hooks/grpc-client.js";
export type { DriverState } from "./hooks/hook-caller.js";
export { httpUpstream, type ServedGateway, serveGateway, type HttpServerOptions } from "./http/http-server.js";
export { KeyStore } from "./key-store.js";
