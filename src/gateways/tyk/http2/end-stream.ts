// Ends streams: with a message, or with a status and nothing else.
import { releaseMemory } from "../../../core/net/index.js";
import type { ServerHttp2Stream } from "node:http2";
import { encodeGrpcMessage, type Status } from "./grpc-status.js";

const CONTENT_TYPE = "application/grpc";

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

/** A flag whether a message is compressed, and its length. */
export const PREFIX = 5;
/** Up to this size a copy is cheaper than a second write. */
const MAX_COPY = 16 * 1024;

const RESPONSE = { ":status": 200, "content-type": CONTENT_TYPE } as const;
const RESPONSE_OPTIONS = { sendDate: false, waitForTrailers: true } as const;
const OK_TRAILERS = { "grpc-status": "0" } as const;

/** Answers a call with its message. */
export function respondWithMessage(stream: ServerHttp2Stream, message: Uint8Array): void {
  stream.on("wantTrailers", sendOkTrailers);
  stream.respond(RESPONSE, RESPONSE_OPTIONS);
  const isSmall = message.length <= MAX_COPY;
  const head = Buffer.allocUnsafe(PREFIX + (isSmall ? message.length : 0));
  head[0] = 0;
  head.writeUInt32BE(message.length, 1);
  if (isSmall) {
    head.set(message, PREFIX);
    stream.end(head);
  } else {
    stream.cork();
    stream.write(head);
    // It was encoded for this answer, and is of no use once it was sent. A stream that ends otherwise may still be writing it.
    stream.once("finish", () => releaseMemory(message));
    stream.end(message);
    stream.uncork();
  }
}

function sendOkTrailers(this: ServerHttp2Stream): void {
  this.sendTrailers(OK_TRAILERS);
}
