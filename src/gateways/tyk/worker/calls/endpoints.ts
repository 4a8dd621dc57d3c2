// Finds the function of a plugin's endpoints that a request is for, by method and path.
import { isRecord } from "../../../../core/model/index.js";
import { TykError } from "../../api/index.js";
import { methodName, showShort } from "../http/http-rules.js";
import { recordOf } from "../own-json.js";

export type Handler = (subject: unknown, context: unknown) => unknown;

/** A part of a pattern: text, or the name that it stands for. */
type Part = { readonly text: string } | { readonly param: string };

interface Pattern {
  readonly parts: readonly Part[];
  /** Whether it ends in `*`. */
  readonly isOpen: boolean;
}

export interface EndpointRoute {
  /** `*` for any. */
  readonly method: string;
  readonly path: Pattern | RegExp;
  readonly handler: Handler;
}

export interface EndpointMatch {
  readonly handler: Handler;
  readonly params: Readonly<Record<string, string>>;
}

/** @throws {TykError} `TYK_PLUGIN_INVALID` for what is no table or list of endpoints. */
export function readEndpoints(value: unknown): readonly EndpointRoute[] {
  const routes = Array.isArray(value)
    ? value.map((endpoint: unknown, i) => fromList(endpoint, `endpoints[${i}]`))
    : fromTable(value);
  if (routes.length === 0) throw invalid("endpoints", "it has none");
  return routes;
}

/**
 * `listenPath` is that of the API, which request paths begin with; without one a pattern matches the end of a path, at a slash.
 * Regular expressions are for the path without it where it is known, and for the whole path otherwise.
 */
export function matchEndpoint(
  routes: readonly EndpointRoute[],
  method: string,
  path: string,
  listenPath: string | undefined,
): EndpointMatch | undefined {
  const rest = listenPath === undefined ? path : withoutListenPath(path, listenPath);
  const parts = partsOf(rest).map(decode);
  for (const route of routes) {
    if (route.method !== "*" && route.method !== method) continue;
    const params =
      route.path instanceof RegExp ? matchRegExp(route.path, rest) : matchPattern(route.path, parts, listenPath !== undefined);
    if (params !== undefined) return { handler: route.handler, params: Object.freeze(recordOf(params)) };
  }
  return undefined;
}

type Params = readonly (readonly [string, string])[];

function fromTable(value: unknown): EndpointRoute[] {
  if (!isRecord(value))
    throw invalid("endpoints", `functions by method and path, such as "GET /items/{id}", not ${showShort(value)}`);
  return Object.entries(value).map(([key, handler]) => {
    const subject = `endpoints[${showShort(key)}]`;
    const match = /^(\S+) +(\/\S*)$/.exec(key.trim());
    if (match === null) throw invalid(subject, 'its name is a method and a path, such as "GET /items/{id}" or "* /files/*"');
    return route(match[1], match[2], handler, subject);
  });
}

function fromList(endpoint: unknown, subject: string): EndpointRoute {
  if (!isRecord(endpoint)) throw invalid(subject, `it has a method, a path and a handler, and is not ${showShort(endpoint)}`);
  return route(endpoint["method"], endpoint["path"], endpoint["handler"], subject);
}

function route(method: unknown, path: unknown, handler: unknown, subject: string): EndpointRoute {
  if (typeof handler !== "function") throw invalid(subject, `its handler is a function, not ${showShort(handler)}`);
  const checked = path instanceof RegExp ? statelessRegExp(path, subject) : parsePattern(path, subject);
  return { method: method === "*" ? "*" : checkedMethod(method, subject), path: checked, handler: handler as Handler };
}

function checkedMethod(method: unknown, subject: string): string {
  try {
    return methodName(method, subject).toUpperCase();
  } catch {
    throw invalid(subject, `${showShort(method)} is no method`);
  }
}

/** With these flags each match would begin where the last one ended. */
function statelessRegExp(path: RegExp, subject: string): RegExp {
  if (path.global || path.sticky) throw invalid(subject, "its regular expression has the flag g or y: leave it out");
  return path;
}

function parsePattern(path: unknown, subject: string): Pattern {
  if (typeof path !== "string" || !path.startsWith("/"))
    throw invalid(subject, `its path begins with "/", and is not ${showShort(path)}`);
  const parts = partsOf(path);
  const isOpen = parts.at(-1) === "*";
  const names = new Set<string>();
  return { isOpen, parts: (isOpen ? parts.slice(0, -1) : parts).map((part) => parsePart(part, names, subject)) };
}

function parsePart(part: string, names: Set<string>, subject: string): Part {
  if (!/[{}*]/.test(part)) return { text: part };
  const name = /^\{([\w-]+)\}$/.exec(part)?.[1];
  if (name === undefined)
    throw invalid(subject, `${showShort(part)} is no part: "{name}" stands for a whole one, "*" for the rest at the end`);
  if (names.has(name)) throw invalid(subject, `it has {${name}} twice`);
  names.add(name);
  return { param: name };
}

/** A slash at the end makes no difference. */
const partsOf = (path: string): string[] => path.replace(/\/$/, "").split("/").slice(1);

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function withoutListenPath(path: string, listenPath: string): string {
  const base = listenPath.endsWith("/") ? listenPath.slice(0, -1) : listenPath;
  if (path === base) return "/";
  // After a URL rewrite the path is another one.
  return path.startsWith(`${base}/`) ? path.slice(base.length) : path;
}

function matchRegExp(pattern: RegExp, path: string): Params | undefined {
  const match = pattern.exec(path);
  if (match === null) return undefined;
  return Object.entries(match.groups ?? {}).map(([name, value]) => [name, (value as string | undefined) ?? ""] as const);
}

function matchPattern(pattern: Pattern, path: readonly string[], isWhole: boolean): Params | undefined {
  const spare = path.length - pattern.parts.length;
  if (spare < 0) return undefined;
  if (isWhole) return pattern.isOpen || spare === 0 ? matchAt(pattern, path, 0) : undefined;
  if (!pattern.isOpen) return matchAt(pattern, path, spare);
  for (let start = 0; start <= spare; start += 1) {
    const params = matchAt(pattern, path, start);
    if (params !== undefined) return params;
  }
  return undefined;
}

function matchAt({ parts, isOpen }: Pattern, path: readonly string[], start: number): Params | undefined {
  const params: (readonly [string, string])[] = [];
  for (const [i, part] of parts.entries()) {
    const value = path[start + i] ?? "";
    if ("param" in part && value !== "") params.push([part.param, value]);
    else if (!("text" in part) || part.text !== value) return undefined;
  }
  if (isOpen) params.push(["*", path.slice(start + parts.length).join("/")]);
  return params;
}

const invalid = (subject: string, reason: string): TykError => new TykError("TYK_PLUGIN_INVALID", subject, reason);
