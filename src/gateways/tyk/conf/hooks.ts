// Says which hooks plugins have, and in which order a gateway would call them.
import { ENDPOINTS, HOOK_KINDS, type HookKind, parseHookFunction } from "../messages/index.js";

/** One plugin's hooks, each by the name that stands in an API definition. */
export interface PluginHooks {
  readonly plugin: string;
  readonly hooks: Readonly<Partial<Record<HookKind, readonly string[]>>>;
}

/** The hooks of all plugins: those of one kind are called in this order. */
export type HookChain = Readonly<Record<HookKind, readonly string[]>>;

/** The hooks of a plugin with these functions, which its metadata lists as `pre/addFooBar`. */
export function hooksOf(plugin: string, functions: readonly string[]): PluginHooks {
  const parsed = functions.flatMap((functionName) => parseHookFunction(functionName) ?? []);
  const hooks = HOOK_KINDS.map((kind) => {
    const names = parsed.filter((one) => one.kind === kind).map(({ name }) => name);
    // A hook that is one function is the plugin's own name; a name of its own stays right when others come beside it.
    const isAlone = names.length === 1 && (names[0] === kind || names[0] === ENDPOINTS);
    return [kind, isAlone ? [plugin] : names.map((name) => `${plugin}:${name}`)] as const;
  });
  return { plugin, hooks: Object.fromEntries(hooks.filter(([, names]) => names.length > 0)) };
}

export function chainOf(plugins: readonly PluginHooks[]): HookChain {
  const namesOf = (kind: HookKind): string[] => plugins.flatMap(({ hooks }) => hooks[kind] ?? []);
  return {
    pre: namesOf("pre"),
    authCheck: namesOf("authCheck"),
    postAuthCheck: namesOf("postAuthCheck"),
    post: namesOf("post"),
    response: namesOf("response"),
    events: namesOf("events"),
  };
}
