// Turns the arguments of a PDK call into values that every gateway's decoder knows.
import { inspect } from "node:util";
import { cutText } from "../../../../core/model/index.js";
import { PdkError } from "../../pdk/index.js";

const MAX_DEPTH = 64;
/** Characters of one logged value that are sent: nginx writes 4 kB of a line at most. */
const MAX_LOG_TEXT = 8192;

const LOG_METHODS: ReadonlySet<string> = new Set(
  ["alert", "crit", "err", "warn", "notice", "info", "debug"].map((level) => `kong.log.${level}`),
);

/** Their objects are headers: one whose value is missing is a mistake there, and not nothing. */
const OF_HEADERS: ReadonlySet<string> = new Set([
  "kong.response.exit",
  "kong.response.error",
  "kong.response.set_headers",
  "kong.service.request.set_headers",
]);

/**
 * `undefined` at the end is dropped, elsewhere it is nil. Objects are taken as JSON.stringify would take them, but
 * bytes stay bytes.
 * @throws {PdkError} for what cannot be sent: functions, symbols, circular objects.
 */
export function toWireArguments(method: string, args: readonly unknown[]): unknown[] {
  let length = args.length;
  while (length > 0 && args[length - 1] === undefined) length -= 1;
  if (LOG_METHODS.has(method)) return args.slice(0, length).map(toLogText);
  const wire: unknown[] = [];
  for (let i = 0; i < length; i += 1) wire.push(toWire(method, args[i], 0));
  // A nil inside the arguments cuts off those after it inside the gateway: without a body the headers would be lost. A
  // null is what the plugin wrote, and is sent: the recorded gateways get it so.
  if (method === "kong.response.exit" && length > 2 && args[1] === undefined) wire[1] = "";
  return wire;
}

/** The gateway writes a table as its address and stops at the first nil: what a plugin logs is to be read. */
function toLogText(value: unknown): unknown {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return value;
  if (value instanceof Uint8Array) return value.length <= MAX_LOG_TEXT ? value : value.subarray(0, MAX_LOG_TEXT);
  return cutText(asLogText(value), MAX_LOG_TEXT);
}

function asLogText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "symbol" || typeof value === "function") return String(value);
  if (value instanceof Error) return value.stack ?? String(value);
  return inspect(value, { breakLength: Infinity, maxStringLength: MAX_LOG_TEXT });
}

function toWire(method: string, value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
    case "bigint":
      return value;
    case "undefined":
      return null;
    case "object":
      return value === null ? null : objectToWire(method, value, depth);
    case "function":
    case "symbol":
      throw new PdkError("PDK_BAD_ARGUMENT", { method, reason: `it is a ${typeof value}` });
  }
}

function objectToWire(method: string, value: object, depth: number): unknown {
  if (value instanceof Uint8Array)
    return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (depth >= MAX_DEPTH) throw new PdkError("PDK_BAD_ARGUMENT", { method, reason: "it is circular or nested too deeply" });
  if (hasToJson(value)) return toWire(method, value.toJSON(), depth + 1);
  if (Array.isArray(value)) return value.map((item) => toWire(method, item, depth + 1));
  if (value instanceof Set) return [...value].map((item) => toWire(method, item, depth + 1));
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value);
  return Object.fromEntries(
    entries
      .filter(([, item]) => item !== undefined || OF_HEADERS.has(method))
      .map(([key, item]) => [String(key), toWire(method, item, depth + 1)]),
  );
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return "toJSON" in value && typeof value.toJSON === "function";
}
