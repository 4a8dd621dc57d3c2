// Owns which arguments every gateway refuses: it answers such a call with nothing, so the call must never be sent.
import { inspect } from "node:util";

/** Why the gateway refuses these arguments, naming the first one that is wrong; undefined when it takes them. */
export type ArgumentRule = (args: readonly unknown[], phase: string) => string | undefined;

/** What is wrong with one argument: what it must be. */
type Check = (value: unknown) => string | undefined;

const SHOWN = 60;

/** Such as `port must be a number, not 'x'`. */
function wrong(name: string, wanted: string, value: unknown): string {
  if (isNil(value)) return `${name} is missing: it must be ${wanted}`;
  const shown = inspect(value, { breakLength: Infinity, maxStringLength: SHOWN, maxArrayLength: 3, depth: 1 });
  return `${name} must be ${wanted}, not ${shown.length > 2 * SHOWN ? `${shown.slice(0, 2 * SHOWN)}…` : shown}`;
}

/** Checks the arguments from the first on; those behind are the gateway's business. */
const each =
  (...checks: readonly (readonly [name: string, check: Check])[]): ArgumentRule =>
  (args) => {
    let index = 0;
    for (const [name, check] of checks) {
      const value = args[index++];
      const wanted = check(value);
      if (wanted !== undefined) return wrong(name, wanted, value);
    }
    return undefined;
  };

const isText = (value: unknown): boolean => typeof value === "string" || value instanceof Uint8Array;
const isNil = (value: unknown): boolean => value === undefined || value === null;

const text: Check = (value) => (isText(value) ? undefined : "text");
/** What comes behind it is named, because it is often given in its place. */
const bodyType: Check = (value) =>
  isNil(value) || isText(value) ? undefined : "text or nothing (options such as maxSize are the second argument)";
const present: Check = (value) => (isNil(value) ? "text, a number, a boolean or a list" : undefined);
/** The gateway's program fails on a key that is nil. */
const key: Check = (value) => (isNil(value) ? "text" : undefined);
const object: Check = (value) => (typeof value === "object" && value !== null && !isText(value) ? undefined : "an object");
const boolean: Check = (value) => (typeof value === "boolean" ? undefined : "true or false");

const inRange = (value: unknown, least: number, most: number): boolean =>
  (typeof value === "number" || typeof value === "bigint") && value >= least && value <= most;

const between =
  (least: number, most: number): Check =>
  (value) =>
    inRange(value, least, most) ? undefined : `a number from ${least} to ${most}`;

const integer =
  (least: number, most: number): Check =>
  (value) =>
    inRange(value, least, most) && Number.isInteger(Number(value)) ? undefined : `an integer from ${least} to ${most}`;

const oneOf = (allowed: readonly string[], wanted: string): Check => {
  const known = new Set(allowed);
  return (value) => (known.has(asText(value)) ? undefined : wanted);
};

const asText = (value: unknown): string =>
  typeof value === "string" ? value : value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : "";

/** In the log phase the gateway looks at a copy of the headers, and at no limit. */
const limit =
  (name: string): ArgumentRule =>
  ([value], phase) =>
    isNil(value) || phase === "log" || inRange(value, 1, 1000) ? undefined : wrong(name, "a number from 1 to 1000", value);

/** In the log phase a name that is no text is merely not found. */
const headerName: ArgumentRule = ([name], phase) =>
  isText(name) || (phase === "log" && !isNil(name)) ? undefined : wrong("name", "text", name);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const loadConsumer: ArgumentRule = ([id, byUsername]) => {
  if (!isText(id)) return wrong("id", "text", id);
  if (UUID.test(asText(id)) || (!isNil(byUsername) && byUsername !== false)) return undefined;
  return wrong("id", "a UUID unless byUsername is true", id);
};

const authenticate: ArgumentRule = ([consumer, credential]) =>
  isNil(consumer) && isNil(credential) ? "consumer or credential must be given" : undefined;

const memoryUnit: ArgumentRule = ([unit]) =>
  isNil(unit) || /^[bkmg]?$/i.test(isText(unit) ? asText(unit) : "?") ? undefined : wrong("unit", '"b", "k", "m" or "g"', unit);

const path: Check = (value) => (asText(value).startsWith("/") ? undefined : 'a path that begins with "/"');

