// Owns what the plugins directory has to offer: loads it, takes changes over while traffic flows, and tells the operator.
import type { Logger } from "pino";
import {
  type Generation,
  type LoadOptions,
  loadPlugins,
  type PluginProblem,
  PluginRegistry,
  type RegistryChanges,
  registryChanges,
} from "../plugins/index.js";
import { ServerError } from "./errors.js";
import { Reloader } from "./reloader.js";
import type { ServedPlugins } from "./served-plugins.js";

export interface PluginDirectoryOptions {
  readonly directory: string;
  /** Whether changes are noticed by themselves, or only when asked for. */
  readonly watch: boolean;
  readonly load: LoadOptions;
  readonly served: ServedPlugins;
  readonly logger: Logger;
}

export class PluginDirectory {
  readonly #options: PluginDirectoryOptions;
  readonly #logger: Logger;
  #directory: string;
  #reloader: Reloader;
  #registry = new PluginRegistry();
  #loaded: Promise<unknown> = Promise.resolve();
  /** Problems seen once: a file may be half written, so they are told when they are seen again. */
  #suspected: readonly PluginProblem[] = [];
  readonly #gone = new Set<string>();

  constructor(options: PluginDirectoryOptions) {
    this.#options = options;
    this.#logger = options.logger;
    this.#directory = options.directory;
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

  /** Looks for changes now. */
  reload(): void {
    this.#reloader.request();
  }

  /** Serves another directory. What runs goes on running. */
  async change(directory: string): Promise<void> {
    await this.#loaded;
    if (directory === this.#directory) return;
    const registry = await this.#read(directory, undefined);
    await this.#reloader.close();
    this.#directory = directory;
    this.#take(registry);
    this.#reloader = this.#createReloader();
    await this.#reloader.start();
    this.#reloader.include(this.#files());
    // Something may have changed since it was read.
    this.reload();
  }

  async close(): Promise<void> {
    await this.#reloader.close();
  }

  #createReloader(): Reloader {
    const { watch } = this.#options;
    return new Reloader({
      directory: this.#directory,
      watch,
      check: () => this.#check(),
      onError: (error) => this.#logger.error(`the plugins are not reloaded: ${error.message}`),
    });
  }

  async #loadFirst(): Promise<void> {
    // Watched before it is read: a change in between is not missed.
    await this.#reloader.start();
    const registry = await this.#read(this.#directory, undefined);
    for (const problem of registry.problems()) this.#tellProblem(problem);
    this.#take(registry);
    this.#reloader.include(this.#files());
  }

  #take(registry: PluginRegistry): void {
    this.#registry = registry;
    const generations = registry.list();
    for (const generation of generations) this.#warnOfBuffering(generation);
    this.#options.served.replace(generations);
    const plugins = generations.map(({ name }) => name);
    this.#logger.info({ plugins }, `serving ${plugins.length} plugins from ${this.#directory}`);
  }

  /** Takes over what changed; true where a problem may be one of the moment. */
  async #check(): Promise<boolean> {
    await this.#loaded;
    const registry = await this.#read(this.#directory, this.#registry);
    const changes = registryChanges(this.#registry, registry);
    const unsettled = changes.problems.some(
      ({ path, reason }) => !this.#suspected.some((seen) => seen.path === path && seen.reason === reason),
    );
    this.#suspected = changes.problems;
    if (unsettled) {
      // What did load is taken over at once; the problems count as unseen until they are seen again.
      this.#apply({ ...changes, problems: [] });
      this.#registry = registry.withProblems(this.#registry.problems());
      return true;
    }
    this.#apply(changes);
    this.#registry = registry;
    return false;
  }

  #apply(changes: RegistryChanges): void {
    const { served } = this.#options;
    for (const problem of changes.problems) this.#tellProblem(problem);
    for (const generation of changes.added) {
      served.add(generation);
      this.#warnOfBuffering(generation);
      this.#logger.info(
        { plugin: generation.name, path: generation.path },
        `plugin ${generation.name} is new: the gateway learns of it when it is reloaded`,
      );
    }
    for (const generation of changes.reloaded) {
      served.reload(generation);
      this.#logger.info({ plugin: generation.name, path: generation.path }, `plugin ${generation.name} was reloaded`);
    }
    for (const { name, what } of changes.needGatewayReload)
      this.#logger.warn(
        { plugin: name },
        `the ${what.join(" and ")} of plugin ${name} changed: reload the gateway for it to see that`,
      );
    for (const { name, path } of changes.removed) this.#tellGone(name, path);
    this.#reloader.include(this.#files());
  }

  #tellGone(name: string, path: string): void {
    if (this.#gone.has(path)) return;
    this.#gone.add(path);
    this.#logger.warn({ plugin: name, path }, `plugin ${name} is gone from the directory: it is served until the server ends`);
  }

  #tellProblem({ name, path, reason }: PluginProblem): void {
    const served = this.#registry.get(name);
    const what = served === undefined ? "is not served" : "is not reloaded, its former version goes on";
    this.#logger.error({ plugin: name, path }, `plugin ${name} ${what}: ${reason}`);
  }

  #warnOfBuffering({ name, metadata }: Generation): void {
    if (!metadata.phases.includes("response")) return;
    this.#logger.warn(
      { plugin: name },
      `plugin ${name} has a response handler: the gateway will buffer every response of its routes, which breaks event streams`,
    );
  }

  async #read(directory: string, previous: PluginRegistry | undefined): Promise<PluginRegistry> {
    try {
      return await loadPlugins(directory, this.#options.load, previous);
    } catch (error) {
      throw new ServerError("SERVER_NO_PLUGINS_DIR", `${directory}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }

  #files(): string[] {
    return this.#registry.list().flatMap(({ inputs }) => inputs);
  }
}
