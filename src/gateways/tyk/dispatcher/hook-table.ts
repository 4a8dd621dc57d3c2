// Remembers which function a hook's name means, for as long as the plugins stay what they are.
import type { PluginMetadata } from "../../../core/channel/index.js";
import type { ServedPlugins } from "../../../core/server/index.js";
import type { HookKind } from "../messages/index.js";
import { type HookOwner, resolveEvent, resolveHook, type ResolvedHook } from "./hook-names.js";

/** Says which bundles a call's `bundle_hash` means. */
export interface BundleIndex {
  /** Another number after each change. */
  readonly revision: number;
  namesFor(hash: string): readonly string[];
  /** Those of them that are not served: what their hooks would do, nothing else may do in their place. */
  missingFor(hash: string): readonly string[];
}

/** A plugin is served under its own name, one of a bundle as `BUNDLE/NAME`. */
interface ServedOwner extends HookOwner {
  readonly served: string;
  /** Undefined for one of the plugins directory. */
  readonly bundle: string | undefined;
}

type Resolve = (owners: readonly HookOwner[]) => ResolvedHook;

/** Names come from the gateway: strangers cannot make more of them than there are in its API definitions, but a loop can. */
const MAX_KNOWN = 10_000;

/** A plugin of another gateway has functions for this one beside its own. */
const GATEWAY = "tyk";

/** What this gateway may call in it: `pre/addFooBar`. */
export const callableFunctions = ({ functions, functionsFor }: PluginMetadata): readonly string[] =>
  functionsFor?.[GATEWAY] ?? functions;

export class HookTable {
  readonly #plugins: ServedPlugins;
  readonly #bundles: BundleIndex | undefined;
  readonly #known = new Map<string, ResolvedHook>();
  #revision = -1;
  #owners: readonly ServedOwner[] = [];

  constructor(plugins: ServedPlugins, bundles?: BundleIndex) {
    this.#plugins = plugins;
    this.#bundles = bundles;
  }

  /** Of the bundles that the API has, else of the plugins directory. */
  hook(kind: HookKind, name: string, bundleHash: string): ResolvedHook {
    return this.#find(`${bundleHash} ${kind}/${name}`, () => {
      const [missing] = this.#bundles?.missingFor(bundleHash) ?? [];
      if (missing !== undefined) return notServed(missing);
      const names = this.#bundles?.namesFor(bundleHash) ?? [];
      const bundled = this.#owners.filter(({ bundle }) => bundle !== undefined && names.includes(bundle));
      return firstOf([bundled, this.#ofDirectory()], (owners) => resolveHook(owners, kind, name));
    });
  }

  /** `name` is that of the handler in the API definition. An event does not say which bundle its API has. */
  event(name: string, event: string): ResolvedHook {
    return this.#find(`events/${name}/${event}`, () => {
      const bundled = this.#owners.filter(({ bundle }) => bundle !== undefined);
      return firstOf([this.#ofDirectory(), bundled], (owners) => resolveEvent(owners, name, event));
    });
  }

  #ofDirectory(): readonly ServedOwner[] {
    return this.#owners.filter(({ bundle }) => bundle === undefined);
  }

  #find(key: string, resolve: () => ResolvedHook): ResolvedHook {
    // Both only grow.
    const revision = this.#plugins.revision + (this.#bundles?.revision ?? 0);
    if (revision !== this.#revision || this.#known.size > MAX_KNOWN) {
      this.#known.clear();
      this.#revision = revision;
      this.#owners = this.#plugins.list().map(({ generation }) => ownerOf(generation.name, generation.metadata));
    }
    let found = this.#known.get(key);
    if (found === undefined) this.#known.set(key, (found = resolve()));
    return found;
  }
}

function ownerOf(served: string, metadata: PluginMetadata): ServedOwner {
  const { name } = metadata;
  return {
    plugin: name,
    functions: callableFunctions(metadata),
    served,
    bundle: served === name ? undefined : served.slice(0, -name.length - 1),
  };
}

const notServed = (bundle: string): ResolvedHook => ({
  found: false,
  reason: `the bundle ${bundle} of the API is not served: this server's log says why`,
  isUnknown: false,
});

/** What the first group that knows the name makes of it: another is asked only where nothing has the name at all. */
function firstOf(groups: readonly (readonly ServedOwner[])[], resolve: Resolve): ResolvedHook {
  const outcomes: ResolvedHook[] = [];
  for (const owners of groups.filter(({ length }) => length > 0)) {
    const outcome = served(owners, resolve(owners));
    if (outcome.found || !outcome.isUnknown) return outcome;
    outcomes.push(outcome);
  }
  return outcomes[0] ?? resolve([]);
}

/** By the name that it is served under. @param owners of which two bundles may have one with the same name. */
function served(owners: readonly ServedOwner[], outcome: ResolvedHook): ResolvedHook {
  if (!outcome.found) return outcome;
  const [owner, ...others] = owners.filter(({ plugin }) => plugin === outcome.plugin);
  if (owner === undefined || others.length === 0) return { ...outcome, plugin: owner?.served ?? outcome.plugin };
  const bundles = [owner, ...others].map(({ bundle }) => bundle).join(" and ");
  return { found: false, reason: `there is a plugin ${JSON.stringify(outcome.plugin)} in ${bundles}`, isUnknown: false };
}
