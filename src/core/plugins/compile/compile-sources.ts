// Compiles all the plugins of a directory, each for itself: what does not compile is a problem of its own.
import { messageOf } from "../../model/index.js";
import { digestOf } from "../cache/disk-view.js";
import { createCompiler, type PluginArtifact } from "./compile.js";
import { PluginLoadError } from "../plugin-load-error.js";
import type { PluginProblem } from "../registry/registry.js";
import type { FoundPlugin } from "../scan.js";
import type { BuildRules } from "../verify-build.js";

export interface CompiledSource {
  readonly source: FoundPlugin;
  readonly artifact: PluginArtifact;
  /** Stands for everything that makes the plugin: two that are equal behave alike. */
  readonly content: string;
}

export interface CompiledSources {
  readonly compiled: readonly CompiledSource[];
  readonly problems: readonly PluginProblem[];
}

/** esbuild runs while this does, and no longer. */
export async function compileSources(sources: readonly FoundPlugin[], options: BuildRules): Promise<CompiledSources> {
  const compiler = createCompiler(options);
  const compiled: CompiledSource[] = [];
  const problems: PluginProblem[] = [];
  try {
    const outcomes = await Promise.all(
      sources.map(async (source): Promise<CompiledSource | PluginProblem> => {
        try {
          const artifact = await compiler.compile(source);
          return { source, artifact, content: contentOf(artifact) };
        } catch (error) {
          return compileProblem(source, error);
        }
      }),
    );
    for (const outcome of outcomes) {
      if ("artifact" in outcome) compiled.push(outcome);
      else problems.push(outcome);
    }
  } finally {
    await compiler.close();
  }
  return { compiled, problems };
}

function contentOf({ entry, format, code, packages, apiVersion, stamp }: PluginArtifact): string {
  return digestOf(JSON.stringify([entry, format, code, packages, apiVersion, stamp]));
}

function compileProblem({ name, root, entry }: FoundPlugin, error: unknown): PluginProblem {
  const reason = messageOf(error);
  const inputs = error instanceof PluginLoadError ? error.inputs : [];
  return {
    name,
    path: root,
    reason,
    content: digestOf(JSON.stringify(inputs)),
    files: [entry, ...inputs.map(({ path }) => path)],
  };
}
