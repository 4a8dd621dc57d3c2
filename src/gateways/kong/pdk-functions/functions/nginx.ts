// `kong.nginx.*`: variables and context of the web server below.

import { textFromByteString } from "../document/byte-text.js";
import { rawPath, requestHost, type GatewayRequest } from "../document/gateway-request.js";
import { getHeader, getHeaderValues } from "../document/headers.js";
import { normalizePath } from "../document/uri.js";
import { forwardedAddress } from "./client.js";
import { stringArgument, textArgument, type PdkArguments, type PdkCall, type PdkFunctions } from "./definition.js";

export const nginxFunctions: PdkFunctions = {
  "kong.nginx.get_subsystem": { phases: "RASL", run: () => "http" },
  "kong.nginx.get_statistics": { phases: "RASL", run: ({ facts }) => facts.statistics() },
  "kong.nginx.get_var": { phases: "RAS", run: variable },
  "kong.nginx.get_tls1_version_str": { phases: "RASL", run: () => undefined },
  "kong.nginx.req_start_time": { phases: "RASL", run: ({ request }) => request.startedAt / 1000 },
  "kong.nginx.set_ctx": {
    phases: "RASL",
    run: ({ request }, args) => void request.context.set(stringArgument(args, 0, "key"), args[1]),
  },
  "kong.nginx.get_ctx": { phases: "RASL", run: contextValue },
};

/** Kong keeps its own state in the same table. */
function contextValue({ request, phase }: PdkCall, args: PdkArguments): unknown {
  const key = stringArgument(args, 0, "key");
  if (request.context.has(key)) return request.context.get(key);
  switch (key) {
    case "route":
      return request.route;
    case "service":
      return request.service;
    case "authenticated_consumer":
      return request.consumer;
    case "authenticated_credential":
      return request.credential;
    case "KONG_PROXIED":
      return (phase === "response" || phase === "log") && request.response.source === "service" ? true : undefined;
    default:
      return undefined;
  }
}

type Variable = (call: PdkCall) => string | undefined;

const VARIABLES: Readonly<Record<string, Variable>> = {
  args: ({ request }) => request.query,
  content_length: ({ request }) => getHeader(request.headers, "content-length"),
  content_type: ({ request }) => getHeader(request.headers, "content-type"),
  host: ({ request }) => requestHost(request),
  is_args: ({ request }) => (request.query === "" ? "" : "?"),
  msec: () => (Date.now() / 1000).toFixed(3),
  query_string: ({ request }) => request.query,
  realip_remote_addr: ({ request }) => request.client.address,
  remote_addr: forwardedAddress,
  remote_port: ({ request }) => String(request.client.port),
  request: ({ request }) => `${request.method} ${request.uri} HTTP/${request.httpVersion}`,
  request_id: ({ request }) => request.id,
  request_method: ({ request }) => request.method,
  request_uri: ({ request }) => request.uri,
  scheme: ({ request }) => request.scheme,
  server_port: ({ request }) => String(request.server.port),
  server_protocol: ({ request }) => `HTTP/${request.httpVersion}`,
  status: ({ request, phase }) => (phase === "response" ? String(request.response.status) : undefined),
  upstream_host: ({ request }) => request.upstream.hostHeader,
  upstream_scheme: ({ request }) => request.upstream.scheme,
  upstream_uri: ({ request }) => request.upstream.path,
  uri: ({ request }) => decodedPath(request),
};

function variable(call: PdkCall, args: PdkArguments): unknown {
  const name = stringArgument([textArgument(args, 0, "name")], 0, "name").toLowerCase();
  const value = Object.hasOwn(VARIABLES, name) ? VARIABLES[name]?.(call) : prefixedVariable(call.request, name);
  return value === undefined ? undefined : textFromByteString(value);
}

function prefixedVariable(request: GatewayRequest, name: string): string | undefined {
  const [prefix, rest] = [name.slice(0, name.indexOf("_")), name.slice(name.indexOf("_") + 1)];
  if (prefix === "http") {
    const values = getHeaderValues(request.headers, rest);
    return values.length === 0 ? undefined : values.join(rest === "cookie" ? "; " : ", ");
  }
  if (prefix === "arg") return valueOf(request.query.split("&"), rest);
  if (prefix === "cookie") return valueOf(getHeaderValues(request.headers, "cookie").join("; ").split(/;\s*/), rest);
  return undefined;
}

function valueOf(pairs: readonly string[], name: string): string | undefined {
  const pair = pairs.find((item) => item.toLowerCase().startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}

function decodedPath(request: GatewayRequest): string {
  return normalizePath(rawPath(request)).replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
