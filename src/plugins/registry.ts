// Owns the plugins that are served, by name, and the reasons why others are not.
import type { ModuleArtifact, PluginMetadata } from "../channel/index.js";

/** One loaded version of a plugin: code and what it says of itself, both fixed. */
export interface Generation {
  readonly name: string;
  /** The file or folder it came from. */
  readonly path: string;
  readonly artifact: ModuleArtifact;
  readonly metadata: PluginMetadata;
  /** Every local file that went into its code. */
  readonly inputs: readonly string[];
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
}

export class PluginRegistry {
  readonly #generations = new Map<string, Generation>();
  #problems: PluginProblem[] = [];

  /** Takes a generation in, or says why not: one name, one plugin. */
  add(generation: Generation): PluginProblem | undefined {
    const taken = this.#generations.get(generation.name);
    if (taken === undefined) {
      this.#generations.set(generation.name, generation);
      return undefined;
    }
    const { name, path } = generation;
    return { name, path, reason: `the name ${name} is taken by ${taken.path}; rename one of them` };
  }

  addProblem(problem: PluginProblem): void {
    this.#problems.push(problem);
  }

  /** The same plugins, with these problems. */
  withProblems(problems: readonly PluginProblem[]): PluginRegistry {
    const copy = new PluginRegistry();
    for (const generation of this.#generations.values()) copy.add(generation);
    copy.#problems = [...problems];
    return copy;
  }

  get(name: string): Generation | undefined {
    return this.#generations.get(name);
  }

  problem(name: string): PluginProblem | undefined {
    return this.#problems.find((problem) => problem.name === name);
  }

  /** In alphabetical order: a dump must not change from run to run. */
  list(): Generation[] {
    return [...this.#generations.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  problems(): readonly PluginProblem[] {
    return this.#problems;
  }
}
