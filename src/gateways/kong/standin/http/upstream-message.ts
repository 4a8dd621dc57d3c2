// The message that goes on to a service: what the client sent, what plugins changed, and what the gateway adds.

import {
  addHeader,
  type GatewayFacts,
  type GatewayRequest,
  getHeader,
  getHeaderValues,
  type HeaderList,
  rawPath,
  removeHeader,
  requestHost,
  setHeader,
} from "../../pdk-functions/index.js";

// These belong to one connection, not to the message.
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "proxy"];

/** Path and query, as in the request line. */
export function upstreamPath({ upstream, query, uri }: GatewayRequest): string {
  return `${upstream.path}${query !== "" || uri.endsWith("?") ? `?${query}` : ""}`;
}

// The others announce that they have no body.
const BODILESS_METHODS = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"]);

/** Whether the client announced a body. */
export function hasBody(headers: HeaderList): boolean {
  return getHeader(headers, "transfer-encoding") !== undefined || Number(getHeader(headers, "content-length") ?? 0) > 0;
}

/** `whole` is the body where it is known before it is sent. */
export function upstreamHeaders(request: GatewayRequest, whole: Buffer | undefined, facts: GatewayFacts): HeaderList {
  const isChunked = getHeader(request.headers, "transfer-encoding") !== undefined;
  const headers: HeaderList = [["Host", hostHeader(request)]];
  for (const [name, value] of request.headers) if (name.toLowerCase() !== "host") headers.push([name, value]);
  for (const name of connectionHeaders(request.headers)) removeHeader(headers, name);
  removeHeader(headers, "expect");
  if (whole === undefined && isChunked) addHeader(headers, "Transfer-Encoding", ["chunked"]);
  if (whole !== undefined && (whole.length > 0 || isChunked || !BODILESS_METHODS.has(request.method))) {
    setHeader(headers, "Content-Length", [String(whole.length)]);
  }
  addForwardedHeaders(request, headers, facts);
  setHeader(headers, "X-Kong-Request-Id", [request.id]);
  return headers;
}

/** The hop-by-hop headers and those that `Connection` names. */
export function connectionHeaders(headers: HeaderList): string[] {
  const named = getHeaderValues(headers, "connection").join(",").split(",");
  return [...HOP_BY_HOP, ...named.map((name) => name.trim()).filter((name) => name !== "")];
}

function hostHeader(request: GatewayRequest): string {
  const { hostHeader: chosen, host, port, scheme } = request.upstream;
  if (chosen !== undefined) return chosen;
  return port === (scheme === "https" ? 443 : 80) ? host : `${host}:${port}`;
}

function addForwardedHeaders(request: GatewayRequest, headers: HeaderList, facts: GatewayFacts): void {
  const { address } = request.client;
  const isTrusted = facts.isTrusted(address);
  const trusted = (name: string): string | undefined => (isTrusted ? getHeader(request.headers, name) : undefined);
  const before = getHeaderValues(request.headers, "x-forwarded-for");
  const forwarded: Record<string, string | undefined> = {
    "X-Forwarded-For": [...before, address].join(", "),
    "X-Forwarded-Proto": trusted("x-forwarded-proto") ?? request.scheme,
    "X-Forwarded-Host": trusted("x-forwarded-host") ?? requestHost(request),
    "X-Forwarded-Port": trusted("x-forwarded-port") ?? String(request.server.port),
    "X-Forwarded-Path": trusted("x-forwarded-path") ?? rawPath(request),
    "X-Forwarded-Prefix": trusted("x-forwarded-prefix") ?? request.upstream.prefix,
    "X-Real-IP": trusted("x-real-ip") ?? address,
  };
  for (const [name, value] of Object.entries(forwarded)) setHeader(headers, name, value === undefined ? [] : [value]);
}
