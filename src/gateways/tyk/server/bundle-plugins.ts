// Serves the plugins of bundles beside those of the plugins directory: loads them, and swaps a bundle that has changed in as a reload.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import { type Generation, type LoadOptions, loadPlugins, PluginRegistry } from "../../../core/plugins/index.js";
import type { CreateSource, PluginSource, ReloadOutcome, SourceContext } from "../../../core/server/index.js";
import { BundleError, BundleStore, type BundleStoreOptions, type LoadedBundle } from "../bundles/index.js";
import { type BundleIndex, callableFunctions, resolveHook } from "../dispatcher/index.js";
import { manifestHooks } from "./manifest-hooks.js";

export interface BundleLoading {
  readonly store: Omit<BundleStoreOptions, "folder" | "check" | "listener">;
  readonly load: Omit<LoadOptions, "onPluginLog">;
  /** Whether Tyk may call anything in a plugin. */
  readonly owns: (generation: Generation) => boolean;
  readonly logger: Logger;
}

type Plugins = readonly Generation[];

export class BundlePlugins implements BundleIndex {
  readonly #options: BundleLoading;
  /** What was loaded of a bundle that is not served yet, by its directory. */
  readonly #loaded = new Map<string, Plugins>();
  readonly #served = new Map<string, { readonly digest: string; readonly plugins: Plugins }>();
  #context: SourceContext | undefined;
  #store: BundleStore | undefined;
  #folder: string | undefined;

  constructor(options: BundleLoading) {
    this.#options = options;
  }

  get revision(): number {
    return this.#store?.revision ?? 0;
  }

  namesFor(hash: string): readonly string[] {
    return this.#store?.namesFor(hash) ?? [];
  }

  missingFor(hash: string): readonly string[] {
    return this.#store?.missingFor(hash) ?? [];
  }

  /** Looks for changed bundles now, such as when API definitions name others. */
  refresh(): void {
    this.#refresh().catch(() => {});
  }

  async #refresh(): Promise<void> {
    try {
      await this.#store?.refresh();
    } catch (error) {
      this.#options.logger.error(`bundles cannot be looked at: ${String(error)}`);
    }
  }

  /** The plugins of the directory, where there is one, and those of the bundles. */
  sourceWith(createDirectory: CreateSource | undefined): CreateSource {
    return (context) => {
      this.#context = context;
      const directory = createDirectory?.(context);
      return {
        load: async () => {
          await directory?.load();
          await this.#open();
        },
        registry: () => directory?.registry() ?? Promise.resolve(new PluginRegistry()),
        reload: () => this.#reload(directory),
        change: async (path) => directory?.change(path),
        close: async () => {
          await directory?.close();
          await this.#store?.close();
        },
      } satisfies PluginSource;
    };
  }

  /** Removes what was unpacked, which plugins may have used up to now. May be called twice. */
  async close(): Promise<void> {
    await this.#store?.close();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  /** Resolves with what has changed in the directory and in the bundles. */
  async #reload(directory: PluginSource | undefined): Promise<ReloadOutcome> {
    const before = this.#all();
    const outcome = await directory?.reload();
    await this.#refresh();
    const now = this.#all();
    const known = new Map(before.map((generation) => [generation.name, generation]));
    const changed = now.filter((generation) => known.get(generation.name) !== generation).map(({ name }) => name);
    return {
      added: [...(outcome?.added ?? []), ...changed.filter((name) => !known.has(name))],
      reloaded: [...(outcome?.reloaded ?? []), ...changed.filter((name) => known.has(name))],
      served: [...(outcome?.served ?? []), ...now],
      problems: outcome?.problems ?? [],
      unreadable: outcome?.unreadable,
    };
  }

  /** The plugins of all bundles. */
  #all(): Plugins {
    return [...this.#served.values()].flatMap(({ plugins }) => plugins);
  }

  async #open(): Promise<void> {
    const { store, logger } = this.#options;
    this.#folder = await mkdtemp(join(tmpdir(), "pluginserver-bundles-"));
    this.#store = await BundleStore.open({
      ...store,
      folder: this.#folder,
      check: (bundle) => this.#load(bundle),
      listener: {
        onChange: (bundles) => this.#take(bundles),
        onProblem: (name, error) => this.#tell(name, error),
        onWarning: (name, message) => logger.warn({ bundle: name }, `bundle ${name}: ${message}`),
      },
    });
  }

  #tell(name: string, { code, message }: BundleError): void {
    const { logger } = this.#options;
    const what = this.#served.has(name) ? "is not replaced, its former version goes on" : "is not served";
    logger.error({ bundle: name, code }, `${name === "" ? "bundles stay as they are" : `bundle ${name} ${what}`}: ${message}`);
  }

  /** @throws {BundleError} where a hook of its manifest has no function, and a plugin that may have it does not load. */
  async #load(bundle: LoadedBundle): Promise<void> {
    const { load, owns, logger } = this.#options;
    const nameOf = (plugin: string): string => `${bundle.name}/${plugin}`;
    const registry = await loadPlugins(bundle.directory, {
      ...load,
      onPluginLog: (plugin, entry) => this.#context?.onPluginLog(nameOf(plugin), entry),
    });
    const plugins = registry.list().filter(owns);
    const owners = plugins.map(({ name, metadata }) => ({ plugin: name, functions: callableFunctions(metadata) }));
    const isWhole = manifestHooks(bundle.manifest).every(({ kind, name }) => resolveHook(owners, kind, name).found);
    for (const { name, reason } of registry.problems()) {
      if (!isWhole) throw new BundleError("TYK_BUNDLE_PLUGIN", `${name}: ${reason}`);
      logger.warn({ bundle: bundle.name }, `bundle ${bundle.name}: ${name}, which no hook of it needs, is not served: ${reason}`);
    }
    this.#loaded.set(
      bundle.directory,
      plugins.map((generation) => ({ ...generation, name: nameOf(generation.name) })),
    );
  }

  #take(bundles: readonly LoadedBundle[]): void {
    for (const bundle of bundles) this.#takeOne(bundle);
    const names = new Set(bundles.map(({ name }) => name));
    for (const [name, { plugins }] of this.#served) {
      if (names.has(name)) continue;
      this.#remove(plugins);
      this.#served.delete(name);
      this.#options.logger.info({ bundle: name }, `bundle ${name} is served no more: nothing names it`);
    }
  }

  #takeOne({ name, digest, directory }: LoadedBundle): void {
    const before = this.#served.get(name);
    const plugins = this.#loaded.get(directory);
    this.#loaded.delete(directory);
    if (plugins === undefined || before?.digest === digest) return;
    this.#serve(plugins);
    const kept = new Set(plugins.map((plugin) => plugin.name));
    this.#remove(before?.plugins.filter((plugin) => !kept.has(plugin.name)) ?? []);
    this.#served.set(name, { digest, plugins });
    const text = `bundle ${name} ${before === undefined ? "is served" : "was reloaded"}: ${[...kept].join(", ") || "no plugins, hooks alone"}`;
    this.#options.logger.info({ bundle: name, digest, plugins: [...kept] }, text);
  }

  #serve(plugins: Plugins): void {
    const { logger } = this.#options;
    for (const plugin of plugins) {
      this.#context?.served.reload(plugin);
      this.#context?.onNewCode(plugin.name);
      for (const warning of [...plugin.warnings, ...plugin.effects])
        logger.warn({ plugin: plugin.name }, `plugin ${plugin.name}: ${warning}`);
    }
  }

  #remove(plugins: Plugins): void {
    for (const { name } of plugins) this.#context?.served.remove(name);
  }
}
