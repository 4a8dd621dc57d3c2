// Finds the route of a request, and what it means for the request to the service.

import {
  escapePath,
  type GatewayConfig,
  type RouteEntity,
  type ServiceEntity,
  type RouteCaptures,
} from "../pdk-functions/index.js";

export interface RouteMatch {
  readonly route: RouteEntity;
  readonly service: ServiceEntity | undefined;
  readonly captures: RouteCaptures;
  /** The part of the path that was stripped, if any. */
  readonly prefix: string | undefined;
  /** The path at the service, escaped. */
  readonly upstreamPath: string;
}

interface Candidate {
  readonly route: RouteEntity;
  readonly service: ServiceEntity | undefined;
  readonly pattern: RegExp | undefined;
  readonly prefix: string;
}

export class Router {
  readonly #candidates: readonly Candidate[];

  constructor(config: Pick<GatewayConfig, "routes" | "services">) {
    const services = new Map(config.services.map((service) => [service.id, service]));
    this.#candidates = config.routes
      .flatMap((route) => candidatesOf(route, services.get(route.service?.id ?? "")))
      .sort(compareCandidates);
  }

  /** `path` is normalised, not escaped; `host` has no port. */
  match(method: string, host: string, path: string): RouteMatch | undefined {
    for (const candidate of this.#candidates) {
      if (!matchesMethod(candidate.route, method) || !matchesHost(candidate.route, host)) continue;
      const match = matchPath(candidate, path);
      if (match !== undefined) return match;
    }
    return undefined;
  }
}

function candidatesOf(route: RouteEntity, service: ServiceEntity | undefined): Candidate[] {
  return (route.paths ?? ["/"]).map((path) => {
    const isPattern = path.startsWith("~");
    return {
      route,
      service,
      pattern: isPattern ? new RegExp(`^(?:${path.slice(1)})`, "s") : undefined,
      prefix: isPattern ? "" : path,
    };
  });
}

/** More conditions first, then patterns by their priority, then the longest path. */
function compareCandidates(a: Candidate, b: Candidate): number {
  return (
    conditions(b.route) - conditions(a.route) ||
    Number(b.pattern !== undefined) - Number(a.pattern !== undefined) ||
    (a.pattern === undefined ? 0 : b.route.regex_priority - a.route.regex_priority) ||
    b.prefix.length - a.prefix.length
  );
}

function conditions(route: RouteEntity): number {
  return [route.hosts, route.methods, route.paths].filter((list) => list !== undefined && list.length > 0).length;
}

function matchesMethod(route: RouteEntity, method: string): boolean {
  return route.methods === undefined || route.methods.length === 0 || route.methods.includes(method);
}

function matchesHost(route: RouteEntity, host: string): boolean {
  if (route.hosts === undefined || route.hosts.length === 0) return true;
  return route.hosts.some((wanted) => {
    const name = wanted.toLowerCase().replace(/:\d+$/, "");
    if (name.startsWith("*.")) return host.endsWith(name.slice(1));
    if (name.endsWith(".*")) return host.startsWith(name.slice(0, -1));
    return host === name;
  });
}

function matchPath(candidate: Candidate, path: string): RouteMatch | undefined {
  const { route, service, pattern } = candidate;
  const groups = pattern?.exec(path);
  if (pattern === undefined ? !path.startsWith(candidate.prefix) : groups === null) return undefined;
  const matched = groups?.[0] ?? candidate.prefix;
  const rest = route.strip_path ? path.slice(matched.length) : path;
  return {
    route,
    service,
    captures: captures(groups),
    prefix: route.strip_path && matched !== "/" ? matched : undefined,
    upstreamPath: escapePath(joinPaths(service?.path ?? "/", rest)),
  };
}

function captures(groups: RegExpExecArray | null | undefined): RouteCaptures {
  // Kong has captures only where the pattern has groups.
  if (!groups || groups.length < 2) return { unnamed: [], named: {} };
  // The types do not say that a group may have taken no part.
  const unnamed: readonly (string | undefined)[] = groups;
  const named: Readonly<Record<string, string | undefined>> = groups.groups ?? {};
  const matched = Object.entries(named).flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const]));
  return { unnamed: unnamed.map((text) => text ?? ""), named: Object.fromEntries(matched) };
}

function joinPaths(base: string, rest: string): string {
  if (rest === "") return base;
  return `${base.replace(/\/$/, "")}/${rest.replace(/^\//, "")}`;
}
