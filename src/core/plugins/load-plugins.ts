// Loads a plugins directory: finds the modules, compiles them, reads what they say of themselves, checks them.
import { stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { performance } from "node:perf_hooks";
import type { ErrorInfo } from "../model/index.js";
import type { LogEntry, PluginMetadata } from "../channel/index.js";
import { type TransportLimits, scanModules } from "../isolates/index.js";
import { claimNames } from "./claim-names.js";
import type { PluginArtifact } from "./compile/compile.js";
import { type CompiledSource, compileSources } from "./compile/compile-sources.js";
import { checkApiVersion } from "./api-version.js";
import type { PluginApi, VersionMatch } from "./plugin-api.js";
import { type Generation, type PluginProblem, PluginRegistry } from "./registry.js";
import { findPlugin, type FoundPlugin, scanPluginsDirectory } from "./scan.js";
import type { BuildRules } from "./verify-build.js";

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

export interface LoadOptions extends BuildRules {
  /** How long one module may take to load, in milliseconds. */
  readonly loadTimeout: number;
  /** URL of the module that is the gateway's half in an isolate. */
  readonly gatewayWorker: string;
  /** Whether the gateway would take the plugin, and what of it may surprise. */
  readonly checkDefinition: (metadata: PluginMetadata, source: FoundPlugin) => DefinitionCheck;
  /** What the isolate that reads the modules may use. */
  readonly limits: TransportLimits;
  /** Whether its plugins are to be served, so that one whose `init` fails does not load. */
  readonly runsInit?: boolean;
  /** A line that a plugin printed while it was loaded. */
  readonly onPluginLog: (plugin: string, entry: LogEntry) => void;
}

/** A module that fails later than this is not tried again while it is the same: in milliseconds, for all that were read. */
const SLOW = 2000;

/**
 * Loads what `directory` holds. A plugin that does not load is a problem of its own; all others are served.
 *
 * With `previous`, what was loaded before: a plugin whose content is the same stays the same generation, one that does not
 * load any more, or is gone, stays as it was, under its name.
 * @throws where the directory cannot be read.
 */
export async function loadPlugins(
  directory: string,
  options: LoadOptions,
  previous = new PluginRegistry(),
): Promise<PluginRegistry> {
  const scan = await scanPluginsDirectory(directory);
  const { compiled, problems } = await compileSources(scan.sources, options);
  const unloadable = [
    ...scan.problems.map(({ path, reason }) => ({ name: nameIn(directory, path), path, reason, files: [path] })),
    ...problems,
  ];
  const unchanged: Generation[] = [];
  const changed: CompiledSource[] = [];
  for (const item of compiled) {
    const before = previous.list().find(({ path, content }) => path === item.source.root && content === item.content);
    const slow = previous
      .problems()
      .find(({ path, content, isSlow }) => isSlow === true && path === item.source.root && content === item.content);
    if (before !== undefined) unchanged.push(before);
    else if (slow !== undefined) unloadable.push(slow);
    else changed.push(item);
  }
  const outcomes = await readModules(changed, options);
  const loaded: Generation[] = [];
  for (const outcome of outcomes) {
    if ("reason" in outcome) unloadable.push(outcome);
    else loaded.push(outcome);
  }
  return claimNames({ previous, unchanged, loaded, problems: unloadable });
}

/** Loads one plugin, a file or a folder, wherever it is. */
export async function loadPlugin(path: string, options: LoadOptions): Promise<Generation | PluginProblem> {
  const source = await findPlugin(path);
  if (source === undefined) return { name: path, path, reason: "there is no plugin: a module, or a folder with one, is needed" };
  if ("reason" in source) return { name: path, ...source };
  const { compiled, problems } = await compileSources([source], options);
  const [outcome] = [...problems, ...(await readModules(compiled, options))];
  return outcome ?? { name: path, path, reason: "it was not read" };
}

async function readModules(items: readonly CompiledSource[], options: LoadOptions): Promise<(Generation | PluginProblem)[]> {
  if (items.length === 0) return [];
  const start = performance.now();
  const results = await scanModules(
    items.map(({ source, artifact }) => ({ name: nameOf(source, artifact), artifact })),
    {
      timeout: options.loadTimeout,
      limits: options.limits,
      gatewayWorker: options.gatewayWorker,
      ...(options.runsInit === undefined ? {} : { runsInit: options.runsInit }),
      onLog: (item, entry) => options.onPluginLog(item.name, entry),
    },
  );
  const isSlow = performance.now() - start > SLOW;
  return Promise.all(
    items.map(async (item, index) => {
      const result = results[index];
      if (result?.ok === true) return toGeneration(item, result.metadata, options);
      const reason = result === undefined ? "it was not read" : withPosition(result.error, item.source);
      return { ...problemOf(item, nameOf(item.source, item.artifact), reason), ...(isSlow ? { isSlow: true as const } : {}) };
    }),
  );
}

async function toGeneration(
  item: CompiledSource,
  metadata: PluginMetadata,
  options: LoadOptions,
): Promise<Generation | PluginProblem> {
  const { source, artifact, content } = item;
  const { name } = metadata;
  const apiVersion = builtWith(metadata, artifact);
  const { api, versionMatch: match } = options;
  const mismatch = checkApiVersion({ plugin: name, builtWith: apiVersion, api, match });
  const { errors, warnings, notes, effects, announced } = options.checkDefinition(metadata, source);
  if (mismatch !== undefined) return { ...problemOf(item, name, `${mismatch}: ${otherApi(api, match)}`), metadata, warnings };
  if (errors.length > 0) {
    const reason = `the gateway would refuse it: ${errors.join("; ")}`;
    return { ...problemOf(item, name, reason), metadata, details: errors, warnings };
  }
  return {
    name,
    path: source.root,
    artifact,
    metadata,
    content,
    inputs: filesOf(item),
    warnings,
    notes,
    effects,
    announced,
    ...(apiVersion === undefined ? {} : { apiVersion }),
    modified: (await lastModified(artifact.inputs.map(({ path }) => path))) / 1000,
    loaded: Date.now() / 1000,
  };
}

/** A built plugin keeps its name whatever its file is called: who may rename files is not who may sign. */
function nameOf(source: FoundPlugin, { stamp }: PluginArtifact): string {
  return stamp?.plugin ?? source.name;
}

/** What the build or the API itself stamped, else the package beside the plugin, else what the module exports. */
function builtWith(metadata: PluginMetadata, artifact: PluginArtifact): string | undefined {
  if (artifact.stamp !== undefined) return artifact.stamp.api;
  return metadata.hasStamp === true ? metadata.apiVersion : (artifact.apiVersion ?? metadata.apiVersion);
}

function otherApi({ package: name, compatibleFlag }: PluginApi, match: VersionMatch): string {
  const install = `run npm install ${name}@V beside it, V as pluginserver -version says on the server`;
  return match === "exact" ? `${install}, or start the server with ${compatibleFlag}` : install;
}

function problemOf(item: CompiledSource, name: string, reason: string): PluginProblem {
  return { name, path: item.source.root, reason, content: item.content, files: filesOf(item) };
}

/** Every file that is worth watching for it: a new package manifest, too, can mean other code. */
function filesOf({ source, artifact }: CompiledSource): string[] {
  const manifest = source.root === source.entry ? [] : [join(source.root, "package.json")];
  return [...artifact.inputs, ...artifact.packages].map(({ path }) => path).concat(manifest);
}

/** In milliseconds. What was read is what is served, so what is gone since counts as read now. */
async function lastModified(paths: readonly string[]): Promise<number> {
  const times = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => Date.now(),
      ),
    ),
  );
  return Math.max(...times);
}

/** What a plugin would be called that is, or has a part, at `path`. */
function nameIn(directory: string, path: string): string {
  const [entry = path] = relative(resolve(directory), path).split(sep);
  return entry.replace(/\.[mc]?[jt]s$/, "");
}

/** The message, and where in the plugin's own files it was thrown, on one line. */
function withPosition({ message, stack }: ErrorInfo, source: FoundPlugin): string {
  const frame = stack.split("\n").find((line) => line.trimStart().startsWith("at ") && line.includes(dirname(source.entry)));
  const position = frame?.slice(frame.indexOf("/")).replace("///", "/").replace(/\)$/, "");
  return position === undefined || !/:\d+:\d+$/.test(position) ? message : `${message} (${position})`;
}
