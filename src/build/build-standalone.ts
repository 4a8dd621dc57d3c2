// Builds one plugin as an executable, with Node.js in it or without: checks its types, reads it as a server would, bundles it with the embedded
// server, runs it.
import { execFile } from "node:child_process";
import { chmod, realpath, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findApiVersion, type Generation, loadPlugin, type LoadOptions } from "../core/plugins/index.js";
import { type NodeCommand, nodeCommand } from "../core/runtime/index.js";
import { BuildError } from "./build-error.js";
import { bundleProgram } from "./bundle-program.js";
import { checkTypes } from "./check-types.js";
import { programContents, writeExecutable } from "./executable.js";
import type { NodeBinary } from "./node-binary.js";
import { requirePlugin } from "./require-plugin.js";
import { onStage } from "./stage.js";

export interface StandaloneOptions {
  /** Where the executable goes. */
  readonly out: string;
  /** The version of this package. */
  readonly version: string;
  /** Absolute path of `pluginserver/server`. */
  readonly serverEntry: string;
  /** The Node.js that is to be in it; without one, the executable needs one where it runs. */
  readonly node: NodeBinary | undefined;
  /** How a server would load it. */
  readonly load: LoadOptions;
}

export interface StandalonePlugin {
  readonly name: string;
  readonly version: string;
  /** The version of the plugin API in it. */
  readonly api: string;
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds that a dump takes, from the start of the process to its end; undefined where this machine does not run it. */
  readonly dumpTime: number | undefined;
  readonly warnings: readonly string[];
}

const EXECUTABLE = 0o755;

/** @throws {BuildError} saying what is wrong with the plugin at `path`, a file or a folder. */
export async function buildStandalone(path: string, options: StandaloneOptions): Promise<StandalonePlugin> {
  const { load, version, serverEntry } = options;
  const source = await requirePlugin(path);
  const entry = await realpath(source.entry);
  await checkTypes(entry, load.api);
  const generation = await loadPlugin(source.root, load);
  if ("reason" in generation) throw new BuildError("BUILD_NOT_SERVED", generation.reason);
  const { name, metadata, artifact, warnings } = generation;
  const text = await bundleProgram({
    entry,
    format: artifact.format,
    root: source.root === source.entry ? dirname(entry) : await realpath(source.root),
    title: `${name} ${metadata.version}, built by pluginserver ${version}`,
    api: load.api,
    serverEntry,
  });
  const { file, dumpTime } = await install(text, generation, options);
  const api = findApiVersion(dirname(entry), load.api) ?? load.api.version;
  const { size } = await stat(file);
  return { name, version: metadata.version, api, file, size, dumpTime, warnings };
}

/** Puts the file in its place when it has shown that it runs. */
function install(
  text: string,
  { name }: Generation,
  { out, load, node }: StandaloneOptions,
): Promise<Pick<StandalonePlugin, "file" | "dumpTime">> {
  return onStage(out, async ({ folder, stage }) => {
    const staged = join(stage, name);
    if (node === undefined) await writeFile(staged, text, { mode: EXECUTABLE });
    else await writeExecutable(programContents(text), node, staged, stage);
    await chmod(staged, EXECUTABLE);
    const command =
      node === undefined
        ? nodeCommand({ script: staged, args: ["-dump"], env: process.env })
        : { file: staged, args: ["-dump"], env: process.env };
    let dumpTime: number | undefined;
    if (node?.runs !== false) {
      const start = performance.now();
      const dumped = await dumpedName(command, load.loadTimeout);
      dumpTime = performance.now() - start;
      if (dumped !== name) throw new BuildError("BUILD_NOT_SERVED", `it calls itself ${dumped} once and ${name} once`);
    }
    const file = join(folder, name);
    await rename(staged, file);
    return { file, dumpTime };
  });
}

/** The plugin that the executable says it is, asked as a gateway asks it. */
function dumpedName({ file, args, env }: NodeCommand, timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { env, timeout }, (error, stdout, stderr) => {
      const failed = (cause: unknown): void => {
        const reason = stderr.trim() === "" ? `it does not answer to -dump within ${timeout} ms` : stderr.trim();
        reject(new BuildError("BUILD_NOT_SERVED", reason, { cause }));
      };
      if (error !== null) return failed(error);
      try {
        resolve((JSON.parse(stdout) as { Plugins: [{ Name: string }] }).Plugins[0].Name);
      } catch (cause) {
        failed(cause);
      }
    });
  });
}
