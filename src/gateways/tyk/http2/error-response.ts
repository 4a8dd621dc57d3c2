// Ends streams with a status and nothing else.
import type { ServerHttp2Stream } from "node:http2";
import { encodeGrpcMessage, type Status } from "./grpc-status.js";

export const CONTENT_TYPE = "application/grpc";

const TRAILERS_ONLY = { sendDate: false, endStream: true } as const;

/** `httpStatus` is for what is no gRPC at all. */
export function respondWithStatus(
  stream: ServerHttp2Stream,
  status: Exclude<Status, 0>,
  message: string,
  httpStatus = 200,
): void {
  stream.respond(
    {
      ":status": httpStatus,
      "content-type": CONTENT_TYPE,
      "grpc-status": String(status),
      "grpc-message": encodeGrpcMessage(message),
    },
    TRAILERS_ONLY,
  );
}
