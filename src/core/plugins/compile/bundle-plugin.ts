// Bundles a plugin's files into one text with esbuild, in the format that its entry is written in.
import { randomUUID } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { build, type BuildOptions, type BuildResult } from "esbuild";
import { type Dependencies, dependenciesOf, type Resolution } from "../cache/dependencies.js";
import type { PluginApi } from "../plugin-api.js";
import type { PluginInput } from "../plugin-load-error.js";
import type { FoundPlugin } from "../scan.js";
import { bundledPath, BundleSources, FILE_META_DEFINES } from "./bundle-sources.js";
import { compileError } from "./compile-error.js";

/** A plugin on its way through the compiler. */
export interface Compilation {
  readonly source: FoundPlugin;
  /** Where the entry really lies: esbuild, like Node.js, sees through symbolic links. */
  readonly realEntry: string;
  readonly api: PluginApi;
  /** The text of a built plugin, as it was verified. */
  readonly built: Buffer | undefined;
}

export interface Bundle {
  readonly code: string;
  readonly map: string;
  readonly sources: BundleSources;
  readonly entryFormat: "esm" | "cjs";
}

/**
 * Bundles in the format the entry is written in, which esbuild knows only afterwards: a wrong guess costs a second round.
 * It may also be why the first one failed: only CommonJS can be sloppy, only an ES module can await at its top level.
 */
export async function bundleAsWritten(compilation: Compilation, guess: "esm" | "cjs"): Promise<Bundle> {
  const other = guess === "esm" ? "cjs" : "esm";
  let first: Bundle;
  try {
    first = await bundleSources(compilation, guess);
  } catch (error) {
    // Where both fail, what the first says is told: it is about the format that the file looks like.
    const second = await bundleSources(compilation, other).catch(() => undefined);
    if (second?.entryFormat === other) return second;
    throw error;
  }
  return first.entryFormat === guess ? first : bundleSources(compilation, other);
}

async function bundleSources(compilation: Compilation, format: "esm" | "cjs"): Promise<Bundle> {
  const { source, realEntry, api, built } = compilation;
  const sources = new BundleSources({ entry: realEntry, format, api, nonce: `external-${randomUUID()}`, built });
  // A tsconfig.json that lies about is no part of what was built.
  const sealed = built === undefined ? {} : { tsconfigRaw: "{}" };
  const options = { ...bundleOptions(realEntry, format), ...sealed, plugins: [sources.asPlugin()] };
  try {
    return toBundle(await runEsbuild(options), realEntry, sources);
  } catch (error) {
    throw compileError(error, source, realEntry, {
      inputs: inputsOf(sources),
      dependencies: failureDependencies(compilation, sources),
    });
  }
}

/** Of a plugin that is no link, whose packages are all there: how a package that is not found could be found is for its own files to say. */
function failureDependencies({ source, realEntry, api, built }: Compilation, sources: BundleSources): Dependencies | undefined {
  const { inputs, resolutions, addons } = sources;
  const isSure = ({ specifier, found }: Resolution): boolean => found !== undefined || /^\.{1,2}(?:\/|$)/.test(specifier);
  if (built !== undefined || source.entry !== realEntry || !resolutions.every(isSure)) return undefined;
  return dependenciesOf({
    names: [source.entry],
    realEntry,
    inputs: [...inputs.keys()],
    besides: [...addons, ...sources.packages()],
    resolutions,
    api: api.package,
  });
}

function bundleOptions(realEntry: string, format: "esm" | "cjs"): BuildOptions {
  const folder = dirname(realEntry);
  return {
    absWorkingDir: folder,
    entryPoints: [realEntry],
    // Nothing is written; the place is what paths in the source map are relative to.
    outfile: join(folder, "bundle.js"),
    write: false,
    bundle: true,
    metafile: true,
    platform: "node",
    target: "node20.19",
    format,
    sourcemap: "external",
    sourcesContent: true,
    keepNames: true,
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    // esbuild's defaults add "module", which is for bundlers: Node.js could not load what that names.
    conditions: [],
    mainFields: ["main"],
    resolveExtensions: [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".json", ".node"],
    define: FILE_META_DEFINES,
  };
}

/** A tsconfig.json that esbuild cannot use is none of the plugin's: it is left out. */
async function runEsbuild(options: BuildOptions): Promise<BuildResult> {
  try {
    return await build(options);
  } catch (error) {
    if (!blamesTsconfig(error)) throw error;
    return await build({ ...options, tsconfigRaw: "{}" });
  }
}

function blamesTsconfig(error: unknown): boolean {
  if (!(error instanceof Error) || !("errors" in error) || !Array.isArray(error.errors)) return false;
  return error.errors.some(
    (message: { location?: { file?: string } | null }) => message.location?.file?.endsWith(".json") === true,
  );
}

function toBundle(result: BuildResult, realEntry: string, sources: BundleSources): Bundle {
  const textOf = (suffix: string): string => result.outputFiles?.find(({ path }) => path.endsWith(suffix))?.text ?? "";
  const folder = dirname(realEntry);
  const input = Object.entries(result.metafile?.inputs ?? {}).find(([path]) => resolve(folder, bundledPath(path)) === realEntry);
  const isCommonJs = input?.[1].format === "cjs" || /\.c[jt]s$/.test(realEntry);
  return { code: textOf(".js"), map: textOf(".map"), sources, entryFormat: isCommonJs ? "cjs" : "esm" };
}

export function inputsOf({ inputs }: BundleSources): PluginInput[] {
  return [...inputs].map(([path, sha256]) => ({ path, sha256 }));
}
