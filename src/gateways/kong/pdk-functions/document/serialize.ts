// The log record of a request: what `kong.log.serialize` gives.

import { textFromByteString, type PluginText } from "./byte-text.js";
import { requestHost, type GatewayRequest, type SerializeValue } from "./gateway-request.js";
import { getHeader, type HeaderList } from "./headers.js";
import { parseQuery, queryTable } from "./query-string.js";

type LogRecord = Record<string, unknown>;

export function serializeRequest(request: GatewayRequest, clientIp: string): LogRecord {
  const record: LogRecord = {
    request: requestPart(request),
    upstream_uri: `${request.upstream.path}${request.query === "" ? "" : `?${request.query}`}`,
    upstream_status: request.response.source === "service" ? String(request.response.status) : "",
    response: {
      status: request.response.status,
      headers: headerTable(request.response.headers),
      size: request.bytes.sent,
    },
    latencies: {
      kong: request.latencies.kong + request.latencies.receive,
      proxy: request.latencies.proxy,
      request: Date.now() - request.startedAt,
      receive: request.latencies.receive,
    },
    tries: tries(request),
    authenticated_entity: authenticatedEntity(request),
    route: copy(request.route),
    service: copy(request.service),
    consumer: copy(request.consumer),
    client_ip: clientIp,
    started_at: request.startedAt,
    source: request.response.source === "service" ? "upstream" : "kong",
    workspace: request.route?.ws_id,
    workspace_name: "default",
  };
  for (const change of request.serializeValues) applyValue(record, change);
  return record;
}

// Plugins may change the record; the entities belong to the configuration.
function copy(entity: unknown): unknown {
  return typeof entity === "object" && entity !== null ? { ...entity } : undefined;
}

function requestPart(request: GatewayRequest): LogRecord {
  return {
    id: request.id,
    uri: textFromByteString(request.uri),
    url: textFromByteString(`${request.scheme}://${requestHost(request)}:${request.server.port}${request.uri}`),
    querystring: queryTable(parseQuery(request.query, 100)),
    method: request.method,
    headers: { ...headerTable(request.headers), ...redacted(request.headers) },
    size: request.bytes.received,
  };
}

/** What Kong never writes into a log. */
function redacted(headers: HeaderList): Record<string, string> {
  const names = ["authorization", "proxy-authorization"].filter((name) => getHeader(headers, name) !== undefined);
  return Object.fromEntries(names.map((name) => [name, "REDACTED"]));
}

function headerTable(headers: HeaderList): Record<string, PluginText | PluginText[]> {
  const values = new Map<string, PluginText[]>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    values.set(key, [...(values.get(key) ?? []), textFromByteString(value)]);
  }
  return Object.fromEntries([...values].map(([name, items]) => [name, items.length === 1 ? (items[0] ?? "") : items]));
}

function tries(request: GatewayRequest): unknown[] {
  if (request.latencies.proxy < 0) return [];
  return [{ ip: request.upstream.host, port: request.upstream.port, balancer_latency: 0 }];
}

function authenticatedEntity(request: GatewayRequest): unknown {
  const { credential } = request;
  if (typeof credential !== "object" || credential === null || !("id" in credential)) return undefined;
  return { id: credential.id };
}

/** `a.b` names a place inside; `add` writes only where nothing is, `replace` only where something is. */
function applyValue(record: LogRecord, change: SerializeValue): void {
  const names = change.key.split(".");
  const last = names.pop() ?? "";
  let place: LogRecord = record;
  for (const name of names) {
    const inner = place[name];
    if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) {
      place = inner as LogRecord;
      continue;
    }
    if (change.mode === "replace") return;
    const created: LogRecord = {};
    place[name] = created;
    place = created;
  }
  const exists = place[last] !== undefined;
  if ((change.mode === "add" && exists) || (change.mode === "replace" && !exists)) return;
  // An undefined value leaves the field out of the JSON.
  place[last] = change.value;
}
