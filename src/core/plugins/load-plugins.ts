// Loads a plugins directory: finds the modules, compiles them, reads what they say of themselves, checks them. What is known of a
// plugin that has not changed is taken from the cache.
import { readFile, realpath } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { KeptPlugin } from "./cache/kept-plugin.js";
import { type CacheLook, PluginCache, type Remembered } from "./cache/plugin-cache.js";
import { claimNames } from "./registry/claim-names.js";
import type { CompiledSource } from "./compile/compile-sources.js";
import { generationOf, problemOf, readerOf, type ReadOptions } from "./generation-of.js";
import { type Generation, type PluginProblem, PluginRegistry } from "./registry/registry.js";
import { findPlugin, type FoundPlugin, scanPluginsDirectory } from "./scan.js";
import type { BuildRules } from "./verify-build.js";

export interface LoadOptions extends ReadOptions {
  /** What was found out before, and where it is kept. */
  readonly cache?: PluginCache | undefined;
  /** What could not be kept is found out again with the next start. */
  readonly onNotKept?: (reason: string) => void;
}

/** How long looking at files may hold up what else the thread does, in milliseconds. */
const SLICE = 2;

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
  const { loaded, problems, unchanged } = await loadSources(scan.sources, options, previous);
  const unloadable = [
    ...scan.problems.map(({ path, reason }) => ({ name: nameIn(directory, path), path, reason, files: [path] })),
    ...problems,
  ];
  return claimNames({ previous, unchanged, loaded, problems: unloadable });
}

/** Loads one plugin, a file or a folder, wherever it is. */
export async function loadPlugin(path: string, options: LoadOptions): Promise<Generation | PluginProblem> {
  const source = await findPlugin(path);
  if (source === undefined) return { name: path, path, reason: "there is no plugin: a module, or a folder with one, is needed" };
  if ("reason" in source) return { name: path, ...source };
  const { loaded, problems } = await loadSources([source], options, new PluginRegistry());
  const [outcome] = [...problems, ...loaded];
  return outcome ?? { name: path, path, reason: "it was not read" };
}

interface LoadedSources {
  /** In the order of the sources. */
  readonly loaded: readonly Generation[];
  readonly problems: readonly PluginProblem[];
  readonly unchanged: readonly Generation[];
}

async function loadSources(
  sources: readonly FoundPlugin[],
  options: LoadOptions,
  previous: PluginRegistry,
): Promise<LoadedSources> {
  const look = (options.cache ?? new PluginCache()).look();
  const known = await findKnown(sources, options, look);
  const { items, problems } = await compileUnknown(sources, known, options, look);
  const { unchanged, stillSlow, changed } = withPrevious(items, previous);
  const outcomes = await describe(changed, known, look, options);
  const isOver = look.end();
  const loaded: Generation[] = [];
  const unloadable: PluginProblem[] = [...problems, ...stillSlow];
  for (const outcome of outcomes) {
    if ("reason" in outcome) unloadable.push(outcome);
    else loaded.push(outcome);
  }
  // A command ends its process when it is done.
  if (previous.list().length === 0) await isOver;
  return { loaded, problems: unloadable, unchanged };
}

/** What has no text yet gets one. In the order of the sources. */
async function compileUnknown(
  sources: readonly FoundPlugin[],
  known: ReadonlyMap<FoundPlugin, Remembered>,
  rules: BuildRules,
  look: CacheLook,
): Promise<{ readonly items: readonly CompiledSource[]; readonly problems: readonly PluginProblem[] }> {
  const missing = sources.filter((source) => !known.has(source));
  const failures = new Map(missing.map((source) => [source, look.failure(source)] as const));
  const { compiled, problems } = await compile(
    missing.filter((source) => failures.get(source) === undefined),
    rules,
  );
  for (const failure of problems) {
    failures.set(failure.source, failure.problem);
    look.keepFailure(failure);
  }
  const items = new Map(compiled.map((item) => [item.source, item]));
  for (const [source, found] of known) items.set(source, compiledOf(source, found));
  return {
    items: sources.map((source) => items.get(source)).filter((item) => item !== undefined),
    problems: [...failures.values()].filter((problem) => problem !== undefined),
  };
}

/** Tells what has the content that it had before, served or too slow to load, from what has changed. */
function withPrevious(
  items: readonly CompiledSource[],
  previous: PluginRegistry,
): { readonly unchanged: Generation[]; readonly stillSlow: PluginProblem[]; readonly changed: CompiledSource[] } {
  // A file whose plugin has another name now stands for both.
  const former = new Map(previous.list().map((generation) => [keyOf(generation.path, generation.content), generation]));
  const slow = new Map(
    previous.problems().flatMap((problem) => (problem.isSlow === true ? [[keyOf(problem.path, problem.content), problem]] : [])),
  );
  const unchanged: Generation[] = [];
  const stillSlow: PluginProblem[] = [];
  const changed: CompiledSource[] = [];
  for (const item of items) {
    const key = keyOf(item.source.root, item.content);
    const [before, hung] = [former.get(key), slow.get(key)];
    if (before !== undefined) unchanged.push(before);
    else if (hung !== undefined) stillSlow.push(hung);
    else changed.push(item);
  }
  return { unchanged, stillSlow, changed };
}

