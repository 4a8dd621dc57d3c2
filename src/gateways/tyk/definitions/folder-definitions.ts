// Reads API definitions from a folder, as a gateway reads its app_path, and again when something changes in it.
import { createHash } from "node:crypto";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { cutText, messageOf } from "../../../core/model/index.js";
import { DirectoryWatch } from "../../../core/plugins/index.js";
import type { ApiDefinition } from "../api/index.js";
import { hasOas, parseDefinition, withDocument } from "./api-definition.js";
import type { DefinitionSource } from "./definition-source.js";
import { DefinitionError } from "./errors.js";

export interface FolderListener {
  /** Some definitions are new, changed or gone. */
  onChange(): void;
  /** A file cannot be read; what it said before goes on. Told once for as long as nothing changes. */
  onProblem(file: string, error: DefinitionError): void;
}

/** Milliseconds between looks for ids that are not there: whoever calls can name any. */
const MISS_INTERVAL = 1000;
const MAX_FILES = 10_000;
/** Bytes. */
const MAX_FILE = 16_777_216;
/** A gateway keeps the OAS document of `shop.json` in `shop-oas.json`, and takes it for no definition of its own. */
const COMPANION = /-oas\.json$/;

interface ReadFile {
  readonly definition: ApiDefinition;
  /** Of what it was read from. */
  readonly digest: string;
}

export class FolderDefinitions implements DefinitionSource {
  readonly #folder: string;
  readonly #listener: FolderListener;
  #files: ReadonlyMap<string, ReadFile> = new Map();
  #byId: ReadonlyMap<string, ReadFile> = new Map();
  /** What was wrong at the last look, by file. */
  #problems: ReadonlyMap<string, DefinitionError> = new Map();
  #watch: DirectoryWatch | undefined;
  #loading: Promise<void> = Promise.resolve();
  #lookedForMissing = -Infinity;

  private constructor(folder: string, listener: FolderListener) {
    this.#folder = folder;
    this.#listener = listener;
  }

  /** @throws {DefinitionError} where there is no such folder. */
  static async open(folder: string, listener: FolderListener): Promise<FolderDefinitions> {
    const opened = new FolderDefinitions(folder, listener);
    await readdir(folder).catch((error: unknown) => {
      throw broken(`-tyk-apps ${folder}`, error);
    });
    opened.#watch = await DirectoryWatch.open(folder, {
      onHint: () => opened.#look(),
      onError: (error) => listener.onProblem(folder, broken("changes are not noticed", error)),
    });
    await opened.#load();
    return opened;
  }

  async definition(apiId: string): Promise<ApiDefinition> {
    const found = this.#byId.get(apiId) ?? (await this.#findNew(apiId));
    if (found !== undefined) return found.definition;
    const named = JSON.stringify(cutText(apiId, 200));
    const reason = `none in ${this.#folder} has the id ${named}: the folder has to hold the gateway's own definitions`;
    throw new DefinitionError("TYK_DEFINITION_UNKNOWN", reason);
  }

  bundles(): Promise<readonly string[]> {
    return Promise.resolve([...new Set([...this.#byId.values()].flatMap(({ definition }) => definition.bundle ?? []))]);
  }

  async close(): Promise<void> {
    await this.#watch?.close();
    await this.#loading;
  }

  /** The first request of a new API may be here before its definition is noticed. */
  async #findNew(apiId: string): Promise<ReadFile | undefined> {
    const now = performance.now();
    if (now - this.#lookedForMissing >= MISS_INTERVAL) {
      this.#lookedForMissing = now;
      this.#look();
    }
    await this.#loading;
    return this.#byId.get(apiId);
  }

  /** One after the other: the last one sees what there is in the end. */
  #look(): void {
    this.#loading = this.#loading.then(async () => {
      if (await this.#load()) this.#listener.onChange();
    });
  }

  /** Whether there is anything new. */
  async #load(): Promise<boolean> {
    const problems = new Map<string, DefinitionError>();
    let files = this.#files;
    try {
      files = await this.#readAll(problems);
    } catch (error) {
      // A folder that is replaced is back in a moment.
      problems.set(this.#folder, broken(this.#folder, error));
    }
    const byId = new Map<string, ReadFile>();
    for (const [name, file] of files) {
      const { id } = file.definition;
      if (byId.has(id)) problems.set(name, broken(name, `another file has the id ${id} too, and is taken`));
      else byId.set(id, file);
    }
    const isNew = digestsOf(byId) !== digestsOf(this.#byId);
    [this.#files, this.#byId] = [files, byId];
    this.#report(problems);
    return isNew;
  }

  async #readAll(problems: Map<string, DefinitionError>): Promise<ReadonlyMap<string, ReadFile>> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith(".json")).sort();
    if (names.length > MAX_FILES) throw new Error(`there are ${names.length} files, and ${MAX_FILES} are allowed`);
    const files = new Map<string, ReadFile>();
    for (const name of names) {
      if (COMPANION.test(name) && names.includes(name.replace(COMPANION, ".json"))) continue;
      try {
        files.set(name, await this.#read(name, names));
      } catch (error) {
        problems.set(name, error instanceof DefinitionError ? error : broken(name, error));
        const before = this.#files.get(name);
        if (before !== undefined) files.set(name, before);
      }
    }
    return files;
  }

  async #read(name: string, names: readonly string[]): Promise<ReadFile> {
    const own = await readText(join(this.#folder, name));
    const definition = parseDefinition(JSON.parse(own), name);
    const companion = name.replace(/\.json$/, "-oas.json");
    if (!hasOas(definition) || !names.includes(companion)) return { definition, digest: digestOf(own) };
    const document = await readText(join(this.#folder, companion));
    return { definition: withDocument(definition, JSON.parse(document)), digest: digestOf(own) + digestOf(document) };
  }

  #report(problems: ReadonlyMap<string, DefinitionError>): void {
    const former = this.#problems;
    this.#problems = problems;
    for (const [file, error] of problems) if (former.get(file)?.message !== error.message) this.#listener.onProblem(file, error);
  }
}

function broken(place: string, cause: unknown): DefinitionError {
  const reason = messageOf(cause);
  return new DefinitionError("TYK_DEFINITION_BROKEN", `${place}: ${reason}`, { cause });
}

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

const digestsOf = (files: ReadonlyMap<string, ReadFile>): string => [...files.values()].map(({ digest }) => digest).join();

async function readText(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > MAX_FILE) throw new Error(`it has ${size} bytes, and ${MAX_FILE} are allowed`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
