// Answers what the files of plugins are like now, each question once for one look at a directory.
import { createHash } from "node:crypto";
import { type Dirent, readdirSync, readFileSync, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** Stands for what is not there. */
export const ABSENT = "-";

/** What decides, beside the sources, what their imports mean and how they are compiled. */
const CONFIGURATION = ["package.json", "tsconfig.json", "jsconfig.json"] as const;
/**
 * A file that was changed so shortly before it was read (ms) may be changed again within the same tick of the clock that its
 * times are from.
 */
const RACY = 50;
/** Files of one installed package and of those that it needs: more are not worth looking at. */
const MAX_PACKAGE_FILES = 5000;

interface Known {
  readonly identity: string;
  readonly digest: string;
}

export class DiskView {
  readonly #former: ReadonlyMap<string, Known>;
  readonly #known = new Map<string, Known>();
  readonly #digests = new Map<string, string>();
  readonly #listings = new Map<string, readonly string[]>();
  readonly #names = new Map<string, string>();
  readonly #configurations = new Map<string, string>();
  readonly #links = new Map<string, string>();
  readonly #packages = new Map<string, string | undefined>();
  #newest = 0;

  /** A file that is as `former` saw it, by its place and its times, is not read again. */
  constructor(former?: DiskView) {
    this.#former = former?.known() ?? new Map<string, Known>();
  }

  known(): ReadonlyMap<string, Known> {
    return this.#known;
  }

  /** When anything that was asked for was changed last, in Unix milliseconds. */
  get newest(): number {
    return this.#newest;
  }

  /** Of the contents. */
  digest(path: string): string {
    let digest = this.#digests.get(path);
    if (digest === undefined) {
      digest = this.#read(path);
      this.#digests.set(path, digest);
    }
    return digest;
  }

  /** What begins with `stem` in a folder, and where links among it lead. */
  names(folder: string, stem: string): string {
    const key = `${folder}\0${stem}`;
    let names = this.#names.get(key);
    if (names === undefined) {
      names = this.#listing(folder)
        .filter((name) => name.startsWith(stem))
        .join("/");
      this.#names.set(key, names);
    }
    return names;
  }

  /** The configuration of a folder and of all above it. */
  configuration(folder: string): string {
    let found = this.#configurations.get(folder);
    if (found === undefined) {
      const own = CONFIGURATION.map((name) => this.digest(join(folder, name))).join(" ");
      const above = folder === dirname(folder) ? "" : this.configuration(dirname(folder));
      found = digestOf(`${own} ${above}`);
      this.#configurations.set(folder, found);
    }
    return found;
  }

  /** Where a path really leads. */
  link(path: string): string {
    let target = this.#links.get(path);
    if (target === undefined) {
      target = realPathOf(path);
      this.#links.set(path, target);
    }
    return target;
  }

  /** What all files of an installed package are like, by size and times; undefined where there are too many. */
  package(folder: string): string | undefined {
    if (!this.#packages.has(folder)) this.#packages.set(folder, this.#packageState(folder));
    return this.#packages.get(folder);
  }

  #read(path: string): string {
    const stat = statOf(path);
    if (stat?.isFile() !== true) return ABSENT;
    this.#newest = Math.max(this.#newest, stat.ctimeMs);
    const identity = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`;
    const former = this.#former.get(path);
    if (former?.identity === identity) {
      this.#known.set(path, former);
      return former.digest;
    }
    const readAt = Date.now();
    const content = contentOf(path);
    if (content === undefined) return ABSENT;
    const digest = digestOf(content);
    if (readAt - stat.ctimeMs > RACY) this.#known.set(path, { identity, digest });
    return digest;
  }

  #listing(folder: string): readonly string[] {
    let all = this.#listings.get(folder);
    if (all === undefined) {
      all = this.#list(folder);
      this.#listings.set(folder, all);
    }
    return all;
  }

  #list(folder: string): readonly string[] {
    const stat = statOf(folder);
    if (stat?.isDirectory() !== true) return [];
    this.#newest = Math.max(this.#newest, stat.ctimeMs);
    return entriesOf(folder)
      .map((entry) => (entry.isSymbolicLink() ? `${entry.name}>${linkOf(join(folder, entry.name))}` : entry.name))
      .sort();
  }

  #packageState(folder: string): string | undefined {
    const files: string[] = [];
    const folders = [folder];
    for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
      for (const entry of entriesOf(next)) {
        const path = join(next, entry.name);
        // What is installed in it is a package of its own.
        if (entry.isDirectory()) {
          if (entry.name !== "node_modules") folders.push(path);
          continue;
        }
        if (files.length === MAX_PACKAGE_FILES) return undefined;
        const stat = statOf(path);
        this.#newest = Math.max(this.#newest, stat?.ctimeMs ?? 0);
        files.push(stat === undefined ? path : `${path}:${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`);
      }
    }
    return digestOf(files.sort().join("\n"));
  }
}

/** A folder and all above it. */
export function ancestorsOf(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestorsOf(parent)];
}

export function digestOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // Nothing can be there, or nobody can see it: a compiler cannot either.
    return undefined;
  }
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    // Gone since, or not to be read.
    return undefined;
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Likewise.
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Gone since.
    return ABSENT;
  }
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Nothing is there, which is an answer.
    return ABSENT;
  }
}
