// Compiles all the plugins of a directory, each for itself: what does not compile is a problem of its own.
import { messageOf } from "../../model/index.js";
import { digestOf } from "../cache/disk-view.js";
import { createCompiler, type PluginArtifact } from "./compile.js";
import type { Dependencies } from "../cache/dependencies.js";
import { type PluginInput, PluginLoadError } from "../plugin-load-error.js";
import type { PluginProblem } from "../registry/registry.js";
import type { FoundPlugin } from "../scan.js";
import type { BuildRules } from "../verify-build.js";

export interface CompiledSource {
  readonly source: FoundPlugin;
  readonly artifact: PluginArtifact;
  /** Stands for everything that makes the plugin: two that are equal behave alike. */
  readonly content: string;
}

/** Why one has no text. */
export interface CompileFailure {
  readonly source: FoundPlugin;
  readonly problem: PluginProblem;
  readonly inputs: readonly PluginInput[];
  readonly dependencies: Dependencies | undefined;
}

export interface CompiledSources {
  readonly compiled: readonly CompiledSource[];
  readonly problems: readonly CompileFailure[];
}

/** esbuild runs while this does, and no longer. */
export async function compileSources(sources: readonly FoundPlugin[], options: BuildRules): Promise<CompiledSources> {
  const compiler = createCompiler(options);
  const compiled: CompiledSource[] = [];
  const problems: CompileFailure[] = [];
  try {
    const outcomes = await Promise.all(
      sources.map(async (source): Promise<CompiledSource | CompileFailure> => {
        try {
          const artifact = await compiler.compile(source);
          return { source, artifact, content: contentOf(artifact) };
        } catch (error) {
          return compileFailure(source, error);
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

function compileFailure(source: FoundPlugin, error: unknown): CompileFailure {
  const { name, root, entry } = source;
  const { inputs, dependencies } = error instanceof PluginLoadError ? error : { inputs: [], dependencies: undefined };
  const problem = {
    name,
    path: root,
    reason: messageOf(error),
    content: digestOf(JSON.stringify(inputs)),
    files: [entry, ...inputs.map(({ path }) => path)],
  };
  return { source, problem, inputs, dependencies };
}
