// Reads what compiled plugins say of themselves, in an isolate, and has the gateway check it.
import { dirname } from "node:path";
import { performance } from "node:perf_hooks";
import type { LoadTraces, LogEntry, PluginMetadata } from "../channel/index.js";
import { scanInIsolates } from "../isolates/index.js";
import type { ErrorInfo } from "../model/index.js";
import { checkApiVersion } from "./api-version.js";
import type { Found } from "./cache/plugin-cache.js";
import type { PluginArtifact } from "./compile/compile.js";
import type { CompiledSource } from "./compile/compile-sources.js";
import { generationOf, problemOf, type ReadOptions } from "./generation-of.js";
import type { PluginApi, VersionMatch } from "./plugin-api.js";
import type { Generation, PluginProblem } from "./registry/registry.js";
import type { FoundPlugin } from "./scan.js";

export interface ReadModule {
  readonly outcome: Generation | PluginProblem;
  /** What led to it, where it is served: reading the module again may be spared. */
  readonly found?: Found;
}

/** A module that fails later than this is not tried again while it is the same: in milliseconds, for all that were read. */
const SLOW = 2000;

/** One for each item, in their order. */
export async function readModules(items: readonly CompiledSource[], options: ReadOptions): Promise<ReadModule[]> {
  const start = performance.now();
  const { loadTimeout: timeout, limits, gatewayWorker, runsInit } = options;
  const toScan = items.map(({ source, artifact }) => {
    const { entry, format, code } = artifact;
    return { name: nameOf(source, artifact), artifact: { entry, format, code } };
  });
  const logs = new Map<object, LogEntry[]>(toScan.map((item) => [item, []]));
  const results = await scanInIsolates(toScan, {
    timeout,
    limits,
    gatewayWorker,
    ...(runsInit === undefined ? {} : { runsInit }),
    onLog: (item, entry) => {
      logs.get(item)?.push(entry);
      options.onPluginLog(item.name, entry);
    },
  });
  const isSlow = performance.now() - start > SLOW;
  return Promise.all(
    items.map(async (item, index) => {
      const result = results[index];
      const printed = logs.get(toScan[index] ?? item) ?? [];
      if (result?.ok === true) return describe(item, { ...result, log: printed }, options);
      const reason = result === undefined ? "it was not read" : withPosition(result.error, item.source);
      const problem = problemOf(item, nameOf(item.source, item.artifact), reason);
      return { outcome: isSlow ? { ...problem, isSlow } : problem };
    }),
  );
}

interface Said {
  readonly metadata: PluginMetadata;
  readonly traces: LoadTraces;
  readonly log: readonly LogEntry[];
}

async function describe(item: CompiledSource, { metadata, traces, log }: Said, options: ReadOptions): Promise<ReadModule> {
  const { source, artifact, content } = item;
  const { name } = metadata;
  const apiVersion = builtWith(metadata, artifact);
  const { api, versionMatch: match } = options;
  const mismatch = checkApiVersion({ plugin: name, builtWith: apiVersion, api, match });
  const check = options.checkDefinition(metadata, source);
  const { errors, warnings } = check;
  if (mismatch !== undefined)
    return { outcome: { ...problemOf(item, name, `${mismatch}: ${otherApi(api, match)}`), metadata, warnings } };
  if (errors.length > 0) {
    const reason = `the gateway would refuse it: ${errors.join("; ")}`;
    return { outcome: { ...problemOf(item, name, reason), metadata, details: errors, warnings } };
  }
  const outcome = await generationOf(item, { metadata, check, apiVersion });
  return { outcome, found: { artifact, content, metadata, check, apiVersion, traces, log } };
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

/** The message, and where in the plugin's own files it was thrown, on one line. */
function withPosition({ message, stack }: ErrorInfo, source: FoundPlugin): string {
  const frame = stack.split("\n").find((line) => line.trimStart().startsWith("at ") && line.includes(dirname(source.entry)));
  const position = frame?.slice(frame.indexOf("/")).replace("///", "/").replace(/\)$/, "");
  return position === undefined || !/:\d+:\d+$/.test(position) ? message : `${message} (${position})`;
}
