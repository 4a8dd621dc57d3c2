// Compiles plugins out of the files that a test gives, with one compiler for each test file.
import { afterAll, expect } from "vitest";
import { type Compiler, createCompiler, type PluginArtifact } from "../../../../src/core/plugins/compile/compile.js";
import { evaluateInWorker } from "./evaluate-in-worker.js";
import { fileSource, pluginsDirectory } from "./plugin-files.js";
import { SERVER_API } from "./server-api.js";

export const compiler: Compiler = createCompiler({
  api: SERVER_API,
  versionMatch: "exact",
  trustedKeys: [],
});
afterAll(() => compiler.close());

/** Compiles the first of the files. */
export async function compile(files: Record<string, string>): Promise<PluginArtifact> {
  const directory = await pluginsDirectory(files);
  return compiler.compile(fileSource(directory, Object.keys(files)[0] ?? ""));
}

/** What the first file's `probe` returns. */
export async function probe(files: Record<string, string>): Promise<unknown> {
  const outcome = await evaluateInWorker(await compile(files));
  if (!outcome.ok) throw new Error(outcome.stack);
  return outcome.value;
}

export async function failure(files: Record<string, string>): Promise<unknown> {
  return compile(files).then(
    () => expect.fail("it compiled"),
    (error: unknown) => error,
  );
}

/** These files in a package of this name. */
export const installed = (name: string, files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`node_modules/${name}/${path}`, text]));
