// Loads a plugins directory: finds the modules, compiles them, reads what they say of themselves, checks them.
import { stat } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";
import type { ErrorInfo, LogEntry, PluginMetadata } from "../channel/index.js";
import { type CarrierLimits, scanModules } from "../isolates/index.js";
import { createCompiler, type PluginArtifact } from "./compile.js";
import { checkPdkVersion, type PdkMatch } from "./pdk-version.js";
import { type Generation, type PluginProblem, PluginRegistry } from "./registry.js";
import { type PluginSource, scanPluginsDirectory } from "./scan.js";

export interface LoadOptions {
  /** Absolute path of the server's own `pluginserver/pdk`. */
  readonly pdkEntry: string;
  readonly pdkVersion: string;
  readonly pdkMatch: PdkMatch;
  /** How long one module may take to load, in milliseconds. */
  readonly loadTimeout: number;
  /** What the isolate that reads the modules may use. */
  readonly limits: CarrierLimits;
  /** A line that a plugin printed while it was loaded. */
  readonly onPluginLog: (plugin: string, entry: LogEntry) => void;
}

interface Compiled {
  readonly source: PluginSource;
  readonly artifact: PluginArtifact;
}

/**
 * Loads what `directory` holds. A plugin that does not load is a problem of its own; all others are served.
 *
 * With `previous`, what was loaded before: a plugin whose code is the same stays the same generation, one that does not
 * load any more, or is gone, stays as it was.
 * @throws where the directory cannot be read.
 */
export async function loadPlugins(
  directory: string,
  options: LoadOptions,
  previous = new PluginRegistry(),
): Promise<PluginRegistry> {
  const registry = new PluginRegistry();
  const { sources, problems } = await scanPluginsDirectory(directory);
  for (const { path, reason } of problems) registry.addProblem({ name: nameIn(directory, path), path, reason });
  const known = new Map(previous.list().map((generation) => [generation.path, generation]));
  const changed: Compiled[] = [];
  for (const compiled of await compileAll(sources, options, registry)) {
    const before = known.get(compiled.source.root);
    if (before !== undefined && isSameCode(before, compiled.artifact)) registry.add(before);
    else changed.push(compiled);
  }
  await addChanged(registry, changed, options);
  for (const before of previous.list()) {
    if (registry.get(before.name) === undefined) registry.add(before);
  }
  return registry;
}

function isSameCode({ artifact }: Generation, { code, format, entry }: PluginArtifact): boolean {
  return artifact.code === code && artifact.format === format && artifact.entry === entry;
}

async function addChanged(registry: PluginRegistry, compiled: readonly Compiled[], options: LoadOptions): Promise<void> {
  if (compiled.length === 0) return;
  const items = compiled.map(({ source, artifact }) => ({ name: source.name, artifact }));
  const results = await scanModules(items, {
    timeout: options.loadTimeout,
    limits: options.limits,
    onLog: (item, entry) => options.onPluginLog(item.name, entry),
  });
  for (const [index, { source, artifact }] of compiled.entries()) {
    const result = results[index];
    if (result === undefined) continue;
    if (!result.ok) registry.addProblem(problemOf(source, withPosition(result.error, source)));
    else await addGeneration(registry, source, artifact, result.metadata, options);
  }
}

/** What a plugin would be called that is, or has a part, at `path`. */
function nameIn(directory: string, path: string): string {
  const [entry = path] = relative(resolve(directory), path).split(sep);
  return entry.replace(/\.[mc]?[jt]s$/, "");
}

async function compileAll(sources: readonly PluginSource[], options: LoadOptions, registry: PluginRegistry): Promise<Compiled[]> {
  if (sources.length === 0) return [];
  const compiler = createCompiler({ pdkEntry: options.pdkEntry });
  try {
    const outcomes = await Promise.all(
      sources.map(async (source) => {
        try {
          return { source, artifact: await compiler.compile(source) };
        } catch (error) {
          return problemOf(source, error instanceof Error ? error.message : String(error));
        }
      }),
    );
    const compiled: Compiled[] = [];
    for (const outcome of outcomes) {
      if ("artifact" in outcome) compiled.push(outcome);
      else registry.addProblem(outcome);
    }
    return compiled;
  } finally {
    await compiler.close();
  }
}

async function addGeneration(
  registry: PluginRegistry,
  source: PluginSource,
  artifact: PluginArtifact,
  metadata: PluginMetadata,
  options: LoadOptions,
): Promise<void> {
  const { name } = metadata;
  const refusal = checkPdkVersion({
    plugin: name,
    builtWith: builtWith(metadata, artifact),
    server: options.pdkVersion,
    match: options.pdkMatch,
  });
  if (refusal !== undefined) {
    registry.addProblem({ name, path: source.root, reason: refusal });
    return;
  }
  const modified = await stat(artifact.entry).then(
    ({ mtimeMs }) => mtimeMs,
    // Gone since it was read: what was read is what is served.
    () => Date.now(),
  );
  const generation: Generation = {
    name,
    path: source.root,
    artifact,
    metadata,
    inputs: artifact.inputs.map(({ path }) => path),
    modified: modified / 1000,
    loaded: Date.now() / 1000,
  };
  const problem = registry.add(generation);
  if (problem !== undefined) registry.addProblem(problem);
}

/** What `definePlugin` stamped, else the package beside the plugin, else what the module exports. */
function builtWith(metadata: PluginMetadata, artifact: PluginArtifact): string | undefined {
  return metadata.form === "define-plugin" ? metadata.pdkVersion : (artifact.pdkVersion ?? metadata.pdkVersion);
}

function problemOf(source: PluginSource, reason: string): PluginProblem {
  return { name: source.name, path: source.root, reason };
}

/** The message, and where in the plugin's own files it was thrown, on one line. */
function withPosition({ message, stack }: ErrorInfo, source: PluginSource): string {
  const frame = stack.split("\n").find((line) => line.trimStart().startsWith("at ") && line.includes(dirname(source.entry)));
  const position = frame === undefined ? undefined : /\(?((?:file:\/\/)?\/[^()]*:\d+:\d+)\)?$/.exec(frame)?.[1];
  return position === undefined ? message : `${message} (${position.replace("file://", "")})`;
}
