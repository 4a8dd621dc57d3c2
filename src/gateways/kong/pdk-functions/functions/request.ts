// `kong.request.*`: what the client sent.

import { isAtLeast } from "./version-history.js";
import { textFromByteString } from "../document/byte-text.js";
import { rawPath, requestHost, type GatewayRequest } from "../document/gateway-request.js";
import { getHeader, getHeaderValues, headersForPlugin } from "../document/headers.js";
import { parseQuery, queryMultiMap } from "../document/query-string.js";
import { parseRequestBody } from "../document/request-body.js";
import { normalizePath } from "../document/uri.js";
import { limitArgument, RefusedCall, stringArgument, type PdkArguments, type PdkCall, type PdkFunctions } from "./definition.js";

export const requestFunctions: PdkFunctions = {
  "kong.request.get_scheme": { phases: "RAS", run: ({ request }) => request.scheme },
  "kong.request.get_host": { phases: "RAS", run: ({ request }) => textFromByteString(requestHost(request)) },
  "kong.request.get_port": { phases: "RAS", run: ({ request }) => request.server.port },
  "kong.request.get_forwarded_scheme": {
    phases: "RAS",
    run: (call) => trustedHeader(call, "x-forwarded-proto")?.toLowerCase() ?? call.request.scheme,
  },
  "kong.request.get_forwarded_host": { phases: "RAS", run: forwardedHost },
  "kong.request.get_forwarded_port": { phases: "RAS", run: forwardedPort },
  "kong.request.get_forwarded_path": {
    phases: "RAS",
    run: (call) => textFromByteString(trustedHeader(call, "x-forwarded-path") ?? normalizePath(rawPath(call.request))),
  },
  "kong.request.get_forwarded_prefix": {
    phases: "RAS",
    run: (call) => trustedHeader(call, "x-forwarded-prefix") ?? call.request.upstream.prefix,
  },
  "kong.request.get_http_version": { phases: "RAS", run: ({ request }) => Number(request.httpVersion) },
  "kong.request.get_method": { phases: "RAS", run: ({ request }) => request.method },
  "kong.request.get_path": {
    phases: "RAS",
    run: ({ request }) => textFromByteString(normalizePath(rawPath(request))),
  },
  "kong.request.get_raw_path": { phases: "RAS", run: ({ request }) => textFromByteString(rawPath(request)) },
  "kong.request.get_path_with_query": { phases: "RAS", run: ({ request }) => textFromByteString(request.uri) },
  "kong.request.get_raw_query": { phases: "RAS", run: ({ request }) => textFromByteString(request.query) },
  "kong.request.get_start_time": { phases: "RASL", run: ({ request }) => request.startedAt },
  "kong.request.get_uri_captures": { phases: "RASL", run: uriCaptures },
  "kong.request.get_query_arg": { phases: "RAS", run: queryArgument },
  "kong.request.get_query": {
    phases: "RAS",
    run: ({ request }, args) => queryMultiMap(parseQuery(request.query, limitArgument(args, 0, "max_args"))),
  },
  "kong.request.get_header": { phases: "RASL", run: header },
  "kong.request.get_headers": {
    phases: "RASL",
    // In the log phase Kong answers from a copy of the headers and ignores the limit.
    run: ({ request, phase }, args) =>
      headersForPlugin(request.headers, phase === "log" ? 100 : limitArgument(args, 0, "max_headers")),
  },
  "kong.request.get_raw_body": { phases: "RAS", run: rawBody },
  "kong.request.get_body": { phases: "RAS", run: body },
};

/** A header that says what a proxy before the gateway saw; only trusted clients may set it. */
function trustedHeader({ request, facts }: PdkCall, name: string): string | undefined {
  return facts.isTrusted(request.client.address) ? getHeader(request.headers, name) : undefined;
}

function forwardedHost(call: PdkCall): unknown {
  const host = trustedHeader(call, "x-forwarded-host") ?? requestHost(call.request);
  return textFromByteString((host.slice(host.lastIndexOf("@") + 1).split(":", 1)[0] ?? "").toLowerCase());
}

function forwardedPort(call: PdkCall): number {
  const fromHost = /:(\d+)$/.exec(trustedHeader(call, "x-forwarded-host") ?? "")?.[1];
  const candidates = [trustedHeader(call, "x-forwarded-port"), fromHost].map(Number);
  return candidates.find((port) => Number.isInteger(port) && port >= 1 && port <= 65_535) ?? call.request.server.port;
}

function uriCaptures({ request: { captures } }: PdkCall): unknown {
  if (captures === undefined || captures.unnamed.length === 0) return { named: [], unnamed: [] };
  const named = Object.entries(captures.named);
  return {
    unnamed: new Map(captures.unnamed.map((text, index) => [index, textFromByteString(text)])),
    named: named.length === 0 ? [] : Object.fromEntries(named.map(([name, text]) => [name, textFromByteString(text)])),
  };
}

function queryArgument({ request }: PdkCall, args: PdkArguments): unknown {
  const name = stringArgument(args, 0, "query argument name");
  return parseQuery(request.query, 100).get(name)?.[0];
}

function header({ request, phase }: PdkCall, args: PdkArguments): unknown {
  if (phase === "log" && args[0] !== undefined && typeof args[0] !== "string") return undefined;
  const value = firstHeader(request, stringArgument(args, 0, "header name"));
  return value === undefined ? undefined : textFromByteString(value);
}

/** Kong looks at nginx's joined value first, and takes the first line only if that has a comma. */
function firstHeader(request: GatewayRequest, name: string): string | undefined {
  const values = getHeaderValues(request.headers, name);
  if (values.length === 0) return undefined;
  const joined = values.join(name.toLowerCase() === "cookie" ? "; " : ", ");
  return joined.includes(", ") ? values[0] : joined;
}

async function rawBody({ request, facts }: PdkCall, args: PdkArguments): Promise<Buffer | undefined> {
  const limit = args[0];
  if (limit !== undefined && typeof limit !== "number") throw new RefusedCall("the largest body size must be a number");
  const bytes = request.newBody ?? (await request.readBody());
  const isLimitKnown = isAtLeast(facts.kongVersion, "3.8");
  if (!fits(bytes, facts.bodyBufferBytes, isLimitKnown ? limit : undefined)) {
    // An error then, and the reason with it.
    if (!isAtLeast(facts.kongVersion, "3.0")) return undefined;
    throw new RefusedCall("the request body did not fit into the client body buffer: call get_raw_body(0)");
  }
  return bytes;
}

function fits(bytes: Buffer, bufferBytes: number, limit: number | undefined): boolean {
  if (bytes.length <= bufferBytes) return true;
  return limit !== undefined && limit >= 0 && (limit === 0 || bytes.length <= limit);
}

async function body({ request, facts }: PdkCall, args: PdkArguments): Promise<unknown> {
  const contentType = args[0] === undefined ? firstHeader(request, "content-type") : stringArgument(args, 0, "mimetype");
  if (contentType === undefined) return undefined;
  const limit = limitArgument(args, 1, "max_args");
  const largest = typeof args[2] === "number" ? args[2] : undefined;
  const bytes = request.newBody ?? (await request.readBody());
  return fits(bytes, facts.bodyBufferBytes, largest) ? parseRequestBody(bytes, contentType, limit) : undefined;
}