const METHODS = "GET HEAD PUT POST DELETE OPTIONS MKCOL COPY MOVE PROPFIND PROPPATCH LOCK UNLOCK PATCH TRACE".split(" ");

const TYPES = /^(?:application\/(?:[\w.-]+\+)?json|application\/x-www-form-urlencoded|multipart\/form-data)\b/i;

const mimetype: Check = (value) =>
  isNil(value) || TYPES.test(asText(value)) ? undefined : "that of JSON, of a form or of a multipart form";

const setHeader = each(["name", text], ["value", present]);

const isSingle = (value: unknown): boolean => isText(value) || ["number", "bigint", "boolean"].includes(typeof value);

/** Headers by name. A value that is missing would leave the client's own in place. Values may be secret. */
const headers =
  (index: number, isOptional: boolean): ArgumentRule =>
  (args) => {
    const value = args[index];
    if (isOptional && isNil(value)) return undefined;
    const wanted = object(value);
    if (wanted !== undefined) return wrong("headers", wanted, value);
    for (const [field, given] of Object.entries(value as object)) {
      if (isSingle(given) || (Array.isArray(given) && given.every(isSingle))) continue;
      return `the value of ${field} in headers ${isNil(given) ? "is missing" : "is of another type"}: it must be text, a number, a boolean or a list of these`;
    }
    return undefined;
  };

const both =
  (...rules: readonly ArgumentRule[]): ArgumentRule =>
  (args, phase) => {
    for (const rule of rules) {
      const reason = rule(args, phase);
      if (reason !== undefined) return reason;
    }
    return undefined;
  };

const LONGEST_TIMEOUT = 2_147_483_646;

/** By the gateway's name of the function. One that is not here takes anything, or its refusals were not measured. */
export const ARGUMENT_RULES: ReadonlyMap<string, ArgumentRule> = new Map<string, ArgumentRule>([
  ["kong.ctx.shared.set", each(["key", key])],
  ["kong.client.load_consumer", loadConsumer],
  ["kong.client.authenticate", authenticate],
  ["kong.node.get_memory_stats", memoryUnit],
  ["kong.request.get_query_arg", each(["name", text])],
  ["kong.request.get_query", limit("maxArgs")],
  ["kong.request.get_body", each(["mimetype", bodyType])],
  ["kong.request.get_header", headerName],
  ["kong.request.get_headers", limit("maxHeaders")],
  ["kong.response.get_header", headerName],
  ["kong.response.get_headers", limit("maxHeaders")],
  ["kong.response.set_status", each(["status", between(100, 599)])],
  ["kong.response.set_header", setHeader],
  ["kong.response.add_header", setHeader],
  ["kong.response.clear_header", each(["name", text])],
  ["kong.response.set_headers", headers(0, false)],
  ["kong.response.exit", both(each(["status", between(100, 599)]), headers(2, true))],
  ["kong.response.error", both(each(["status", between(400, 599)]), headers(2, true))],
  ["kong.service.set_upstream", each(["name", text])],
  ["kong.service.set_target", each(["host", text], ["port", integer(0, 65_535)])],
  ["kong.service.set_retries", each(["retries", integer(0, 32_767)])],
  ["kong.service.set_timeouts", each(...["connect", "write", "read"].map((name) => [name, integer(1, LONGEST_TIMEOUT)] as const))], // prettier-ignore
  ["kong.service.set_tls_verify", each(["verify", boolean])],
  ["kong.service.request.set_scheme", each(["scheme", oneOf(["http", "https"], '"http" or "https"')])],
  ["kong.service.request.set_path", each(["path", path])],
  ["kong.service.request.set_raw_query", each(["query", text])],
  ["kong.service.request.set_method", each(["method", oneOf(METHODS, "an HTTP method in capitals that nginx knows")])],
  ["kong.service.request.set_query", each(["query", object])],
  ["kong.service.request.set_header", setHeader],
  ["kong.service.request.add_header", setHeader],
  ["kong.service.request.clear_header", each(["name", text])],
  ["kong.service.request.set_headers", headers(0, false)],
  ["kong.service.request.set_raw_body", each(["body", text])],
  ["kong.service.request.set_body", each(["body", object], ["mimetype", mimetype])],
  ["kong.service.response.get_headers", limit("maxHeaders")],
  ["kong.service.response.get_header", each(["name", text])],
]);
