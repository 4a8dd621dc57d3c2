// Calls a plugin server as a gateway does: gRPC on one connection for everything, dialled again with growing pauses.
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants, type IncomingHttpHeaders } from "node:http2";
import { createConnection } from "node:net";
import { unescape } from "node:querystring";
import { messageOf } from "../../../../core/model/index.js";
import type { TykRelease } from "../../releases/index.js";
import { StandinError } from "../errors.js";

/** What the stand-in asks of a plugin server, over gRPC or in memory. */
export interface DispatcherClient {
  /** `Dispatch`. @throws {StandinError} with a gRPC status. */
  dispatch(object: Buffer, signal?: AbortSignal): Promise<Buffer>;
  /** `DispatchEvent`. @throws {StandinError} with a gRPC status. */
  dispatchEvent(event: Buffer): Promise<void>;
}

export interface GrpcOptions {
  /** As in `coprocess_grpc_server`: `tcp://HOST:PORT` or `unix:///PATH`. */
  readonly server: string;
  readonly release: TykRelease;
  /** The option `grpc_authority`. */
  readonly authority?: string | undefined;
  /** The option `grpc_recv_max_size`, in bytes. */
  readonly maxReceived?: number | undefined;
  /** Milliseconds between the first two dials; each pause is 1.6 times the one before. */
  readonly firstPause?: number | undefined;
}

const MAX_RECEIVED = 4_194_304;
const FIRST_PAUSE = 1000;
const LAST_PAUSE = 120_000;
const PAUSE_GROWTH = 1.6;
/** Length prefix: whether it is compressed, and four bytes of size. */
const PREFIX = 5;
const CANCELLED = 1;
const RESOURCE_EXHAUSTED = 8;
const INTERNAL = 13;
const UNAVAILABLE = 14;

export class GrpcDispatcher implements DispatcherClient {
  readonly #options: GrpcOptions;
  #session: ClientHttp2Session | undefined;
  #dialling: Promise<ClientHttp2Session> | undefined;
  /** Until then no dial is tried. */
  #pauseEnd = 0;
  #pause: number;
  #lastFailure = "";
  #isClosed = false;

  constructor(options: GrpcOptions) {
    this.#options = options;
    this.#pause = options.firstPause ?? FIRST_PAUSE;
  }

  dispatch(object: Buffer, signal?: AbortSignal): Promise<Buffer> {
    // Before 5.11 the gateway lets a call run to its end.
    return this.#call("Dispatch", object, this.#options.release.cancels ? signal : undefined);
  }

  async dispatchEvent(event: Buffer): Promise<void> {
    await this.#call("DispatchEvent", event, undefined);
  }

  close(): void {
    this.#isClosed = true;
    this.#session?.destroy();
    this.#dialling?.then((session) => session.destroy()).catch(() => {});
  }

  async #call(method: string, message: Buffer, signal: AbortSignal | undefined): Promise<Buffer> {
    const session = await this.#connection();
    const prefix = Buffer.alloc(PREFIX);
    prefix.writeUInt32BE(message.length, 1);
    let stream: ClientHttp2Stream;
    try {
      stream = session.request({
        ":method": "POST",
        ":scheme": "http",
        ":path": `/coprocess.Dispatcher/${method}`,
        ":authority": this.#authority(),
        "content-type": "application/grpc",
        "user-agent": "grpc-go/1.33.0",
        te: "trailers",
      });
    } catch (error) {
      throw failed(UNAVAILABLE, messageOf(error));
    }
    const cancel = (): void => stream.close(constants.NGHTTP2_CANCEL);
    signal?.addEventListener("abort", cancel);
    if (signal?.aborted === true) cancel();
    try {
      stream.end(Buffer.concat([prefix, message]));
      return await answerOf(stream, this.#options.maxReceived ?? MAX_RECEIVED);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  #authority(): string {
    const { release, server, authority } = this.#options;
    if (release.authority === "own") return server.startsWith("unix:") ? "localhost" : server.slice("tcp://".length);
    return release.authority === "option" ? (authority ?? "") : "";
  }

  #connection(): Promise<ClientHttp2Session> {
    if (this.#session !== undefined) return Promise.resolve(this.#session);
    if (this.#isClosed) return Promise.reject(failed(UNAVAILABLE, "the gateway is closed"));
    if (performance.now() < this.#pauseEnd) return Promise.reject(failed(UNAVAILABLE, this.#lastFailure));
    this.#dialling ??= this.#dial().finally(() => {
      this.#dialling = undefined;
    });
    return this.#dialling;
  }

  async #dial(): Promise<ClientHttp2Session> {
    const { server, firstPause = FIRST_PAUSE } = this.#options;
    const path = server.startsWith("unix://") ? server.slice("unix://".length) : undefined;
    const session =
      path === undefined
        ? connect(`http://${server.slice("tcp://".length)}`)
        : connect("http://localhost", { createConnection: () => createConnection(path) });
    try {
      await new Promise<void>((resolve, reject) => session.once("connect", () => resolve()).once("error", reject));
    } catch (error) {
      this.#lastFailure = `${server}: ${messageOf(error)}`;
      this.#pauseEnd = performance.now() + this.#pause;
      this.#pause = Math.min(LAST_PAUSE, this.#pause * PAUSE_GROWTH);
      throw failed(UNAVAILABLE, this.#lastFailure);
    }
    this.#pause = firstPause;
    const forget = (): void => {
      if (this.#session === session) this.#session = undefined;
    };
    // What runs on a connection that goes away ends there; the next call dials.
    session.on("goaway", forget).on("close", forget).on("error", forget);
    session.unref();
    this.#session = session;
    return session;
  }
}

function failed(status: number, message: string): StandinError {
  return new StandinError("TYK_STANDIN_CALL", message, { status });
}

function answerOf(stream: ClientHttp2Stream, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let told: IncomingHttpHeaders = {};
    const take = (headers: IncomingHttpHeaders): void => {
      told = { ...told, ...headers };
    };
    stream.on("response", take).on("trailers", take);
    stream.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= limit + PREFIX) return;
      reject(failed(RESOURCE_EXHAUSTED, `received message larger than max (${size} vs. ${limit})`));
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on("error", (error: Error) => reject(failed(UNAVAILABLE, error.message)));
    stream.on("close", () => {
      if (stream.rstCode === constants.NGHTTP2_CANCEL) return reject(failed(CANCELLED, "context canceled"));
      const { status, message } = outcomeOf(told);
      if (status !== 0) return reject(failed(status, message));
      const [body, problem] = unwrap(Buffer.concat(chunks));
      if (problem === undefined) resolve(body);
      else reject(failed(INTERNAL, problem));
    });
  });
}

function outcomeOf(told: IncomingHttpHeaders): { readonly status: number; readonly message: string } {
  const http = Number(told[":status"]);
  const status = told["grpc-status"];
  if (status === undefined)
    return { status: UNAVAILABLE, message: Number.isNaN(http) ? "the stream ended without an answer" : `HTTP status ${http}` };
  const text = String(told["grpc-message"] ?? "");
  return { status: Number(status), message: unescape(text) };
}

function unwrap(bytes: Buffer): readonly [body: Buffer, problem?: string] {
  if (bytes.length < PREFIX || bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - PREFIX)
    return [bytes, "the answer is not one message"];
  return [bytes.subarray(PREFIX)];
}
