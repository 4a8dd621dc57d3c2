// Keeps what was compiled of plugins and read of them, in memory and on the disk, for as long as all that it depends on is the same.
import type { LogEntry, LoadTraces, PluginMetadata } from "../../channel/index.js";
import type { PluginArtifact } from "../compile/compile.js";
import type { DefinitionCheck, PluginProblem } from "../registry/registry.js";
import type { CompileFailure } from "../compile/compile-sources.js";
import type { PluginInput } from "../plugin-load-error.js";
import type { FoundPlugin } from "../scan.js";
import type { CacheFolder } from "./cache-folder.js";
import { stateOf } from "./dependencies.js";
import { digestOf, DiskView } from "./disk-view.js";
import {
  decodeCode,
  decodeFailure,
  decodeKept,
  encodeFailure,
  encodeKept,
  type KeptFailure,
  type KeptPlugin,
  type Reading,
} from "./kept-plugin.js";
import { installedPackages, packagesState } from "./packages.js";

export interface PluginCacheOptions {
  /** Where entries outlive the process; undefined for nowhere. */
  readonly folder: CacheFolder | undefined;
  /** Stands for the server that compiles and reads: another one makes another text. */
  readonly server: string;
}

/** For the memory of this process alone. */
export const NOWHERE: PluginCacheOptions = { folder: undefined, server: "" };

/** Who reads a plugin, and what it sees meanwhile. */
export interface Reader {
  /** Stands for what is made of a module. */
  readonly name: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Remembered {
  readonly kept: KeptPlugin;
  readonly code: string;
}

/** What was found out by compiling and reading a plugin. */
export interface Found {
  readonly artifact: PluginArtifact;
  readonly content: string;
  readonly metadata: PluginMetadata;
  readonly check: DefinitionCheck;
  readonly apiVersion: string | undefined;
  readonly traces: LoadTraces;
  readonly log: readonly LogEntry[];
}

/** A file that changed within this time before it was compiled (ms) may have changed meanwhile: clocks of files tick slowly. */
const MARGIN = 20;
const MAX_LOG_LINES = 50;

export class PluginCache {
  readonly #options: PluginCacheOptions;
  #memory = new Map<string, Remembered>();
  #view: DiskView | undefined;

  constructor(options = NOWHERE) {
    this.#options = options;
  }

