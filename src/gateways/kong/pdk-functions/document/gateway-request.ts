// One request on its way through the gateway: all that the phases and the PDK functions read and change.

import { randomBytes } from "node:crypto";

import type { RouteEntity, ServiceEntity } from "./entities.js";
import { addHeader, getHeader, setHeader, type HeaderList } from "./headers.js";

/** What a client sent. Every text is a byte string: one character per byte. */
export interface IncomingRequest {
  readonly method: string;
  /** Path and query as in the request line. */
  readonly uri: string;
  readonly httpVersion?: string;
  readonly headers: HeaderList;
  /** The whole body, or how to read it when a plugin asks. */
  readonly body?: Buffer | (() => Promise<Buffer>);
  readonly client?: { readonly address: string; readonly port: number };
  readonly server?: { readonly port: number };
  /** How the client came to the gateway (`http`). */
  readonly scheme?: "http" | "https";
}

export interface RouteCaptures {
  /** The whole match and the groups, by position. */
  readonly unnamed: readonly string[];
  readonly named: Readonly<Record<string, string>>;
}

/** Where and how the request goes on; filled by the router, changed by `kong.service.*`. */
export interface ServiceRequest {
  scheme: "http" | "https";
  host: string;
  port: number;
  /** Escaped, without the query. */
  path: string;
  /** Set when the Host header is not to be made from host and port. */
  hostHeader: string | undefined;
  /** What `X-Forwarded-Prefix` says: the part of the path the route stripped. */
  prefix: string | undefined;
  timeouts: { connect: number; write: number; read: number };
  verifyTls: boolean;
}

export interface GatewayResponse {
  /** What the client gets, once that is known. */
  status: number;
  headers: HeaderList;
  /** Of responses the gateway makes or buffers. */
  body: Buffer | undefined;
  source: "service" | "exit" | "error";
}

export interface SerializeValue {
  readonly key: string;
  readonly value: unknown;
  readonly mode: "set" | "add" | "replace";
}

export interface GatewayRequest {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly client: { readonly address: string; readonly port: number };
  readonly server: { readonly port: number };
  readonly scheme: "http" | "https";
  readonly httpVersion: string;
  readonly uri: string;
  readonly readBody: () => Promise<Buffer>;
  method: string;
  query: string;
  headers: HeaderList;
  /** The body a plugin put in place of the client's. */
  newBody: Buffer | undefined;
  route: RouteEntity | undefined;
  service: ServiceEntity | undefined;
  captures: RouteCaptures | undefined;
  upstream: ServiceRequest;
  consumer: unknown;
  credential: unknown;
  isBuffered: boolean;
  /** What the service answered, when its response is buffered. */
  serviceResponse: { readonly status: number; readonly headers: HeaderList; readonly body: Buffer } | undefined;
  response: GatewayResponse;
  /** `kong.ctx.shared`. */
  readonly shared: Map<string, unknown>;
  /** `ngx.ctx`. */
  readonly context: Map<string, unknown>;
  readonly serializeValues: SerializeValue[];
  /** Milliseconds: of the gateway until it asked the service or answered itself, of the service until it answered, of its body. */
  readonly latencies: { kong: number; proxy: number; receive: number };
  bytes: { received: number; sent: number };
}

export function createGatewayRequest(incoming: IncomingRequest): GatewayRequest {
  const questionMark = incoming.uri.indexOf("?");
  const { body } = incoming;
  return {
    id: randomBytes(16).toString("hex"),
    startedAt: Date.now(),
    client: incoming.client ?? { address: "127.0.0.1", port: 40_000 },
    server: incoming.server ?? { port: 8000 },
    scheme: incoming.scheme ?? "http",
    httpVersion: incoming.httpVersion ?? "1.1",
    uri: incoming.uri,
    readBody: typeof body === "function" ? body : () => Promise.resolve(body ?? Buffer.alloc(0)),
    method: incoming.method,
    query: questionMark < 0 ? "" : incoming.uri.slice(questionMark + 1),
    headers: incoming.headers.map(([name, value]): [string, string] => [name, value]),
    newBody: undefined,
    route: undefined,
    service: undefined,
    captures: undefined,
    upstream: noUpstream(),
    consumer: undefined,
    credential: undefined,
    isBuffered: false,
    serviceResponse: undefined,
    response: { status: 200, headers: [], body: undefined, source: "error" },
    shared: new Map(),
    context: new Map(),
    serializeValues: [],
    latencies: { kong: 0, proxy: -1, receive: 0 },
    bytes: { received: 0, sent: 0 },
  };
}

function noUpstream(): ServiceRequest {
  return {
    scheme: "http",
    host: "",
    port: 80,
    path: "/",
    hostHeader: undefined,
    prefix: undefined,
    timeouts: { connect: 60_000, write: 60_000, read: 60_000 },
    verifyTls: false,
  };
}

/** The path of the request as the client wrote it. */
export function rawPath(request: GatewayRequest): string {
  const questionMark = request.uri.indexOf("?");
  return questionMark < 0 ? request.uri : request.uri.slice(0, questionMark);
}

/** `Host`, without its port, in lower case. */
export function requestHost(request: GatewayRequest): string {
  const host = getHeader(request.headers, "host") ?? "";
  return host.replace(/:\d*$/, "").toLowerCase();
}

// nginx keeps these once: what the service says replaces what a plugin had set before.
const SINGLE_HEADERS = new Set([
  "content-type",
  "content-length",
  "content-encoding",
  "last-modified",
  "etag",
  "location",
  "date",
  "server",
]);

/** Puts the service's answer into the response, next to the headers that plugins have set already. */
export function takeServiceResponse(request: GatewayRequest, status: number, headers: HeaderList): void {
  const { response } = request;
  response.status = status;
  response.source = "service";
  // A buffered response goes through Lua header by header, and there a name has its values once.
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  for (const name of names) {
    if (!request.isBuffered && !SINGLE_HEADERS.has(name)) continue;
    setHeader(response.headers, name, []);
  }
  for (const [name, value] of headers) addHeader(response.headers, name, [value]);
}
