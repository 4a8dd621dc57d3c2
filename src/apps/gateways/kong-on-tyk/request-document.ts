// Makes Kong's document of a request from Tyk's message, and passes on what a plugin changes in it: at its call, so that what cannot
// be carried fails there.
import type { ApiDefinition } from "../../../gateways/tyk/api/index.js";
import { isTykError, TykError } from "../../../gateways/tyk/api/index.js";
import {
  byteStringOf,
  createGatewayRequest,
  type GatewayRequest,
  getHeader,
  type HeaderList,
  setHeader,
  textFromByteString,
} from "../../../gateways/kong/pdk-functions/index.js";
import type { HookRequest } from "../../../gateways/tyk/worker/index.js";
import { CARRIED_HEADER } from "./carried.js";

/** What is read of a request, whoever may change it. */
export type ReadRequest = Pick<HookRequest, "requestUri" | "url" | "method" | "scheme" | "headers" | "body">;

export function requestDocument(request: ReadRequest): GatewayRequest {
  const headers = headerPairs(request.headers).filter(([name]) => name.toLowerCase() !== CARRIED_HEADER);
  const document = createGatewayRequest({
    method: request.method,
    uri: byteStringOf(request.requestUri === "" ? request.url : request.requestUri),
    headers,
    body: () => Promise.resolve(request.body),
    client: { address: clientAddress(headers), port: 0 },
    server: { port: portOf(getHeader(headers, "host"), request.scheme) },
    scheme: request.scheme,
  });
  document.query = byteStringOf(queryOf(request.url));
  return document;
}

/** As Tyk itself finds it: the client's address is in its messages only where a proxy before it says so. Empty where none does. */
function clientAddress(headers: HeaderList): string {
  const given = getHeader(headers, "x-real-ip") ?? getHeader(headers, "x-forwarded-for")?.split(",", 1)[0];
  return given?.trim() ?? "";
}

function portOf(host: string | undefined, scheme: "http" | "https"): number {
  const given = Number(/:(\d+)$/.exec(host ?? "")?.[1]);
  if (given >= 1 && given <= 65_535) return given;
  return scheme === "https" ? 443 : 80;
}

function queryOf(url: string): string {
  const mark = url.indexOf("?");
  return mark === -1 ? "" : url.slice(mark + 1);
}

export const headerPairs = (headers: Iterable<readonly [string, string]>): HeaderList =>
  Array.from(headers, ([name, value]): [string, string] => [name, byteStringOf(value)]);

/** Text of a byte string. @throws {TykError} where it is not UTF-8: Tyk's messages carry nothing else. */
export function utf8TextOf(bytes: string, subject: string): string {
  const text = textFromByteString(bytes);
  if (typeof text === "string") return text;
  throw new TykError("TYK_NOT_CARRIED", subject, "its bytes are not UTF-8, and the gateway's messages are text");
}

/** What a change needs to know of the API. */
export interface ApiPaths {
  /** Rejects where the server has no definitions. */
  readonly definition: () => Promise<ApiDefinition>;
  /** As `config_data` says it. */
  readonly listenPath: string | undefined;
}

const HEADERS = new Set(["set_header", "add_header", "clear_header", "set_headers"]);
const QUERY = new Set(["set_raw_query", "set_query", "clear_query_arg"]);
const BODY = new Set(["set_raw_body", "set_body"]);
const NAMESPACE = "kong.service.request.";

/**
 * Changes Tyk's request as this function has changed the document.
 * @throws {TykError} with the function's name, for what the gateway would drop.
 */
export async function passOn(method: string, document: GatewayRequest, request: HookRequest, api: ApiPaths): Promise<void> {
  if (!method.startsWith(NAMESPACE)) return;
  const name = method.slice(NAMESPACE.length);
  try {
    if (name === "set_method") request.method = document.method;
    else if (name === "set_path") request.path = await underListenPath(utf8TextOf(document.upstream.path, method), api);
    else if (QUERY.has(name)) request.url = `${request.path}?${utf8TextOf(document.query, method)}`;
    else if (HEADERS.has(name)) passHeaders(document, request);
    else if (BODY.has(name)) passBody(document, request);
  } catch (error) {
    throw isTykError(error) ? new TykError("TYK_NOT_CARRIED", method, error.message, { cause: error }) : error;
  }
}

/** The gateway strips the listen path of what it gets back, where the API says so: what is to reach the upstream stands behind it. */
async function underListenPath(path: string, api: ApiPaths): Promise<string> {
  const definition = await api.definition().catch((error: unknown) => {
    if (isTykError(error) && error.code === "TYK_NO_DEFINITION") return undefined;
    throw error;
  });
  if (definition !== undefined && !definition.stripListenPath) return path;
  const listenPath = definition?.listenPath ?? api.listenPath;
  return listenPath === undefined ? path : `${listenPath.replace(/\/$/, "")}${path}`;
}

function passHeaders(document: GatewayRequest, request: HookRequest): void {
  const wanted = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const [name, value] of document.headers) {
    const key = name.toLowerCase();
    const known = wanted.get(key);
    if (known === undefined) wanted.set(key, { name, values: [value] });
    else known.values.push(value);
  }
  for (const [name] of [...request.headers]) {
    const key = name.toLowerCase();
    if (key !== CARRIED_HEADER && !wanted.has(key)) request.headers.delete(name);
  }
  for (const { name, values } of wanted.values()) {
    const [value = "", ...others] = values.map((each) => utf8TextOf(each, name));
    if (others.length > 0) throw new TykError("TYK_NOT_CARRIED", name, "the gateway takes one value of each header of a request");
    if (request.headers.get(name) !== value) request.headers.set(name, value);
  }
}

function passBody(document: GatewayRequest, request: HookRequest): void {
  request.body = document.newBody;
  // Kong leaves it as it is, and so the plugin has to say what its new body is.
  const encoding = getHeader(document.headers, "content-encoding");
  if (encoding !== undefined) request.headers.set("Content-Encoding", utf8TextOf(encoding, "Content-Encoding"));
  const length = request.headers.get("Content-Length");
  if (length !== undefined) setHeader(document.headers, "Content-Length", [length]);
  passHeaders(document, request);
}
