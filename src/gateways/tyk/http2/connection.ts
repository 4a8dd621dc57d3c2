// Owns one client's connection: its HTTP/2 session, and the calls on it.
import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import { respondWithStatus } from "./end-stream.js";
import { STATUS } from "./grpc-status.js";
import { type CallLimits, UnaryCall, type UnaryMethod } from "./unary-call.js";

export interface ConnectionOptions {
  readonly methods: ReadonlyMap<string, UnaryMethod>;
  readonly limits: CallLimits;
  /** Calls at once on this connection: the client queues what is beyond. */
  readonly maxConcurrentStreams: number;
  readonly onCall: (call: UnaryCall) => void;
  readonly onCallClosed: (call: UnaryCall) => void;
  /** Called once, with the reason where it did not end in order; a client may leave a connection that drains as it likes. */
  readonly onClose: (connection: Http2Connection, error: Error | undefined) => void;
}

const MB = 1024 * 1024;
/** What may be on its way to this server, for a call and for all of a connection, before it says that it has read. */
const STREAM_WINDOW = MB;
const CONNECTION_WINDOW = 16 * MB;
/** Metadata of one call, in bytes and in entries. */
const MAX_HEADERS = 64 * 1024;
const MAX_HEADER_PAIRS = 256;
/** Megabytes of answers that a client has not taken: beyond, its new calls are refused. The limit of calls comes first. */
const MAX_SESSION_MEMORY = 1024;
/** Frames that break the protocol, and calls that were refused, before the connection is ended. */
const MAX_INVALID_FRAMES = 1000;
const MAX_REJECTED_STREAMS = 1000;
/**
 * The library takes 1,000 resets and 33 more a second; the next one makes it deaf, and calls under way wait for ever. A gateway whose
 * clients give up can come there. So it is sent on before, with time to answer what runs.
 */
const RESETS = 900;
const RESETS_PER_SECOND = 30;
/** Bytes of greetings: who has sent more without a call has sent calls that HTTP/2 does not allow. */
const GREETING = 512;
const CONTENT_TYPE = /^application\/grpc(?:$|[+;])/;

export class Http2Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #since: number;
  #hasGreeted = false;
  #hasCalled = false;
  #error: Error | undefined;
  #resets = 0;
  #resetsSince = 0;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#options = options;
    this.#socket = socket;
    this.#since = options.limits.round;
    socket.setKeepAlive(true, 60_000);
    const session = performServerHandshake(socket, {
      settings: {
        maxConcurrentStreams: options.maxConcurrentStreams,
        initialWindowSize: STREAM_WINDOW,
        maxHeaderListSize: MAX_HEADERS,
      },
      maxHeaderListPairs: MAX_HEADER_PAIRS,
      maxSessionMemory: MAX_SESSION_MEMORY,
      maxSessionInvalidFrames: MAX_INVALID_FRAMES,
      maxSessionRejectedStreams: MAX_REJECTED_STREAMS,
    });
    this.#session = session;
    // One that waited for this server was accepted unread, and without a listener's own options.
    socket.setNoDelay(true);
    socket.read(0);
    session.once("connect", () => {
      if (!session.destroyed) session.setLocalWindowSize(CONNECTION_WINDOW);
    });
    session.once("remoteSettings", () => (this.#hasGreeted = true));
    session.on("stream", (stream, headers) => this.#begin(stream, headers));
    session.on("error", (error: Error) => (this.#error = error));
    session.once("close", () => options.onClose(this, session.closed ? undefined : this.#error));
  }

  /** Whether its client sends calls that HTTP/2 does not allow, such as those of a gateway without an authority. */
  get isRefusedByProtocol(): boolean {
    return this.#hasGreeted && !this.#hasCalled && this.#socket.bytesRead > GREETING;
  }

  /** Ends a connection whose client has not said for as many rounds that it speaks HTTP/2. */
  endStale(rounds: number): void {
    if (!this.#hasGreeted && this.#options.limits.round - this.#since >= rounds) this.destroy();
  }

  /**
   * Asks the client to go on elsewhere: a GOAWAY with the last call that is answered here. What the client has sent behind it, it
   * sends again over its next connection. May be called twice.
   */
  drain(): void {
    // A GOAWAY that promises to answer calls still on their way, as other servers send first, is of no use on node:http2: with no
    // call under way it reads nothing more.
    this.#session.close();
  }

  destroy(): void {
    this.#session.destroy();
  }

  #begin(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    this.#hasCalled = true;
    // A stream that breaks is closed, which is looked at where it matters.
    stream.on("error", () => {});
    if (stream.destroyed) {
      this.#countReset();
      return;
    }
    const { methods, limits, onCall } = this.#options;
    const { ":path": path = "", ":method": httpMethod, "content-type": contentType = "" } = headers;
    const method = methods.get(path);
    const isGrpc = CONTENT_TYPE.test(contentType);
    if (method !== undefined && isGrpc && httpMethod === "POST") {
      onCall(new UnaryCall(stream, headers, method, limits, this.#onCallClosed));
      return;
    }
    if (httpMethod !== "POST") respondWithStatus(stream, STATUS.UNIMPLEMENTED, "grpc: only POST is a call", 405);
    else if (!isGrpc) respondWithStatus(stream, STATUS.UNKNOWN, "grpc: the content type is not application/grpc", 415);
    else respondWithStatus(stream, STATUS.UNIMPLEMENTED, `grpc: unknown method ${path}`);
    stream.close(constants.NGHTTP2_NO_ERROR);
  }

  readonly #onCallClosed = (call: UnaryCall, code: number): void => {
    this.#options.onCallClosed(call);
    if (code !== constants.NGHTTP2_NO_ERROR) this.#countReset();
  };

  #countReset(): void {
    const now = performance.now();
    this.#resets = Math.max(0, this.#resets - ((now - this.#resetsSince) / 1000) * RESETS_PER_SECOND) + 1;
    this.#resetsSince = now;
    if (this.#resets >= RESETS) this.drain();
  }
}
