// Compiles a plugin into an artifact: one text that any isolate can evaluate, whatever happens to the files afterwards.

import { readFile, realpath } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { messageOf } from "../../model/index.js";
import { stop } from "esbuild";
import { type Dependencies, dependenciesOf } from "../cache/dependencies.js";
import { digestOf } from "../cache/disk-view.js";
import { bundleAsWritten, inputsOf } from "./bundle-plugin.js";
import { bundledPath } from "./bundle-sources.js";
import { esmToFunction } from "./esm-function.js";
import { looksLikeEsm } from "./module-syntax.js";
import { findApiVersion } from "../api-version.js";
import { type PluginInput, PluginLoadError } from "../plugin-load-error.js";
import type { FoundPlugin } from "../scan.js";
import { inlineSourceMap } from "./source-map.js";
import { type BuildRules, verifyBuild } from "../verify-build.js";
import type { BuildStamp } from "../../signing/index.js";

export interface PluginArtifact {
  /** Absolute path of the plugin's module, as the scan found it. */
  readonly entry: string;
  /** What the entry is written as, and so what its exports mean. */
  readonly format: "esm" | "cjs";
  /** A CommonJS text with its source map. For an ES module, `module.exports` is a promise of its exports. */
  readonly code: string;
  /** Every file that went into the text, the entry first. */
  readonly inputs: readonly PluginInput[];
  /** The manifests of the installed packages that it imports: other contents are other code. */
  readonly packages: readonly PluginInput[];
  /** The version of the plugin API it was built against, or of the one that its folder resolves, if there is one. */
  readonly apiVersion?: string;
  /** What a built plugin was stamped with. */
  readonly stamp?: BuildStamp;
  /** All that the text depends on, where that can be said. */
  readonly dependencies?: Dependencies;
  /** The folders of the packages that it loads, where it can load nothing else. */
  readonly loads?: readonly string[];
}

export interface Compiler {
  /** @throws {PluginLoadError} where a file cannot be read, parsed or resolved. */
  compile(source: FoundPlugin): Promise<PluginArtifact>;
  /** Waits for what is being compiled and ends the esbuild process when no other compiler uses it. */
  close(): Promise<void>;
}

/** Code that says only when it runs what it loads. */
const LOADS_BY_NAME = /\bimport\((?!["'])|\brequire\((?!["'])|\b__require\((?!["'])|\bcreateRequire\b/;

/** esbuild runs one child process per process, however many compilers there are. */
let compilersInUse = 0;

/** Starts esbuild with the first compilation. */
export function createCompiler(options: BuildRules): Compiler {
  const running = new Set<Promise<unknown>>();
  let state: "new" | "used" | "closed" = "new";
  return {
    async compile(source) {
      if (state === "closed") throw new Error("the compiler is closed");
      if (state === "new") compilersInUse += 1;
      state = "used";
      const compilation = compilePlugin(source, options);
      running.add(compilation);
      try {
        return await compilation;
      } finally {
        running.delete(compilation);
      }
    },
    async close() {
      const wasUsed = state === "used";
      state = "closed";
      await Promise.allSettled(running);
      if (!wasUsed) return;
      compilersInUse -= 1;
      if (compilersInUse === 0) await stop();
    },
  };
}

async function compilePlugin(source: FoundPlugin, options: BuildRules): Promise<PluginArtifact> {
  const bytes = await readEntry(source);
  const realEntry = await realpath(source.entry);
  const verdict = await verifyBuild(bytes, realEntry, options);
  if ("refusal" in verdict) throw entryFault(source, verdict.refusal, { bytes });
  const { stamp } = verdict;
  const { api } = options;
  const compilation = { source, realEntry, api, built: stamp === undefined ? undefined : bytes };
  const bundle = await bundleAsWritten(compilation, looksLikeEsm(bytes.toString("utf8")) ? "esm" : "cjs");
  const linked = await linkedPaths([...bundle.sources.inputs.keys()], source.entry, realEntry);
  const nameOf = (path: string): string => linked.get(path) ?? path;
  const isEsm = bundle.entryFormat === "esm";
  const code = isEsm ? esmToFunction(bundle.code, bundle.sources.externals) : bundle.code;
  const apiVersion = stamp?.api ?? findApiVersion(dirname(realEntry), api);
  const { inputs, resolutions, addons, isClosed } = bundle.sources;
  const packages = bundle.sources.packages();
  const dependencies = dependenciesOf({
    names: [source.entry, ...linked.values()],
    realEntry,
    inputs: [...inputs.keys()],
    besides: [...addons, ...packages],
    resolutions,
    api: api.package,
  });
  const loads = isClosed && !LOADS_BY_NAME.test(bundle.code) ? bundle.sources.packageFolders() : undefined;
  return {
    entry: source.entry,
    format: bundle.entryFormat,
    code: inlineSourceMap(code, bundle.map, {
      skippedLines: isEsm ? 1 : 0,
      sourcePath: (path) => nameOf(resolve(dirname(realEntry), bundledPath(path))),
    }),
    inputs: inputsOf(bundle.sources).map(({ path, sha256 }) => ({ path: nameOf(path), sha256 })),
    packages: await hashFiles(packages),
    ...(dependencies === undefined ? {} : { dependencies }),
    ...(loads === undefined ? {} : { loads }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(stamp === undefined ? {} : { stamp }),
  };
}

/** In alphabetical order; without those that cannot be read. */
async function hashFiles(paths: readonly string[]): Promise<PluginInput[]> {
  const hashed = await Promise.all(
    [...paths].sort().map(async (path) => {
      // Gone since: the next look at the directory finds that out.
      const bytes = await readFile(path).catch(() => undefined);
      return bytes === undefined ? [] : [{ path, sha256: digestOf(bytes) }];
    }),
  );
  return hashed.flat();
}

async function readEntry(source: FoundPlugin): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(source.entry);
  } catch (error) {
    throw entryFault(source, `cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (bytes.toString("utf8").trim() === "") throw entryFault(source, "is empty", { bytes });
  return bytes;
}

function entryFault(
  { entry, root }: FoundPlugin,
  text: string,
  { bytes, cause }: { readonly bytes?: Buffer; readonly cause?: unknown },
): PluginLoadError {
  const inputs = bytes === undefined ? [] : [{ path: entry, sha256: digestOf(bytes) }];
  return new PluginLoadError({ path: entry, label: relative(dirname(root), entry), text, inputs, cause });
}

/**
 * Real paths, by what they are called from where the plugin was found. A ConfigMap, for one, links `hello.ts` to a folder
 * with a time in its name, which no message should show and which the next version replaces.
 */
async function linkedPaths(paths: readonly string[], entry: string, realEntry: string): Promise<Map<string, string>> {
  const linked = new Map([[realEntry, entry]]);
  if (entry === realEntry) return linked;
  for (const path of paths) {
    const candidate = join(dirname(entry), relative(dirname(realEntry), path));
    // Not beside the link: it keeps its own path.
    const target = await realpath(candidate).catch(() => undefined);
    if (target === path) linked.set(path, candidate);
  }
  return linked;
}
