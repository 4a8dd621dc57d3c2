// Says which hooks plugins have, and in which order a gateway would call them.

/** As `defineTykPlugin` names them. */
export const HOOK_KINDS = ["pre", "authCheck", "postAuthCheck", "post", "response", "events"] as const;

export type HookKind = (typeof HOOK_KINDS)[number];

/** One plugin's hooks, each by the name that stands in an API definition. */
export interface PluginHooks {
  readonly plugin: string;
  readonly hooks: Readonly<Partial<Record<HookKind, readonly string[]>>>;
}

/** The hooks of all plugins: those of one kind are called in this order. */
export type HookChain = Readonly<Record<HookKind, readonly string[]>>;

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
