// Compiles the one plugin at a path, without a directory around it.
import { resolve } from "node:path";
import type { ModuleArtifact } from "../../channel/index.js";
import { compileSources } from "./compile-sources.js";
import { findPlugin } from "../scan.js";
import type { BuildRules } from "../verify-build.js";

/** The compiled plugin with the name that its file or folder gives it, or why there is none. */
export type CompiledPath = { readonly name: string; readonly artifact: ModuleArtifact } | { readonly reason: string };

export async function compilePath(path: string, options: BuildRules): Promise<CompiledPath> {
  const source = await findPlugin(resolve(path));
  if (source === undefined) return { reason: "there is no plugin" };
  if ("reason" in source) return source;
  const { compiled, problems } = await compileSources([source], options);
  const [item] = compiled;
  return item === undefined
    ? { reason: problems[0]?.problem.reason ?? "it does not compile" }
    : { name: source.name, artifact: item.artifact };
}