  /** Begins one look at the plugins: what it finds of a file holds until its end. */
  look(): CacheLook {
    const view = new DiskView(this.#view);
    const look = new CacheLook(this.#options, this.#memory, view);
    this.#memory = look.memory;
    this.#view = view;
    return look;
  }
}

export class CacheLook {
  /** What is left of it for the next look. */
  readonly memory = new Map<string, Remembered>();
  readonly #options: PluginCacheOptions;
  readonly #former: ReadonlyMap<string, Remembered>;
  readonly #view: DiskView;
  readonly #startedAt = Date.now();
  /** What files are like when all is compiled. */
  #after: DiskView | undefined;
  #hasWritten = false;

  constructor(options: PluginCacheOptions, former: ReadonlyMap<string, Remembered>, view: DiskView) {
    this.#options = options;
    this.#former = former;
    this.#view = view;
  }

  /** What was compiled of this plugin, where compiling it again would make the same. */
  find(source: FoundPlugin): Remembered | undefined {
    const found = this.#ofMemory(source) ?? this.#ofDisk(source);
    if (found !== undefined) this.memory.set(source.entry, found);
    return found;
  }

  /** The same for who needs no code. */
  findHead(source: FoundPlugin): KeptPlugin | undefined {
    const { folder, server } = this.#options;
    return folder?.read(fileNameOf(source, server), (entry) => this.#valid(decodeKept(entry, source)));
  }

  /** What the plugin says of itself, where reading it again would find the same. */
  reading(kept: KeptPlugin, reader: Reader): Reading | undefined {
    const reading = kept.readings[reader.name];
    if (reading === undefined || environmentOf(reading.variables, reader.env) !== reading.environment) return undefined;
    const { installed } = kept;
    return installed !== undefined && packagesState(installed, this.#view) === reading.packages ? reading : undefined;
  }

  /** Keeps what was found out of a plugin. Returns why the disk did not take it, where it did not. */
  keep(source: FoundPlugin, found: Found, reader: Reader): string | undefined {
    const { artifact, content, traces, log } = found;
    const { dependencies } = artifact;
    if (dependencies === undefined) return undefined;
    // Files may have changed since this look began: they are looked at once more.
    const view = (this.#after ??= new DiskView(this.#view));
    const state = stateOf(dependencies, view);
    if (!this.#isAsRead(artifact.inputs, view)) return undefined;
    const installed = artifact.loads === undefined ? undefined : installedPackages(artifact.loads, view);
    const packages = installed === undefined ? undefined : packagesState(installed, view);
    const isRepeatable = traces.isRepeatable && packages !== undefined && log.length <= MAX_LOG_LINES;
    const reading: Reading = {
      metadata: found.metadata,
      check: found.check,
      ...(found.apiVersion === undefined ? {} : { apiVersion: found.apiVersion }),
      variables: traces.variables,
      environment: environmentOf(traces.variables, reader.env),
      packages: packages ?? "",
      hasInit: traces.hasInit,
      log,
    };
    const former = this.memory.get(source.entry)?.kept;
    const others = former?.content === content && former.state === state ? former.readings : {};
    const bytes = Buffer.from(artifact.code);
    const kept: KeptPlugin = {
      entry: source.entry,
      root: source.root,
      format: artifact.format,
      inputs: artifact.inputs,
      packages: artifact.packages,
      ...(artifact.apiVersion === undefined ? {} : { apiVersion: artifact.apiVersion }),
      ...(artifact.stamp === undefined ? {} : { stamp: artifact.stamp }),
      content,
      dependencies,
      state,
      ...(installed === undefined ? {} : { installed }),
      code: { sha256: digestOf(bytes), length: bytes.length },
      readings: { ...others, ...(isRepeatable ? { [reader.name]: reading } : {}) },
    };
    this.memory.set(source.entry, { kept, code: artifact.code });
    const { folder, server } = this.#options;
    this.#hasWritten ||= folder !== undefined;
    return folder?.write(fileNameOf(source, server), encodeKept(kept, artifact.code));
  }

  /** Why compiling it again would fail, where that is known. */
  failure(source: FoundPlugin): PluginProblem | undefined {
    const { folder, server } = this.#options;
    return folder?.read(fileNameOf(source, server), (entry) => this.#valid(decodeFailure(entry, source))?.problem);
  }

  keepFailure({ source, problem, inputs, dependencies }: CompileFailure): void {
    const { folder, server } = this.#options;
    if (dependencies === undefined || folder === undefined) return;
    const view = (this.#after ??= new DiskView(this.#view));
    const state = stateOf(dependencies, view);
    if (!this.#isAsRead(inputs, view)) return;
    this.#hasWritten = true;
    folder.write(
      fileNameOf(source, server),
      encodeFailure({ entry: source.entry, root: source.root, problem, dependencies, state }),
    );
  }

  /** Keeps the disk within its limit. */
  async end(): Promise<void> {
    if (this.#hasWritten) await this.#options.folder?.evict();
  }

  #ofMemory({ entry, root }: FoundPlugin): Remembered | undefined {
    const found = this.#former.get(entry);
    return found?.kept.root === root && this.#valid(found.kept) !== undefined ? found : undefined;
  }

  #ofDisk(source: FoundPlugin): Remembered | undefined {
    const { folder, server } = this.#options;
    return folder?.read(fileNameOf(source, server), (entry) => {
      const kept = this.#valid(decodeKept(entry, source));
      const code = kept === undefined ? undefined : decodeCode(entry, kept);
      return kept === undefined || code === undefined ? undefined : { kept, code };
    });
  }

  /** Whether nothing has changed since, nor so shortly before that nobody could tell. */
  #isAsRead(inputs: readonly PluginInput[], view: DiskView): boolean {
    return inputs.every(({ path, sha256 }) => view.digest(path) === sha256) && view.newest <= this.#startedAt - MARGIN;
  }

  #valid<Kept extends KeptPlugin | KeptFailure>(kept: Kept | undefined): Kept | undefined {
    return kept !== undefined && stateOf(kept.dependencies, this.#view) === kept.state ? kept : undefined;
  }
}

/** One file for each plugin of each server and Node.js: what they would make of it is not the same. */
function fileNameOf({ entry, root }: FoundPlugin, server: string): string {
  const { version, platform, arch, execArgv } = process;
  return digestOf(JSON.stringify([server, version, platform, arch, execArgv, process.env["NODE_OPTIONS"], entry, root]));
}

function environmentOf(variables: readonly string[], env: Readonly<Record<string, string | undefined>>): string {
  const names = variables.includes("*") ? Object.keys(env).sort() : variables;
  return digestOf(JSON.stringify(names.map((name) => [name, env[name] ?? null])));
}
