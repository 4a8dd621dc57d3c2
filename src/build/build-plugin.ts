// Builds one plugin: checks its types, bundles it, reads it as a server would, stamps it and puts it in its place.
import { readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { findApiVersion, type Generation, type LoadOptions, loadPlugins, type FoundPlugin } from "../core/plugins/index.js";
import {
  type BuildStamp,
  hashFolder,
  readBuild,
  runningAbi,
  runningPlatform,
  type SigningKey,
  writeBuild,
} from "../core/signing/index.js";
import { BuildError } from "./build-error.js";
import { doorsOf } from "./bundle-contents.js";
import { bundlePlugin, OLDEST_NODE, type PluginBundle } from "./bundle-plugin.js";
import { checkTypes } from "./check-types.js";
import { requirePlugin } from "./require-plugin.js";
import { onStage, type Stage } from "./stage.js";

export interface BuildOptions {
  /** Where the file goes: a plugins directory. */
  readonly out: string;
  /** The version of this package. */
  readonly version: string;
  readonly key: SigningKey | undefined;
  /** How a server would load it. */
  readonly load: LoadOptions;
}

export interface BuiltPlugin {
  readonly file: string;
  /** The folder beside it, where there is native code. */
  readonly nativeFolder: string | undefined;
  readonly stamp: BuildStamp;
  readonly size: number;
  readonly warnings: readonly string[];
}

/** @throws {BuildError} saying what is wrong with the plugin at `path`, a file or a folder. */
export async function buildPlugin(path: string, options: BuildOptions): Promise<BuiltPlugin> {
  const source = await requirePlugin(path);
  const entry = await realpath(source.entry);
  await checkTypes(entry, options.load.api);
  return onStage(options.out, async ({ folder, stage }) => {
    const nativeFolder = `${source.name}.native`;
    const bundle = await bundlePlugin({ entry, folder, name: source.name, nativeFolder, doors: doorsOf(options.load.api) });
    return finish(source, entry, bundle, { stage, folder, nativeFolder }, options);
  });
}

interface Places extends Stage {
  readonly nativeFolder: string;
}

async function finish(
  source: FoundPlugin,
  entry: string,
  bundle: PluginBundle,
  places: Places,
  options: BuildOptions,
): Promise<BuiltPlugin> {
  const { stage, folder, nativeFolder } = places;
  const extension = bundle.format === "esm" ? ".mjs" : ".cjs";
  const staged = join(stage, `${source.name}${extension}`);
  const native = await stageNative(bundle, join(stage, nativeFolder));
  const stampWith = (plugin: string, version: string): BuildStamp => ({
    plugin,
    version,
    api: findApiVersion(dirname(entry), options.load.api) ?? options.load.api.version,
    build: options.version,
    node: `>=${OLDEST_NODE}`,
    ...(native === undefined ? {} : { native: { ...native, folder: nativeFolder } }),
  });
  // Stamped with what is known so far: a server will not look at it otherwise than at what is built in the end.
  await writeFile(staged, writeBuild(bundle.code, stampWith(source.name, "0"), undefined));
  const { name, metadata, warnings } = await readAsServer(stage, options.load);
  const stamp = stampWith(name, metadata.version);
  const bytes = writeBuild(bundle.code, stamp, options.key);
  await writeFile(staged, bytes);
  if (native !== undefined) {
    await rm(join(folder, nativeFolder), { recursive: true, force: true });
    await rename(join(stage, nativeFolder), join(folder, nativeFolder));
  }
  const file = join(folder, `${name}${extension}`);
  await rename(staged, file);
  await removeOtherFormat(folder, name, extension);
  return {
    file,
    nativeFolder: native === undefined ? undefined : join(folder, nativeFolder),
    stamp,
    size: bytes.length,
    warnings,
  };
}

async function stageNative(
  { native }: PluginBundle,
  folder: string,
): Promise<{ sha256: string; abi: string; platform: string } | undefined> {
  if (native.isEmpty) return undefined;
  await native.copyTo(folder);
  const sha256 = await hashFolder(folder);
  if (sha256 === undefined)
    throw new BuildError("BUILD_BUNDLE", `the native code in ${basename(folder)} has links in it that cannot be copied`);
  return { sha256, abi: runningAbi(), platform: runningPlatform() };
}

/** Loads what is built, with nothing else around. */
async function readAsServer(stage: string, load: LoadOptions): Promise<Generation> {
  const registry = await loadPlugins(stage, { ...load, trustedKeys: [] });
  const [plugin] = registry.list();
  if (plugin !== undefined) return plugin;
  const reasons = registry.problems().map(({ reason }) => reason.replaceAll(`${stage}/`, ""));
  throw new BuildError("BUILD_NOT_SERVED", reasons.join("; "));
}

/** A plugin that changed from CommonJS to an ES module, or back, would be there twice. */
async function removeOtherFormat(folder: string, name: string, extension: string): Promise<void> {
  const other = join(folder, `${name}${extension === ".mjs" ? ".cjs" : ".mjs"}`);
  // None is there, or none that can be read: a server says so then.
  const bytes = await readFile(other).catch(() => undefined);
  if (bytes !== undefined && readBuild(bytes).kind === "built") await rm(other);
}
