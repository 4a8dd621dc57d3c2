// Remembers which function a hook's name means, for as long as the plugins stay what they are.
import type { ServedPlugins } from "../../../core/server/index.js";
import type { HookKind } from "../messages/index.js";
import { type HookOwner, resolveEvent, resolveHook, type ResolvedHook } from "./hook-names.js";

/** Names come from the gateway: strangers cannot make more of them than there are in its API definitions, but a loop can. */
const MAX_KNOWN = 10_000;

export class HookTable {
  readonly #plugins: ServedPlugins;
  readonly #known = new Map<string, ResolvedHook>();
  #revision = -1;
  #owners: readonly HookOwner[] = [];

  constructor(plugins: ServedPlugins) {
    this.#plugins = plugins;
  }

  hook(kind: HookKind, name: string): ResolvedHook {
    return this.#find(`${kind}/${name}`, (owners) => resolveHook(owners, kind, name));
  }

  /** `name` is that of the handler in the API definition. */
  event(name: string, event: string): ResolvedHook {
    return this.#find(`events/${name}/${event}`, (owners) => resolveEvent(owners, name, event));
  }

  #find(key: string, resolve: (owners: readonly HookOwner[]) => ResolvedHook): ResolvedHook {
    const { revision } = this.#plugins;
    if (revision !== this.#revision || this.#known.size > MAX_KNOWN) {
      this.#known.clear();
      this.#revision = revision;
      this.#owners = this.#plugins
        .list()
        .map(({ generation }) => ({ plugin: generation.name, functions: generation.metadata.functions }));
    }
    let found = this.#known.get(key);
    if (found === undefined) this.#known.set(key, (found = resolve(this.#owners)));
    return found;
  }
}
