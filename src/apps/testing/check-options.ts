// Checks what a test says of its surroundings: a JavaScript test has no compiler that would find a misspelt option.
import { isIP } from "node:net";
import { PDK_METHODS, wireName } from "../../gateways/kong/pdk/index.js";
import {
  entries,
  ShapedFields,
  integer,
  key,
  type Key,
  configKindOf,
  list,
  object,
  record,
  type Shape,
  suggestionOrAll,
  TEST_ENTITIES,
  text,
  textLike,
} from "../../gateways/kong/standin/index.js";
import { TestingError } from "./errors.js";
import type {
  TestConsumer,
  TestRequest,
  TestRoute,
  TestService,
  TestSettings,
  UpstreamAnswer,
  UpstreamResponse,
} from "./options.js";

const isText = (value: unknown): boolean => typeof value === "string";
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isScalar = (value: unknown): boolean => typeof value === "string" || typeof value === "number";

/** What is iterated over once, such as a generator, is left for the request. */
function isHeaders(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.every((pair) => isTexts(pair) && (pair as unknown[]).length === 2);
  if (Symbol.iterator in value) return true;
  return Object.values(value).every((item) => item === undefined || isScalar(item) || isTexts(item));
}

function isBody(value: unknown): boolean {
  if (typeof value === "string" || value instanceof Uint8Array || value instanceof URLSearchParams) return true;
  if (typeof value !== "object" || value === null) return false;
  try {
    return isText(JSON.stringify(value));
  } catch {
    // A circle, or a bigint.
    return false;
  }
}

const headers = key("an object with strings, numbers or lists of strings, or a list of pairs of strings", "", isHeaders);
const body = key("a string, bytes, URLSearchParams or an object that JSON can say", "", isBody);

const REQUEST = {
  method: text(""),
  path: textLike(/^\//, "a path that starts with /", ""),
  url: key("a URL such as http://example.com/path", "", (value) => value instanceof URL || isUrl(value)),
  query: entries(
    "a string, a number, true or a list of strings",
    "",
    (value) => value === true || isScalar(value) || isTexts(value),
  ),
  headers,
  body,
  httpVersion: textLike(/^\d(\.\d)?$/, 'a version such as "1.1"', ""),
  client: object({ ip: key("an IP address", "", isAddress), port: integer(0, 65_535, "") }, ""),
} satisfies Record<keyof Required<TestRequest>, Key<unknown>>;

const RESPONSE = {
  status: integer(100, 999, ""),
  headers,
  body,
} satisfies Record<keyof Required<UpstreamResponse>, Key<unknown>>;

const CONSUMER = TEST_ENTITIES.consumer satisfies Record<keyof TestConsumer, Key<unknown>>;
const ROUTE = TEST_ENTITIES.route satisfies Record<keyof TestRoute, Key<unknown>>;
const SERVICE = TEST_ENTITIES.service satisfies Record<keyof TestService, Key<unknown>>;

const OPTIONS = {
  config: key("an object", "", () => true),
  request: object(REQUEST, ""),
  upstream: {
    ...key('an answer, a function, "refused" or "timeout"', "", isUpstream),
    take: (value, { path }) => {
      if (typeof value === "object") checkAnswer(value, path);
    },
  },
  consumer: object(CONSUMER, ""),
  credential: record(""),
  consumers: list(CONSUMER, ""),
  route: object(ROUTE, ""),
  service: { ...object(SERVICE, ""), ...nullable(object(SERVICE, "")) },
  upstreams: entries("a list of strings", "", isTexts),
  shared: record(""),
  trustedNetworks: key("a list of networks such as 10.0.0.0/8", "", (value) => Array.isArray(value) && value.every(isNetwork)),
  pdk: { ...record(""), take: checkStubs },
  kongVersion: textLike(/^[23]\.\d+$/, 'a version such as "2.8"', ""),
  name: text(""),
} satisfies Record<keyof Required<TestSettings> | "config", Key<unknown>>;

/** @throws {TestingError} that names the option which cannot be one. */
export function checkOptions(options: unknown): void {
  check(options, "", OPTIONS);
}

/** @throws {TestingError} that names what of the request cannot be one. */
export function checkRequest(request: unknown): void {
  check(request, "request", REQUEST);
}

/** What the service of a test answers. @throws {TestingError} */
export function checkAnswer(answer: unknown, path: string): asserts answer is UpstreamAnswer {
  if (answer !== "refused" && answer !== "timeout") check(answer, path, RESPONSE);
}

function check(value: unknown, path: string, shape: Shape): void {
  const fail = (message: string): TestingError =>
    new TestingError("TESTING_BAD_OPTION", message.startsWith(":") ? `the options${message}` : message);
  new ShapedFields(value, { path, nullIsMissing: false, fail }, shape).checkAll();
}

function nullable({ refuse, take }: Key<unknown>): Pick<Key<unknown>, "refuse" | "take"> {
  return {
    refuse: (value) => (value === null ? undefined : refuse(value)),
    take: (value, place) => (value === null ? undefined : take(value, place)),
  };
}

function isUpstream(value: unknown): boolean {
  return value === "refused" || value === "timeout" || typeof value === "function" || configKindOf(value) === "an object";
}

function isUrl(value: unknown): boolean {
  return typeof value === "string" && URL.canParse(value) && /^https?:/i.test(value);
}

function isAddress(value: unknown): boolean {
  return typeof value === "string" && isIP(value) !== 0;
}

function isNetwork(value: unknown): boolean {
  if (typeof value !== "string") return false;
  const [address = "", bits, ...others] = value.split("/");
  const most = isIP(address) === 6 ? 128 : 32;
  return isIP(address) !== 0 && others.length === 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= most));
}

const FUNCTIONS: readonly string[] = PDK_METHODS.map(({ method }) => method);

/** The gateway's names, or those that plugins use. */
function checkStubs(value: unknown, { path, fail }: Parameters<Key<unknown>["take"]>[1]): void {
  for (const name of Object.keys((value as object | undefined) ?? {})) {
    const wire = name.split(".").map(wireName).join(".");
    if (!FUNCTIONS.includes(wire)) throw fail(`${path}: there is no function ${name}${near(wire)}`);
  }
}

function near(wire: string): string {
  const meant = suggestionOrAll(wire, FUNCTIONS);
  return meant.startsWith(";") ? meant : ": see docs/pdk.md";
}
