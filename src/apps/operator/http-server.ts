// Serves a few routes over HTTP/1.1, bounded in everything. Who may ask is decided by where it listens.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Logger } from "pino";
import { isOwnError, UsageError } from "../../core/model/index.js";

export interface ControlRequest {
  readonly query: URLSearchParams;
  /** What stands behind the route's path, decoded; empty where nothing does. */
  readonly rest: string;
  /** The JSON that was sent along; undefined where none was. */
  readonly body: unknown;
}

export interface Answer {
  /** 200 by default. */
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream is destroyed when its client has left. */
  readonly body: string | Readable;
}

export type RouteHandler = (request: ControlRequest) => Answer | Promise<Answer>;

/** By method and path, such as `GET /status`; one that ends in `/` takes what stands behind it too. */
export type Routes = Readonly<Record<string, RouteHandler>>;

/** What an answer has that is JSON. */
export const jsonAnswer = (value: unknown, status = 200): Answer => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
  body: `${JSON.stringify(value)}\n`,
});

/** Bytes. */
const MAX_BODY = 4096;
const MAX_HEADERS = 8192;
const MAX_CONNECTIONS = 64;
/** Milliseconds. */
const TIMEOUT = 5000;

const BAD_REQUEST = 400;
const NOT_FOUND = 404;
const WRONG_METHOD = 405;
const CANNOT = 409;
const TOO_LARGE = 413;
const FAULT = 500;

export class HttpServer {
  readonly #routes: Routes;
  readonly #logger: Logger;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(routes: Routes, logger: Logger) {
    this.#routes = routes;
    this.#logger = logger;
    const limits = { headersTimeout: TIMEOUT, requestTimeout: TIMEOUT, keepAliveTimeout: TIMEOUT, maxHeaderSize: MAX_HEADERS };
    this.#server = createServer(limits, (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.on("clientError", (_error, socket) => socket.destroy());
  }

  accept(socket: Socket): void {
    if (this.#sockets.size >= MAX_CONNECTIONS) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
    this.#server.emit("connection", socket);
    // It may have been accepted without being read.
    socket.resume();
  }

  /** Ends every connection where it stands. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status = 200, headers, body } = await this.#answer(request);
    response.writeHead(status, { "x-content-type-options": "nosniff", ...headers });
    if (request.method === "HEAD" || typeof body === "string") response.end(request.method === "HEAD" ? undefined : body);
    else await pipeline(body, response);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    try {
      const method = request.method === "HEAD" ? "GET" : (request.method ?? "GET");
      const url = new URL(`http://_${request.url ?? "/"}`);
      const found = this.#find(method, url.pathname);
      if (typeof found === "number") return problem(found, found === NOT_FOUND ? `there is no ${url.pathname}` : "wrong method");
      return await found.handler({ query: url.searchParams, rest: found.rest, body: await readBody(request) });
    } catch (error) {
      return this.#failure(error);
    }
  }

  #find(method: string, path: string): { readonly handler: RouteHandler; readonly rest: string } | number {
    const folder = path.slice(0, path.indexOf("/", 1) + 1);
    for (const known of folder === "" ? [path] : [path, folder]) {
      const handler = Object.hasOwn(this.#routes, `${method} ${known}`) ? this.#routes[`${method} ${known}`] : undefined;
      if (handler !== undefined) return { handler, rest: decodeURIComponent(path.slice(known.length)) };
    }
    const isOfOther = Object.keys(this.#routes).some((route) => route.split(" ")[1] === path);
    return isOfOther ? WRONG_METHOD : NOT_FOUND;
  }

  #failure(error: unknown): Answer {
    if (error instanceof UsageError || error instanceof URIError || error instanceof SyntaxError || error instanceof TypeError)
      return problem(BAD_REQUEST, error.message);
    if (error instanceof RangeError) return problem(TOO_LARGE, error.message);
    if (isOwnError(error)) return problem(CANNOT, error.message);
    this.#logger.error({ err: error }, "a request of an operator failed in the server itself");
    return problem(FAULT, "the server itself failed, its log says why");
  }
}

/** Bad input has status 400, what cannot be done 409. */
const problem = (status: number, message: string): Answer => jsonAnswer({ error: message }, status);

/** @throws {RangeError} where it is too large, {SyntaxError} where it is no JSON. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  let size = 0;
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new RangeError(`a request may have ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  return size === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as unknown);
}
