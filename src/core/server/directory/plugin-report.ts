// Tells the operator what became of the plugins directory: each thing once, and nothing that is only of the moment.
import { messageOf } from "../../model/index.js";
import type { Logger } from "pino";
import type { Generation, PluginProblem, PluginRegistry, RegistryChanges, Reload } from "../../plugins/index.js";
import type { StayingBinding } from "../served-plugins.js";
import { Settling } from "./settling.js";
import { tellStaying } from "./tell-staying.js";

type Trouble =
  | { readonly kind: "problem"; readonly problem: PluginProblem; readonly served: Generation | undefined }
  | { readonly kind: "gone"; readonly generation: Generation }
  | { readonly kind: "unreadable"; readonly directory: string; readonly reason: string };

/** A file that does not load may be half written, one that is gone may come back: told when it lasts this long (ms). */
const PATIENCE = 500;

export class PluginReport {
  readonly #logger: Logger;
  readonly #onFailedReload: (served: Generation, reason: string) => void;
  readonly #troubles = new Settling<Trouble>();

  /** `onFailedReload` hears of each change of a plugin that does not load. */
  constructor(logger: Logger, onFailedReload: (served: Generation, reason: string) => void = () => {}) {
    this.#logger = logger;
    this.#onFailedReload = onFailedReload;
  }

  /** The first load: it is told as it is. */
  started(registry: PluginRegistry, directory: string): void {
    for (const trouble of this.#troubles.see(troublesOf(registry), 0).toTell) this.#tell(trouble);
    for (const generation of registry.list()) this.#warn(generation, generation.warnings);
    const plugins = registry.list().map(({ name }) => name);
    this.#logger.info({ plugins }, `serving ${plugins.length} plugins from ${directory}`);
  }

  /** A later load, with what it changed. Returns the milliseconds until there may be more to tell. */
  changed(
    { added, reloaded }: RegistryChanges,
    registry: PluginRegistry,
    staying: ReadonlyMap<string, readonly StayingBinding[]>,
  ): number | undefined {
    for (const generation of added) this.#tellAdded(generation);
    for (const reload of reloaded) {
      this.#tellReloaded(reload);
      tellStaying(this.#logger, reload.generation.name, staying.get(reload.generation.name) ?? []);
    }
    return this.#settle(troublesOf(registry), registry);
  }

  /** The directory could not be read. Returns the milliseconds until there may be more to tell. */
  unreadable(directory: string, error: unknown, registry: PluginRegistry): number | undefined {
    const reason = messageOf(error);
    const unreadable: Trouble = { kind: "unreadable", directory, reason };
    // Nothing is known of the plugins now, so nothing that was told of them is over.
    return this.#settle(new Map([...troublesOf(registry), [`unreadable ${reason}`, unreadable]]), registry);
  }

  watchError(error: Error): void {
    this.#logger.error(`changes of plugins may go unnoticed, SIGHUP looks for them: ${error.message}`);
  }

  #settle(troubles: ReadonlyMap<string, Trouble>, registry: PluginRegistry): number | undefined {
    const { toTell, over, nextLook } = this.#troubles.see(troubles, PATIENCE);
    for (const trouble of over) this.#tellOver(trouble, registry);
    for (const trouble of toTell) this.#tell(trouble);
    return nextLook;
  }

  #tellAdded(generation: Generation): void {
    const { name, path } = generation;
    this.#warn(generation, generation.warnings);
    this.#logger.info({ plugin: name, path }, `plugin ${name} is new: the gateway learns of it when it is reloaded`);
  }

  #tellReloaded({ generation, former, announced }: Reload): void {
    const { name, path, metadata } = generation;
    const news = generation.warnings.filter((warning) => !former.warnings.includes(warning));
    this.#warn(generation, news, former);
    this.#logger.info({ plugin: name, path }, `plugin ${name} was reloaded`);
    if (announced.length > 0)
      this.#logger.warn(
        { plugin: name },
        `the ${announced.join(" and ")} of plugin ${name} changed: reload the gateway for it to see that`,
      );
    if (metadata.isolation !== former.metadata.isolation)
      this.#logger.warn({ plugin: name }, `the isolation of plugin ${name} changed: it holds when the server is started again`);
  }

  #tell(trouble: Trouble): void {
    switch (trouble.kind) {
      case "problem":
        return this.#tellProblem(trouble.problem, trouble.served);
      case "gone": {
        const { name, path } = trouble.generation;
        const text = `plugin ${name} is gone from the directory: it is served until the server ends`;
        return this.#logger.warn({ plugin: name, path }, text);
      }
      case "unreadable": {
        const { directory, reason } = trouble;
        const text = `the plugins directory cannot be read, its plugins are served as they are: ${reason}`;
        return this.#logger.error({ path: directory }, text);
      }
    }
  }

  #tellProblem({ name, path, reason }: PluginProblem, served: Generation | undefined): void {
    const text =
      served === undefined
        ? `plugin ${name} is not served: ${reason}`
        : `plugin ${served.name} is not reloaded, its former version goes on: ${reason}`;
    this.#logger.error({ plugin: served?.name ?? name, path }, text);
    if (served !== undefined) this.#onFailedReload(served, reason);
  }

  /** Says that what was told is no more, where no reload says so and nothing else is wrong in its place. */
  #tellOver(trouble: Trouble, registry: PluginRegistry): void {
    if (trouble.kind === "unreadable") {
      this.#logger.info({ path: trouble.directory }, "the plugins directory can be read again");
      return;
    }
    const generation = trouble.kind === "gone" ? trouble.generation : trouble.served;
    if (generation === undefined || registry.get(generation.name) !== generation || registry.gone().includes(generation)) return;
    const { name, path } = generation;
    if (registry.problems().some((problem) => registry.servedFrom(problem.path) === generation)) return;
    this.#logger.info({ plugin: name, path }, `plugin ${name} is what it was before: there is nothing to reload`);
  }

  /** What is known of a former generation is not told again. */
  #warn({ name, effects }: Generation, warnings: readonly string[], former?: Generation): void {
    for (const warning of warnings) this.#logger.warn({ plugin: name }, `plugin ${name}: ${warning}`);
    const news = effects.filter((effect) => former?.effects.includes(effect) !== true);
    for (const effect of news) this.#logger.warn({ plugin: name }, `plugin ${name} ${effect}`);
  }
}

/** By what makes each the same as at another time. */
function troublesOf(registry: PluginRegistry): Map<string, Trouble> {
  const troubles = new Map<string, Trouble>();
  for (const problem of registry.problems()) {
    const { path, reason, content = "" } = problem;
    troubles.set(`problem ${path} ${content} ${reason}`, { kind: "problem", problem, served: registry.servedFrom(path) });
  }
  for (const generation of registry.gone()) troubles.set(`gone ${generation.name}`, { kind: "gone", generation });
  return troubles;
}
