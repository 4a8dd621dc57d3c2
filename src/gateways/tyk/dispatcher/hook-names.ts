// Finds the plugin and its function that a hook's name in an API definition means. It never guesses: a name that means two fails.
import { ENDPOINTS, type HookKind, hookFunction, parseHookFunction } from "../messages/index.js";

/** A plugin and its functions as its metadata lists them: `pre/addFooBar`. */
export interface HookOwner {
  readonly plugin: string;
  readonly functions: readonly string[];
}

/** `reason` is for the gateway's log and for `check`: it says what to write instead. `isUnknown`: nothing has this name at all. */
export type ResolvedHook =
  | { readonly found: true; readonly plugin: string; readonly functionName: string }
  | { readonly found: false; readonly reason: string; readonly isUnknown: boolean };

interface Candidate {
  readonly plugin: string;
  readonly name: string;
}

/**
 * `name` is `FILE` (the plugin's only function of this kind), `FILE:FUNCTION`, or a `FUNCTION` that one plugin alone has. A plugin's
 * own name comes before a function's.
 */
export function resolveHook(owners: readonly HookOwner[], kind: HookKind, name: string): ResolvedHook {
  const colon = name.indexOf(":");
  if (colon !== -1) return inPlugin(owners, kind, name.slice(0, colon), name.slice(colon + 1));
  const owner = owners.find(({ plugin }) => plugin === name);
  if (owner !== undefined) return onlyOne(owner, kind);
  return anywhere(owners, kind, name);
}

/** The function that gets an event: `FILE` means the plugin's function for it, `FILE:FUNCTION` and `FUNCTION` are as for hooks. */
export function resolveEvent(owners: readonly HookOwner[], name: string, event: string): ResolvedHook {
  const isPlugin = owners.some(({ plugin }) => plugin === name);
  return resolveHook(owners, "events", isPlugin ? `${name}:${event}` : name);
}

/** Whether a function has a name that an API definition can give alone: others are named for their kind, in each plugin. */
const isNamed = (name: string, kind: HookKind): boolean => name !== kind && name !== ENDPOINTS;

/** Bare names of functions that mean more than one, each with the names that mean one: for `check`, and for when plugins load. */
export function ambiguousNames(owners: readonly HookOwner[]): ReadonlyMap<string, readonly string[]> {
  const byName = new Map<string, { readonly name: string; readonly full: string[] }>();
  for (const { plugin, functions } of owners)
    for (const functionName of functions) {
      const hook = parseHookFunction(functionName);
      if (hook === undefined || hook.kind === "events" || !isNamed(hook.name, hook.kind)) continue;
      const entry = byName.get(functionName) ?? { name: hook.name, full: [] };
      entry.full.push(`${plugin}:${hook.name}`);
      byName.set(functionName, entry);
    }
  const ambiguous = [...byName.values()].filter(({ full }) => full.length > 1);
  return new Map(ambiguous.map(({ name, full }) => [name, full]));
}

function inPlugin(owners: readonly HookOwner[], kind: HookKind, plugin: string, name: string): ResolvedHook {
  const owner = owners.find((candidate) => candidate.plugin === plugin);
  if (owner === undefined) return missing(`there is no plugin ${quote(plugin)}`, owners);
  if (owner.functions.includes(hookFunction(kind, name))) return found(plugin, kind, name);
  const other = kindsOf(owner, name);
  return {
    found: false,
    isUnknown: false,
    reason:
      other.length > 0
        ? `${quote(name)} of plugin ${quote(plugin)} is a function of ${other.join(" and ")}, and was called as ${kind}`
        : `plugin ${quote(plugin)} has no ${kind} function ${quote(name)}${listed(namesOf(owner, kind))}`,
  };
}

function onlyOne(owner: HookOwner, kind: HookKind): ResolvedHook {
  const [name, ...others] = namesOf(owner, kind);
  if (name === undefined)
    return { found: false, reason: `plugin ${quote(owner.plugin)} has no ${kind} function`, isUnknown: false };
  if (others.length === 0) return found(owner.plugin, kind, name);
  return ambiguous(
    owner.plugin,
    kind,
    [name, ...others].map((each) => ({ plugin: owner.plugin, name: each })),
  );
}

function anywhere(owners: readonly HookOwner[], kind: HookKind, name: string): ResolvedHook {
  const having = isNamed(name, kind) ? owners.filter(({ functions }) => functions.includes(hookFunction(kind, name))) : [];
  const [owner, ...others] = having;
  if (owner === undefined) {
    const elsewhere = owners.find((candidate) => isNamed(name, kind) && kindsOf(candidate, name).length > 0);
    if (elsewhere !== undefined) return inPlugin(owners, kind, elsewhere.plugin, name);
    return missing(`there is no plugin and no ${kind} function ${quote(name)}`, owners);
  }
  if (others.length === 0) return found(owner.plugin, kind, name);
  return ambiguous(
    name,
    kind,
    having.map(({ plugin }) => ({ plugin, name })),
  );
}

const found = (plugin: string, kind: HookKind, name: string): ResolvedHook => ({
  found: true,
  plugin,
  functionName: hookFunction(kind, name),
});

function ambiguous(name: string, kind: HookKind, candidates: readonly Candidate[]): ResolvedHook {
  const full = candidates.map((candidate) => quote(`${candidate.plugin}:${candidate.name}`)).join(" or ");
  const reason = `${quote(name)} means more than one ${kind} function: write ${full} in the API definition`;
  return { found: false, reason, isUnknown: false };
}

function missing(what: string, owners: readonly HookOwner[]): ResolvedHook {
  return { found: false, reason: `${what}${listed(owners.map(({ plugin }) => plugin))}`, isUnknown: true };
}

const namesOf = ({ functions }: HookOwner, kind: HookKind): string[] =>
  functions.flatMap((functionName) => {
    const hook = parseHookFunction(functionName);
    return hook?.kind === kind ? [hook.name] : [];
  });

const kindsOf = ({ functions }: HookOwner, name: string): string[] =>
  functions.flatMap((functionName) => {
    const hook = parseHookFunction(functionName);
    return hook?.name === name ? [hook.kind] : [];
  });

/** Names in a message. */
const MAX_LISTED = 10;

function listed(names: readonly string[]): string {
  if (names.length === 0) return "";
  const shown = names.slice(0, MAX_LISTED).map(quote).join(", ");
  return `; there is ${shown}${names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : ""}`;
}

const quote = (text: string): string => JSON.stringify(text);
