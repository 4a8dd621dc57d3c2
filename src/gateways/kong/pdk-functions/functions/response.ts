// `kong.response.*`: the response to the client, and the two calls that end a request.

import { byteStringOf, bytesOf, isText, textFromByteString } from "../document/byte-text.js";
import { errorBody, errorContentType, errorMessage } from "../document/error-responses.js";
import type { GatewayRequest } from "../document/gateway-request.js";
import { addHeader, getHeader, headersForPlugin, removeHeader, setHeader, type HeaderList } from "../document/headers.js";
import { isTable, luaJson } from "../document/lua-values.js";
import {
  headerTable,
  headerValues,
  limitArgument,
  RefusedCall,
  refused,
  safeHeaderName,
  statusArgument,
  stringArgument,
  tableArgument,
  type PdkArguments,
  type PdkCall,
  type PdkFunctions,
} from "./definition.js";

const JSON_CONTENT_TYPE = "application/json; charset=utf-8";

export const responseFunctions: PdkFunctions = {
  "kong.response.get_status": { phases: "SL", run: ({ request }) => request.response.status },
  "kong.response.get_header": { phases: "SL", run: header },
  "kong.response.get_headers": { phases: "SL", run: headers },
  "kong.response.get_source": { phases: "SL", run: ({ request }) => request.response.source },
  "kong.response.get_raw_body": refused,
  "kong.response.set_raw_body": refused,
  "kong.response.set_status": {
    phases: "RAS",
    run: ({ request }, args) => void (request.response.status = statusArgument(args, 100)),
  },
  "kong.response.set_header": { phases: "RAS", run: setResponseHeader },
  "kong.response.add_header": { phases: "RAS", run: addResponseHeader },
  "kong.response.clear_header": {
    phases: "RAS",
    run: ({ request }, args) => removeHeader(request.response.headers, stringArgument(args, 0, "header name")),
  },
  "kong.response.set_headers": {
    phases: "RAS",
    run: ({ request }, args) => applyHeaders(request, headerTable(tableArgument(args, 0, "headers"))),
  },
  "kong.response.exit": { phases: "RAS", ends: true, run: exit },
  "kong.response.error": { phases: "RAS", ends: true, run: error },
};

function visibleHeaders(request: GatewayRequest): HeaderList {
  const connection = getHeader(request.headers, "connection")?.toLowerCase() === "close" ? "close" : "keep-alive";
  return [...request.response.headers, ["connection", connection]];
}

function header({ request, phase }: PdkCall, args: PdkArguments): unknown {
  if (phase === "log" && args[0] !== undefined && !isText(args[0])) return undefined;
  const value = getHeader(visibleHeaders(request), stringArgument(args, 0, "header name"));
  return value === undefined ? undefined : textFromByteString(value);
}

function headers({ request, phase }: PdkCall, args: PdkArguments): unknown {
  const all = visibleHeaders(request);
  if (phase === "log" || args[0] === undefined) return headersForPlugin(all, 100);
  // nginx counts Content-Type first, then the lines of its list, and adds Connection in any case.
  const limit = limitArgument(args, 0, "max_headers");
  const isType = ([name]: [string, string]): boolean => name.toLowerCase() === "content-type";
  const types = all.filter(isType);
  const lines = all.slice(0, -1).filter((line) => !isType(line));
  return headersForPlugin([...types, ...lines.slice(0, limit - types.length), ...all.slice(-1)], Infinity);
}

function isTransferEncoding(name: string): boolean {
  return name.toLowerCase().replaceAll("_", "-") === "transfer-encoding";
}

function applyHeaders({ response }: GatewayRequest, changes: readonly { name: string; values: readonly string[] }[]): void {
  for (const { name, values } of changes) {
    if (!isTransferEncoding(name)) setHeader(response.headers, name, values);
  }
}

function setResponseHeader({ request }: PdkCall, args: PdkArguments): undefined {
  const values = headerValues(args[0], args[1]);
  applyHeaders(request, [{ name: safeHeaderName(stringArgument(args, 0, "header name")), values }]);
}

function addResponseHeader({ request }: PdkCall, args: PdkArguments): undefined {
  const values = headerValues(args[0], args[1]);
  const name = safeHeaderName(stringArgument(args, 0, "header name"));
  if (!isTransferEncoding(name)) addHeader(request.response.headers, name, values);
}

function headersArgument(args: PdkArguments): { name: string; values: string[] }[] {
  return args[2] === undefined ? [] : headerTable(tableArgument(args, 2, "headers"));
}

function exit({ request }: PdkCall, args: PdkArguments): undefined {
  const status = statusArgument(args, 100);
  const [, body] = args;
  if (body !== undefined && !isText(body) && !isTable(body)) throw new RefusedCall("body must be a nil, string or table");
  const changes = headersArgument(args);
  const isJson = body !== undefined && !isText(body);
  const bytes = isJson ? luaJson(body, { emptyTable: "{}" }) : bytesOf(body ?? "");
  const hasContentType = changes.some(({ name }) => name.toLowerCase().replaceAll("_", "-") === "content-type");
  if (isJson && !hasContentType) changes.push({ name: "Content-Type", values: [JSON_CONTENT_TYPE] });
  respond(request, status, bytes, changes);
}

function error({ request }: PdkCall, args: PdkArguments): undefined {
  const status = statusArgument(args, 400);
  const [, message] = args;
  if (message !== undefined && !isText(message) && !isTable(message)) {
    throw new RefusedCall("message must be a nil, a string or a table");
  }
  const changes = headersArgument(args);
  const given = changes.find(({ name }) => name.toLowerCase() === "content-type")?.values[0];
  const contentType = given ?? errorContentType(request.headers);
  const text = isTable(message) ? luaJson(message, { emptyTable: "{}" }).toString("latin1") : message;
  const body = errorBody(contentType, text === undefined ? errorMessage(status) : byteStringOf(text), request.id);
  respond(request, status, body, [...changes, { name: "Content-Type", values: [contentType] }]);
}

type HeaderChange = { name: string; values: readonly string[] };

/** Makes this the response; what was in it before, headers aside, is gone. */
function respond(request: GatewayRequest, status: number, body: Buffer, changes: readonly HeaderChange[]): void {
  const { response } = request;
  removeHeader(response.headers, "content-length");
  applyHeaders(request, changes);
  response.status = status;
  response.body = body;
  response.source = "exit";
}

/** The response for a request that the gateway itself cannot or will not serve. */
export function respondWithError(request: GatewayRequest, status: number, message = errorMessage(status)): void {
  const contentType = errorContentType(request.headers);
  const body = errorBody(contentType, message, request.id);
  respond(request, status, body, [{ name: "Content-Type", values: [contentType] }]);
  request.response.source = "error";
}
