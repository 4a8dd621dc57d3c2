// One plugins directory for several gateways in a process: it is read, compiled and watched once, and each gets its plugins.
import type { Generation, PluginRegistry } from "../../plugins/index.js";
import { PluginDirectory, type PluginDirectoryOptions } from "./plugin-directory.js";
import type { CreateSource, PluginSource, SourceContext } from "../plugin-source.js";
import type { PluginReceiver, StayingBinding } from "../served-plugins.js";

export interface SharedDirectoryOptions extends Omit<PluginDirectoryOptions, "served" | "onNewCode" | "load"> {
  readonly load: Omit<PluginDirectoryOptions["load"], "onPluginLog">;
}

interface Part {
  readonly owns: (generation: Generation) => boolean;
  readonly context: SourceContext;
}

export class SharedDirectory implements PluginReceiver {
  readonly #parts: Part[] = [];
  readonly #directory: PluginDirectory;
  #loaded: Promise<unknown> | undefined;

  constructor(options: SharedDirectoryOptions) {
    const { load, ...others } = options;
    this.#directory = new PluginDirectory({
      ...others,
      served: this,
      onNewCode: (plugin) => {
        for (const { context } of this.#parts) context.onNewCode(plugin);
      },
      // While it is read nobody knows whose it is.
      load: { ...load, onPluginLog: (plugin, entry) => this.#parts[0]?.context.onPluginLog(plugin, entry) },
    });
  }

  /** The source of a gateway that serves the plugins it `owns`. */
  sourceFor(owns: (generation: Generation) => boolean): CreateSource {
    return (context) => {
      const isLate = this.#loaded !== undefined;
      this.#parts.push({ owns, context });
      return {
        load: async () => {
          await this.#load();
          if (isLate) context.served.replace((await this.#registry()).list().filter(owns));
        },
        registry: async () => (await this.#registry()).only(owns),
        reload: async () => this.#directory.reload(),
        change: async (directory) => this.#directory.change(directory),
        close: async () => this.#directory.close(),
      } satisfies PluginSource;
    };
  }

  replace(generations: readonly Generation[]): void {
    for (const { owns, context } of this.#parts) context.served.replace(generations.filter(owns));
  }

  add(generation: Generation): void {
    for (const { context } of this.#partsOf(generation)) context.served.add(generation);
  }

  reload(generation: Generation): StayingBinding[] {
    return this.#partsOf(generation).flatMap(({ context }) => context.served.reload(generation));
  }

  reloadFailed(generation: Generation, reason: string): void {
    for (const { context } of this.#partsOf(generation)) context.served.reloadFailed(generation, reason);
  }

  #partsOf(generation: Generation): readonly Part[] {
    return this.#parts.filter(({ owns }) => owns(generation));
  }

  #load(): Promise<unknown> {
    return (this.#loaded ??= this.#directory.load());
  }

  async #registry(): Promise<PluginRegistry> {
    await this.#loaded;
    return this.#directory.registry();
  }
}