/** What modules say of themselves: as the cache remembers it, or read. In the order of the items. */
async function describe(
  items: readonly CompiledSource[],
  known: ReadonlyMap<FoundPlugin, Remembered>,
  look: CacheLook,
  options: LoadOptions,
): Promise<readonly (Generation | PluginProblem)[]> {
  const outcomes = new Map<FoundPlugin, Generation | PluginProblem>();
  const unread: CompiledSource[] = [];
  for (const item of items) {
    const remembered = await recall(item, known.get(item.source)?.kept, look, options);
    if (remembered === undefined) unread.push(item);
    else outcomes.set(item.source, remembered);
  }
  for (const [source, outcome] of await read(unread, options, look)) outcomes.set(source, outcome);
  return items.map(({ source }) => outcomes.get(source)).filter((outcome) => outcome !== undefined);
}

const keyOf = (path: string, content = ""): string => `${path}\0${content}`;

/** What need not be compiled again. */
async function findKnown(
  sources: readonly FoundPlugin[],
  rules: BuildRules,
  look: CacheLook,
): Promise<ReadonlyMap<FoundPlugin, Remembered>> {
  const known = new Map<FoundPlugin, Remembered>();
  let since = performance.now();
  for (const source of sources) {
    const found = look.find(source);
    if (found !== undefined && (await isVerified(found.kept, source, rules))) known.set(source, found);
    if (performance.now() - since < SLICE) continue;
    await setImmediate();
    since = performance.now();
  }
  return known;
}

/** A built plugin is verified each time that it is loaded, and with trusted keys every plugin is. */
async function isVerified({ stamp }: KeptPlugin, { entry }: FoundPlugin, rules: BuildRules): Promise<boolean> {
  if (stamp === undefined && rules.trustedKeys.length === 0) return true;
  const { verifyBuild } = await import("./verify-build.js");
  const read = await Promise.all([readFile(entry), realpath(entry)]).catch(() => undefined);
  if (read === undefined) return false;
  const verdict = await verifyBuild(...read, rules);
  return "stamp" in verdict && isDeepStrictEqual(verdict.stamp, stamp);
}

const compiledOf = (source: FoundPlugin, { kept, code }: Remembered): CompiledSource => {
  const { entry, format, inputs, packages, apiVersion, stamp, content } = kept;
  const said = { ...(apiVersion === undefined ? {} : { apiVersion }), ...(stamp === undefined ? {} : { stamp }) };
  return { source, artifact: { entry, format, code, inputs, packages, ...said }, content };
};

/** The compiler is loaded where there is something to compile. */
async function compile(sources: readonly FoundPlugin[], rules: BuildRules) {
  if (sources.length === 0) return { compiled: [], problems: [] };
  const { compileSources } = await import("./compile/compile-sources.js");
  return compileSources(sources, rules);
}

/** The generation that reading its module would give, where that is known. */
async function recall(
  item: CompiledSource,
  kept: KeptPlugin | undefined,
  look: CacheLook,
  options: LoadOptions,
): Promise<Generation | undefined> {
  const reading = kept === undefined ? undefined : look.reading(kept, readerOf(options));
  // Whether it can begin is found out by beginning.
  if (reading === undefined || (reading.hasInit && options.runsInit === true)) return undefined;
  const { metadata, check, apiVersion, log } = reading;
  for (const entry of log) options.onPluginLog(metadata.name, entry);
  return generationOf(item, { metadata, check, apiVersion });
}

/** What reads modules is loaded where there is one to read. */
async function read(
  items: readonly CompiledSource[],
  options: LoadOptions,
  look: CacheLook,
): Promise<readonly (readonly [FoundPlugin, Generation | PluginProblem])[]> {
  if (items.length === 0) return [];
  const { readModules } = await import("./read-modules.js");
  const outcomes = await readModules(items, options);
  const reasons = new Set<string>();
  items.forEach((item, index) => {
    const found = outcomes[index]?.found;
    const reason = found === undefined ? undefined : look.keep(item.source, found, readerOf(options));
    if (reason !== undefined) reasons.add(reason);
  });
  const [reason] = reasons;
  if (reason !== undefined) options.onNotKept?.(reason);
  return items.map((item, index) => [
    item.source,
    outcomes[index]?.outcome ?? problemOf(item, item.source.name, "it was not read"),
  ]);
}

/** What a plugin would be called that is, or has a part, at `path`. */
function nameIn(directory: string, path: string): string {
  const [entry = path] = relative(resolve(directory), path).split(sep);
  return entry.replace(/\.[mc]?[jt]s$/, "");
}
