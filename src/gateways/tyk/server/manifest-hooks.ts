// Lists the hooks that a bundle's manifest names, as calls will name them.
import type { BundleManifest } from "../bundles/index.js";
import type { HookKind } from "../messages/index.js";

export interface NamedHook {
  readonly kind: HookKind;
  readonly name: string;
}

/** As an API definition calls them. */
const LISTS = { pre: "pre", post_key_auth: "postAuthCheck", post: "post", response: "response" } as const;

export function manifestHooks({ customMiddleware }: Pick<BundleManifest, "customMiddleware">): readonly NamedHook[] {
  const lists = Object.entries(LISTS).flatMap(([list, kind]) => {
    const hooks = customMiddleware[list];
    return Array.isArray(hooks) ? hooks.flatMap((hook: unknown) => named(kind, hook)) : [];
  });
  return [...lists, ...named("authCheck", customMiddleware["auth_check"])];
}

function named(kind: HookKind, hook: unknown): readonly NamedHook[] {
  if (typeof hook !== "object" || hook === null || !("name" in hook)) return [];
  return typeof hook.name === "string" && hook.name !== "" ? [{ kind, name: hook.name }] : [];
}
