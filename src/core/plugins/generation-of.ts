// Makes generations of compiled plugins and of what they say of themselves.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { LogEntry, PluginMetadata } from "../channel/index.js";
import type { TransportLimits } from "../isolates/index.js";
import type { Reader } from "./cache/plugin-cache.js";
import type { CompiledSource } from "./compile/compile-sources.js";
import type { DefinitionCheck, Generation, PluginProblem } from "./registry/registry.js";
import type { FoundPlugin } from "./scan.js";
import type { BuildRules } from "./verify-build.js";

export interface ReadOptions extends BuildRules {
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

/** What a gateway would take a plugin as. */
export interface Described {
  readonly metadata: PluginMetadata;
  readonly check: DefinitionCheck;
  /** The version of the plugin API that it was built against. */
  readonly apiVersion: string | undefined;
}

/** Who reads modules with these options. */
export const readerOf = ({
  gatewayWorker,
  versionMatch,
  limits,
}: Pick<ReadOptions, "gatewayWorker" | "versionMatch" | "limits">): Reader => ({
  name: `${gatewayWorker} ${versionMatch}`,
  env: limits.env,
});

export async function generationOf(item: CompiledSource, { metadata, check, apiVersion }: Described): Promise<Generation> {
  const { source, artifact, content } = item;
  const { warnings, notes, effects, announced } = check;
  const { entry, format, code } = artifact;
  return {
    name: metadata.name,
    path: source.root,
    artifact: { entry, format, code },
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

export function problemOf(item: CompiledSource, name: string, reason: string): PluginProblem {
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
