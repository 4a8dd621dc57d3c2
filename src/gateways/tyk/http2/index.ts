// The door of http2: unary gRPC over HTTP/2 in clear text. It knows no message and no plugin.
export { GrpcServer, type GrpcServerLog, type GrpcServerOptions } from "./grpc-server.js";
export { GrpcError, type Status, STATUS } from "./grpc-status.js";
export { healthMethods, type HealthOptions } from "./health.js";
export { listen, type Listener, type ListenerOptions } from "./listener.js";
export type { UnaryContext, CancelReason, UnaryMethod } from "./unary-call.js";
