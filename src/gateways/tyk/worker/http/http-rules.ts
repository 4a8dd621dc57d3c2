// Owns what names and values HTTP and the gateway take, and which headers no hook can change.
import { TykError } from "../../api/index.js";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// Half of a surrogate pair has no UTF-8; the other characters would end the header or the message.
const NOT_IN_VALUE = /[\0-\x08\x0a-\x1f\x7f\ud800-\udfff]/u;
const HALF = /[\ud800-\udfff]/u;
/** Characters of a value in a message. */
const MAX_SHOWN = 40;

const CONNECTION = "it belongs to the connection, which is the gateway's";

/** By name in lower case: why neither a request's nor a response's can be changed. */
const OF_CONNECTION: ReadonlyMap<string, string> = new Map([
  ["connection", CONNECTION],
  ["keep-alive", CONNECTION],
  ["proxy-connection", CONNECTION],
  ["te", CONNECTION],
  ["trailer", CONNECTION],
  ["transfer-encoding", CONNECTION],
  ["upgrade", CONNECTION],
  ["content-length", "it follows from the body"],
]);

const HOST = "the upstream gets the host of the API's target, or the client's where the API preserves it (preserve_host_header)";

/**
 * The name as the gateway spells it: `x-request-id` becomes `X-Request-Id`.
 * @throws {TykError} for what is no name.
 */
export function headerName(name: unknown, subject: string): string {
  if (typeof name === "string" && TOKEN.test(name)) return canonical(name);
  throw new TykError("TYK_BAD_ARGUMENT", subject, `${showShort(name)} is no name of a header`);
}

/** As {@link headerName}, for looking one up: what is no name is not there. */
export const canonical = (name: string): string => name.toLowerCase().replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());

/** @throws {TykError} for what is no value of a header. */
export function headerValue(value: unknown, subject: string): string {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string")
    throw new TykError("TYK_BAD_ARGUMENT", subject, `a value is text or a number, not ${showShort(value)}`);
  if (!NOT_IN_VALUE.test(text)) return text;
  throw new TykError("TYK_BAD_ARGUMENT", subject, `${showShort(text)} has characters that no header can have`);
}

/** @throws {TykError} for a header that the gateway sets itself. */
export function assertChangeable(name: string, subject: string, message: "request" | "response"): void {
  const lower = name.toLowerCase();
  const reason = lower === "host" && message === "request" ? HOST : OF_CONNECTION.get(lower);
  if (reason !== undefined) throw new TykError("TYK_NOT_CARRIED", subject, reason);
}

/** @throws {TykError} for what is no method. */
export function methodName(value: unknown, subject: string): string {
  if (typeof value === "string" && TOKEN.test(value)) return value;
  throw new TykError("TYK_BAD_ARGUMENT", subject, `${showShort(value)} is no method`);
}

/**
 * A path as it can stand in a URL: what cannot be there is percent-encoded.
 * @throws {TykError} for what is no absolute path alone.
 */
export function urlPath(value: unknown, subject: string): string {
  if (typeof value !== "string" || !value.startsWith("/"))
    throw new TykError("TYK_BAD_ARGUMENT", subject, `a path begins with "/", not ${showShort(value)}`);
  if (/[?#]/.test(value))
    throw new TykError("TYK_BAD_ARGUMENT", subject, `${showShort(value)} is not a path alone: change request.query`);
  if (/%(?![0-9a-f]{2})/i.test(value))
    throw new TykError("TYK_BAD_ARGUMENT", subject, `${showShort(value)} has a "%" that encodes nothing`);
  return wellFormed(value, subject).replaceAll(/[^\x21-\x7e]+/g, (part) => encodeURIComponent(part));
}

/** @throws {TykError} for half of a surrogate pair: the gateway would refuse the whole message. */
export function wellFormed(text: string, subject: string): string {
  if (!HALF.test(text)) return text;
  throw new TykError("TYK_BAD_ARGUMENT", subject, `${showShort(text)} has half of a surrogate pair, which has no UTF-8`);
}

/** A value in a message: short, and without a look into objects. */
export function showShort(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);
  if (typeof value === "number" || typeof value === "boolean" || value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
