// Owns the plugins that are served, by name, and the reasons why others are not.
import { sep } from "node:path";
import type { ModuleArtifact, PluginMetadata } from "../../channel/index.js";

/** What a gateway says of a plugin. With errors it is not served. */
export interface DefinitionCheck {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  /** What serving it means for the gateway's traffic, as what is said of a plugin behind its name. */
  readonly effects: readonly string[];
  /** What the gateway reads at its own start alone, by what messages call it. */
  readonly announced: Readonly<Record<string, unknown>>;
}

/** One loaded version of a plugin: code and what it says of itself, both fixed. */
export interface Generation {
  readonly name: string;
  /** The file or folder it came from. */
  readonly path: string;
  readonly artifact: ModuleArtifact;
  readonly metadata: PluginMetadata;
  /** Stands for its code and the packages it imports: another content is another generation. */
  readonly content: string;
  /** Every local file that went into its code, and what else tells that it changed. */
  readonly inputs: readonly string[];
  /** What its author should know, though it is served. */
  readonly warnings: readonly string[];
  /** Which gateways it works with, where not with all. */
  readonly notes: readonly string[];
  /** What serving it means for the gateway's traffic. */
  readonly effects: readonly string[];
  /** What the gateway reads at its own start alone, by what messages call it. */
  readonly announced: Readonly<Record<string, unknown>>;
  /** The version of the plugin API that it was built against, where it names one. */
  readonly apiVersion?: string;
  /** Unix times in seconds. */
  readonly modified: number;
  readonly loaded: number;
}

/** A plugin that is in the directory but not served. */
export interface PluginProblem {
  readonly name: string;
  readonly path: string;
  /** One line: what is wrong, where, and what to do about it. */
  readonly reason: string;
  /** What it says of itself, where it got so far as to be read. */
  readonly metadata?: PluginMetadata;
  /** Each thing that is wrong by itself, where there is more than one. */
  readonly details?: readonly string[];
  /** What will not work as it looks, besides. */
  readonly warnings?: readonly string[];
  /** Stands for what was read, where it was: another content is another problem, if for the same reason. */
  readonly content?: string;
  /** The files that were read: a change of one of them may mend it. */
  readonly files?: readonly string[];
  /** Its module took long to fail, or hung. */
  readonly isSlow?: true;
}

export class PluginRegistry {
  readonly #generations = new Map<string, Generation>();
  readonly #gone = new Set<Generation>();
  readonly #problems: PluginProblem[] = [];
  #sorted: readonly Generation[] | undefined;

  /** Takes a generation in, or says why not: one name, one plugin. */
  add(generation: Generation): PluginProblem | undefined {
    const taken = this.#generations.get(generation.name);
    if (taken === undefined) {
      this.#generations.set(generation.name, generation);
      this.#sorted = undefined;
      return undefined;
    }
    return nameTaken(generation, taken);
  }

  /** Takes in what was served before and is not in the directory any more, where nobody else has its name. */
  addGone(generation: Generation): void {
    if (this.add(generation) === undefined) this.#gone.add(generation);
  }

  addProblem(problem: PluginProblem): void {
    this.#problems.push(problem);
  }

  get(name: string): Generation | undefined {
    return this.#generations.get(name);
  }

  /** The plugin whose file or folder this path is, or lies in. */
  servedFrom(path: string): Generation | undefined {
    const present = this.list().filter((generation) => !this.#gone.has(generation));
    return present.find((generation) => path === generation.path || path.startsWith(generation.path + sep));
  }

  problem(name: string): PluginProblem | undefined {
    return this.#problems.find((problem) => problem.name === name);
  }

  /** The same for those who serve only some of the plugins. */
  only(owns: (generation: Generation) => boolean): PluginRegistry {
    const part = new PluginRegistry();
    for (const generation of this.list().filter(owns)) {
      if (this.#gone.has(generation)) part.addGone(generation);
      else part.add(generation);
    }
    for (const problem of this.#problems) part.addProblem(problem);
    return part;
  }

  /** Why a plugin of this name is not served. */
  unavailable(name: string): string {
    const problem = this.problem(name);
    return problem === undefined
      ? `there is no plugin ${name} in the plugins directory`
      : `plugin ${name} is not served: ${problem.reason}`;
  }

  /** In alphabetical order: a dump must not change from run to run. */
  list(): readonly Generation[] {
    this.#sorted ??= [...this.#generations.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.#sorted;
  }

  /** Those of the list that are served although their files are gone. */
  gone(): readonly Generation[] {
    return [...this.#gone];
  }

  problems(): readonly PluginProblem[] {
    return this.#problems;
  }
}

function nameTaken({ name, path, content }: Generation, by: Generation): PluginProblem {
  return { name, path, reason: `the name ${name} is taken by ${by.path}; rename one of them`, content };
}
