// Owns what the plugins directory has to offer: loads it, and takes changes over while traffic flows.
import type { Logger } from "pino";
import { type LoadOptions, loadPlugins, PluginCache, PluginRegistry, registryChanges } from "../../plugins/index.js";
import { ServerError, messageOf } from "../../model/index.js";
import { PluginReport } from "./plugin-report.js";
import type { PluginSource, ReloadOutcome } from "../plugin-source.js";
import { Reloader } from "./reloader.js";
import type { PluginReceiver, StayingBinding } from "../served-plugins.js";

export interface PluginDirectoryOptions {
  readonly directory: string;
  /** Whether changes are noticed by themselves, or only when asked for. */
  readonly watch: boolean;
  readonly load: LoadOptions;
  readonly served: PluginReceiver;
  /** A plugin has new code: what failed for the old may run now. */
  readonly onNewCode: (plugin: string) => void;
  readonly logger: Logger;
}

export class PluginDirectory implements PluginSource {
  readonly #options: PluginDirectoryOptions;
  #directory: string;
  #reloader: Reloader;
  #report: PluginReport;
  #registry = new PluginRegistry();
  #loaded: Promise<unknown> = Promise.resolve();
  /** Why the last look at the directory failed. */
  #unreadable: string | undefined;
  #state: "open" | "closed" = "open";

  constructor(options: PluginDirectoryOptions) {
    // What has not changed is not compiled again.
    const { cache = new PluginCache() } = options.load;
    this.#options = { ...options, load: { ...options.load, cache } };
    this.#directory = options.directory;
    this.#report = this.#createReport();
    this.#reloader = this.#createReloader();
  }

  /** The plugins, once they are loaded: who asks earlier waits. */
  async registry(): Promise<PluginRegistry> {
    await this.#loaded;
    return this.#registry;
  }

  /** @throws {ServerError} where the directory cannot be read. */
  load(): Promise<unknown> {
    this.#loaded = this.#loadFirst();
    return this.#loaded;
  }

  /** Looks for changes now. Those that the watcher has noticed meanwhile are among the outcome. */
  async reload(): Promise<ReloadOutcome> {
    const before = this.#registry;
    await this.#reloader.request();
    const { added, reloaded } = registryChanges(before, this.#registry);
    return {
      added: added.map(({ name }) => name),
      reloaded: reloaded.map(({ generation }) => generation.name),
      served: this.#registry.list(),
      problems: this.#registry.problems(),
      unreadable: this.#unreadable,
    };
  }

  /** Serves another directory. What runs goes on running. */
  async change(directory: string): Promise<void> {
    const former = this.#loaded;
    const changed = former.then(() => this.#change(directory));
    // One change after the other; where one fails, what was served before is served on.
    this.#loaded = changed.catch(() => former);
    await changed;
  }

  /** Ends the watcher; whatever is being loaded is no longer taken over. May be called twice. */
  async close(): Promise<void> {
    this.#state = "closed";
    await this.#reloader.close();
  }

  #createReport(): PluginReport {
    const { logger, served } = this.#options;
    return new PluginReport(logger, (generation, reason) => served.reloadFailed(generation, reason));
  }

  #createReloader(): Reloader {
    const { watch } = this.#options;
    const reloader: Reloader = new Reloader({
      directory: this.#directory,
      watch,
      check: () => this.#check(reloader),
      onWatchError: (error) => this.#report.watchError(error),
    });
    return reloader;
  }

  async #loadFirst(): Promise<void> {
    // Watched before it is read: a change in between is not missed.
    await this.#reloader.start();
    await this.#take(await this.#read(this.#directory));
  }

  async #change(directory: string): Promise<void> {
    if (directory === this.#directory) return;
    const registry = await this.#read(directory);
    await this.#reloader.close();
    if (this.#isClosed()) return;
    this.#directory = directory;
    this.#report = this.#createReport();
    this.#reloader = this.#createReloader();
    const reloader = this.#reloader;
    await this.#take(registry);
    await reloader.start();
    // Something may have changed since it was read.
    reloader.hint();
  }

  async #take(registry: PluginRegistry): Promise<void> {
    if (this.#isClosed()) return;
    this.#registry = registry;
    this.#options.served.replace(registry.list());
    for (const { name } of registry.list()) this.#options.onNewCode(name);
    this.#report.started(registry, this.#directory);
    await this.#reloader.include(filesOf(registry));
  }

  /** Takes over what changed; resolves with the time after which a problem may turn out to be one of the moment. */
  async #check(reloader: Reloader): Promise<number | undefined> {
    try {
      await this.#loaded;
      const registry = await loadPlugins(this.#directory, this.#options.load, this.#registry);
      if (reloader.isClosed()) return undefined;
      this.#unreadable = undefined;
      const nextLook = this.#apply(registry);
      await reloader.include(filesOf(registry));
      return nextLook;
    } catch (error) {
      this.#unreadable = messageOf(error);
      return reloader.isClosed() ? undefined : this.#report.unreadable(this.#directory, error, this.#registry);
    }
  }

  #apply(registry: PluginRegistry): number | undefined {
    const { served, onNewCode } = this.#options;
    const changes = registryChanges(this.#registry, registry);
    this.#registry = registry;
    for (const generation of changes.added) {
      served.add(generation);
      onNewCode(generation.name);
    }
    const staying = new Map<string, readonly StayingBinding[]>();
    for (const { generation } of changes.reloaded) {
      staying.set(generation.name, served.reload(generation));
      onNewCode(generation.name);
    }
    return this.#report.changed(changes, registry, staying);
  }

  async #read(directory: string): Promise<PluginRegistry> {
    try {
      return await loadPlugins(directory, this.#options.load);
    } catch (error) {
      throw new ServerError("SERVER_NO_PLUGINS_DIR", `${directory}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }
}

/** Every file whose change can matter, also to plugins that do not load yet. */
function filesOf(registry: PluginRegistry): string[] {
  const loaded = registry.list().flatMap(({ inputs }) => inputs);
  return [...new Set([...loaded, ...registry.problems().flatMap(({ files = [] }) => files)])];
}
