// Writes down what a plugin's log phase can know of a request that is answered, and reads it again: it runs as a call of its own.
import { decodeValue, encodeValue } from "../../../gateways/kong/msgpack/index.js";
import {
  createGatewayRequest,
  fromWire,
  type GatewayRequest,
  type HeaderList,
} from "../../../gateways/kong/pdk-functions/index.js";
import type { LoggedApi } from "../../../gateways/tyk/worker/index.js";
import { plainValue } from "./phase-runner.js";

export interface LogRecord {
  readonly api: LoggedApi;
  readonly request: GatewayRequest;
  /** Whether the response is known: it is where the plugin made it, or its response hook saw it. */
  readonly hasResponse: boolean;
}

export function encodeLogRecord({ api, request, hasResponse }: LogRecord): Buffer {
  const { method, uri, query, scheme, headers, client, server, shared, response } = request;
  const { status, source } = response;
  return encodeValue([
    [api.api_id, api.org_id, hasResponse],
    [method, uri, query, scheme, headers, client.address, server.port],
    [status, source, response.headers],
    plainValue(Object.fromEntries(shared)),
  ]);
}

/** Reads what {@link encodeLogRecord} has written. */
export function decodeLogRecord(bytes: Buffer): LogRecord {
  const [about, sent, answered, shared] = decodeValue(bytes) as [
    [string, string, boolean],
    [string, string, string, "http" | "https", HeaderList, string, number],
    [number, GatewayRequest["response"]["source"], HeaderList],
    object,
  ];
  const [method, uri, query, scheme, headers, address, port] = sent;
  const request = createGatewayRequest({ method, uri, headers, scheme, client: { address, port: 0 }, server: { port } });
  const [status, source, responseHeaders] = answered;
  request.query = query;
  request.response = { status, source, headers: responseHeaders, body: undefined };
  const entries: [string, unknown][] =
    shared instanceof Map ? [...(shared as Map<string, unknown>)] : Array.isArray(shared) ? [] : Object.entries(shared);
  for (const [key, value] of entries) request.shared.set(key, fromWire(value));
  return { api: { api_id: about[0], org_id: about[1] }, request, hasResponse: about[2] };
}
