// `kong.service.request.*`: changes to the request before it goes to the service.

import { byteStringOf, bytesOf } from "../document/byte-text.js";
import { addHeader, getHeader, removeHeader, setHeader } from "../document/headers.js";
import { isTable, scalarByteString } from "../document/lua-values.js";
import { formatQuery } from "../document/query-string.js";
import { formatRequestBody } from "../document/request-body.js";
import { escapePath } from "../document/uri.js";
import {
  headerTable,
  headerValues,
  RefusedCall,
  safeHeaderName,
  stringArgument,
  tableArgument,
  textArgument,
  type PdkArguments,
  type PdkCall,
  type PdkFunctions,
} from "./definition.js";

const METHODS = new Set("GET HEAD PUT POST DELETE OPTIONS MKCOL COPY MOVE PROPFIND PROPPATCH LOCK UNLOCK PATCH TRACE".split(" "));

export const serviceRequestFunctions: PdkFunctions = {
  "kong.service.request.enable_buffering": { phases: "RA", run: ({ request }) => void (request.isBuffered = true) },
  "kong.service.request.set_scheme": { phases: "RA", run: setScheme },
  "kong.service.request.set_path": { phases: "RA", run: setPath },
  "kong.service.request.set_raw_query": {
    phases: "RA",
    run: ({ request }, args) => void (request.query = stringArgument(args, 0, "query")),
  },
  "kong.service.request.set_method": { phases: "RA", run: setMethod },
  "kong.service.request.set_query": { phases: "RA", run: setQuery },
  "kong.service.request.clear_query_arg": { phases: "RA", run: clearQueryArgument },
  "kong.service.request.set_header": { phases: "RA", run: setRequestHeader },
  "kong.service.request.add_header": { phases: "RA", run: addRequestHeader },
  "kong.service.request.clear_header": {
    phases: "RA",
    run: ({ request }, args) => removeHeader(request.headers, stringArgument(args, 0, "header")),
  },
  "kong.service.request.set_headers": { phases: "RA", run: setRequestHeaders },
  "kong.service.request.set_raw_body": {
    phases: "RA",
    run: ({ request }, args) => void (request.newBody = bytesOf(textArgument(args, 0, "body"))),
  },
  "kong.service.request.set_body": { phases: "RA", run: setBody },
};

function setScheme({ request }: PdkCall, args: PdkArguments): undefined {
  const scheme = stringArgument(args, 0, "scheme");
  if (scheme !== "http" && scheme !== "https") throw new RefusedCall(`invalid scheme: ${scheme}`);
  request.upstream.scheme = scheme;
}

function setPath({ request }: PdkCall, args: PdkArguments): undefined {
  const path = stringArgument(args, 0, "path");
  if (!path.startsWith("/")) throw new RefusedCall("path must start with /");
  request.upstream.path = escapePath(path);
}

function setMethod({ request }: PdkCall, args: PdkArguments): undefined {
  const method = stringArgument(args, 0, "method");
  if (!METHODS.has(method)) throw new RefusedCall(`invalid method: ${method}`);
  request.method = method;
}

function setQuery({ request }: PdkCall, args: PdkArguments): undefined {
  const query = formatQuery(tableArgument(args, 0, "args"));
  if (query === undefined) throw new RefusedCall("args must be a table of strings, numbers, booleans and arrays of them");
  request.query = query;
}

function clearQueryArgument({ request }: PdkCall, args: PdkArguments): undefined {
  const name = stringArgument(args, 0, "query argument name");
  const parts = request.query.split("&").filter((part) => part.split("=", 1)[0] !== name);
  request.query = parts.join("&").replaceAll("+", "%20");
}

function setRequestHeader({ request }: PdkCall, args: PdkArguments): undefined {
  const values = headerValues(args[0], args[1]);
  replaceHeader(request, stringArgument(args, 0, "header"), values);
}

function setRequestHeaders({ request }: PdkCall, args: PdkArguments): undefined {
  for (const { name, values } of headerTable(tableArgument(args, 0, "headers"))) replaceHeader(request, name, values);
}

function replaceHeader(request: PdkCall["request"], name: string, values: readonly string[]): void {
  setHeader(request.headers, safeHeaderName(name), values);
  if (name.toLowerCase() === "host") request.upstream.hostHeader = values[0];
}

function addRequestHeader({ request }: PdkCall, args: PdkArguments): undefined {
  const values = headerValues(args[0], args[1]);
  const name = stringArgument(args, 0, "header");
  // Kong 3.9 puts the array itself into the list of values, and Lua then writes its address.
  addHeader(request.headers, safeHeaderName(name), isTable(args[1]) ? [scalarByteString(args[1])] : values);
  if (name.toLowerCase() === "host") request.upstream.hostHeader = values[0];
}

function setBody({ request }: PdkCall, args: PdkArguments): true | undefined {
  const table = tableArgument(args, 0, "args");
  const wanted = args[1] === undefined ? getHeader(request.headers, "content-type") : byteStringOf(textArgument(args, 1, "mime"));
  if (wanted === undefined) return undefined;
  const formatted = formatRequestBody(table, wanted);
  if (formatted === undefined) throw new RefusedCall(`unsupported content type or table for it: ${wanted}`);
  request.newBody = formatted.body;
  setHeader(request.headers, "Content-Type", [formatted.contentType]);
  return true;
}
