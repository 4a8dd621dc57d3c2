// Answers `grpc.health.v1.Health`: whether the server, or a service of it, takes calls.
import { GrpcError, STATUS } from "./grpc-status.js";
import type { UnaryMethod } from "./unary-call.js";

/** `HealthCheckRequest.service`, field 1: text. `HealthCheckResponse.status`, field 1: a number. */
const SERVICE_TAG = 0x0a;
const STATUS_TAG = 0x08;
const SERVING = Buffer.from([STATUS_TAG, 1]);
const NOT_SERVING = Buffer.from([STATUS_TAG, 2]);
/** Names of services are short: their length is one byte. */
const MAX_NAME = 127;

export interface HealthOptions {
  /** Services by name; the empty name is the server as a whole. */
  readonly services: readonly string[];
  readonly isServing: () => boolean;
}

/** The methods of the service, by path. */
export function healthMethods({ services, isServing }: HealthOptions): ReadonlyMap<string, UnaryMethod> {
  const known = new Set(["", ...services]);
  return new Map<string, UnaryMethod>([
    [
      "/grpc.health.v1.Health/Check",
      (message) => {
        const service = readService(message);
        if (!known.has(service)) throw new GrpcError(STATUS.NOT_FOUND, `unknown service ${JSON.stringify(service)}`);
        return isServing() ? SERVING : NOT_SERVING;
      },
    ],
    [
      "/grpc.health.v1.Health/Watch",
      () => {
        // Clients that watch take this for a server that is healthy for as long as it is connected.
        throw new GrpcError(STATUS.UNIMPLEMENTED, "grpc.health.v1.Health/Watch is not served: use Check");
      },
    ],
  ]);
}

function readService(message: Buffer): string {
  if (message.length === 0) return "";
  const size = message[1] ?? 0;
  if (message[0] !== SERVICE_TAG || size > MAX_NAME || message.length !== 2 + size)
    throw new GrpcError(STATUS.INVALID_ARGUMENT, "not a HealthCheckRequest");
  return message.toString("utf8", 2);
}
