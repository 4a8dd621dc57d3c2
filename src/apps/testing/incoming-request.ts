// Turns the request of a test into what a client would send.
import { byteStringOf, createGatewayRequest, type GatewayRequest } from "../../gateways/kong/pdk-functions/index.js";
import { TestingError } from "./errors.js";
import { sentMessage } from "./messages.js";
import type { TestRequest } from "./options.js";

/** Where a gateway listens for HTTP, as it comes. */
const GATEWAY_PORT = 8000;
const DEFAULT_PORTS = { http: 80, https: 443 } as const;

interface Target {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** Path and query, as in the request line. */
  readonly uri: string;
}

/** @throws {TestingError} where it cannot be a request. */
export function incomingRequest(request: TestRequest): { readonly request: GatewayRequest; readonly body: Buffer } {
  const target = request.url === undefined ? targetOfPath(request.path ?? "/") : targetOfUrl(request.url);
  const { headers, bytes } = sentMessage(request.headers, request.body);
  if (!headers.some(([name]) => name.toLowerCase() === "host")) headers.unshift(["Host", target.host]);
  const { ip = "127.0.0.1", port = 40_000 } = request.client ?? {};
  const created = createGatewayRequest({
    method: request.method ?? "GET",
    uri: withQuery(target.uri, request.query),
    headers,
    body: bytes,
    httpVersion: request.httpVersion ?? "1.1",
    client: { address: ip, port },
    server: { port: target.port },
    scheme: target.scheme,
  });
  created.bytes.received = bytes.length;
  return { request: created, body: bytes };
}

function targetOfPath(path: string): Target {
  if (!path.startsWith("/"))
    throw new TestingError("TESTING_BAD_OPTION", `request.path must start with /, not be ${JSON.stringify(path)}`);
  return { scheme: "http", host: "localhost", port: GATEWAY_PORT, uri: requestLine(path) };
}

function targetOfUrl(given: string | URL): Target {
  const text = String(given);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1);
  if (url === undefined || (scheme !== "http" && scheme !== "https"))
    throw new TestingError(
      "TESTING_BAD_OPTION",
      `request.url must be such as http://example.com/path, not ${JSON.stringify(text)}`,
    );
  const port = url.port === "" ? DEFAULT_PORTS[scheme] : Number(url.port);
  return { scheme, host: url.host, port, uri: `${url.pathname}${url.search}` };
}

/** A client would not send these as they are. */
function requestLine(path: string): string {
  return byteStringOf(path).replace(/[^\x21-\x7e]/g, percent);
}

function withQuery(uri: string, query: TestRequest["query"] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (typeof value === "object" ? value : [value]).map((item) =>
      item === true ? encodeURIComponent(name) : `${encodeURIComponent(name)}=${encodeURIComponent(String(item))}`,
    ),
  );
  if (pairs.length === 0) return uri;
  return `${uri}${uri.includes("?") ? "&" : "?"}${pairs.join("&")}`;
}

function percent(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
