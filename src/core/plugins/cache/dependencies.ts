// Says what a compiled plugin depends on, and whether that is still as it was: sources, what else an import could have meant, and
// the configuration around them.
import { readFileSync } from "node:fs";
import { basename, dirname, extname, isAbsolute, join, resolve } from "node:path";
import { ancestorsOf, type DiskView, digestOf } from "./disk-view.js";

/** An import as the compiler resolved it. */
export interface Resolution {
  /** The folder of the file that imports. */
  readonly folder: string;
  readonly specifier: string;
  /** The absolute path of what was found. */
  readonly found: string | undefined;
}

/** What the compiled text depends on. All paths are absolute. */
export interface Dependencies {
  /** Their contents count, or that they are not there. */
  readonly files: readonly string[];
  /** The package.json and tsconfig.json in them and above count. */
  readonly folders: readonly string[];
  /** What begins with the second in the folder that is the first: another file could be what an import means. */
  readonly names: readonly (readonly [folder: string, stem: string])[];
  /** Where they really lead counts. */
  readonly links: readonly string[];
}

/** A digest of all that counts, as it is now. */
export function stateOf({ files, folders, names, links }: Dependencies, view: DiskView): string {
  return digestOf(
    JSON.stringify([
      files.map((path) => view.digest(path)),
      folders.map((folder) => view.configuration(folder)),
      names.map(([folder, stem]) => [view.link(folder), view.names(folder, stem)]),
      links.map((path) => view.link(path)),
    ]),
  );
}

export interface Compiled {
  /** What the sources are called from where the plugin was found: each may be a link. */
  readonly names: readonly string[];
  readonly realEntry: string;
  /** Real paths of the files in the bundle. */
  readonly inputs: readonly string[];
  /** Files beside the bundle that it loads: native code, manifests of packages. */
  readonly besides: readonly string[];
  readonly resolutions: readonly Resolution[];
  /** The package of the plugin API. */
  readonly api: string;
}

/** Undefined where not all of it can be said. */
export function dependenciesOf({ names, realEntry, inputs, besides, resolutions, api }: Compiled): Dependencies | undefined {
  // Names that are looked up beyond the folders above.
  if ((process.env["NODE_PATH"] ?? "") !== "") return undefined;
  const found = new Found();
  for (const path of [...inputs, ...besides]) found.file(path);
  for (const path of inputs) found.folders.add(dirname(path));
  found.installed(dirname(realEntry), api);
  for (const folder of ancestorsOf(dirname(realEntry))) found.file(join(folder, "node_modules", api, "package.json"));
  for (const path of names) found.links.add(path);
  const configurations = [...found.folders].map((folder) => new Configurations(folder, found));
  if (configurations.some(({ isKnown }) => !isKnown)) return undefined;
  const bases = [...new Set(configurations.flatMap(({ bases }) => bases))];
  for (const { folder, specifier, found: target } of resolutions) {
    if (packageName(specifier) === api) {
      found.installed(folder, api);
      continue;
    }
    if (target !== undefined && isAbsolute(target)) found.candidates(target);
    if (/^\.{0,2}(?:\/|$)/.test(specifier)) found.candidates(resolve(folder, specifier));
    else {
      found.installed(folder, packageName(specifier));
      for (const base of bases) found.candidates(join(base, specifier));
    }
  }
  return found.dependencies();
}

class Found {
  readonly #files = new Set<string>();
  readonly folders = new Set<string>();
  readonly links = new Set<string>();
  readonly #names = new Map<string, readonly [string, string]>();

  file(path: string): void {
    this.#files.add(path);
  }

  /** What an import of this path could mean: it, with an extension, in place of another, or the index of a folder. */
  candidates(path: string): void {
    this.#name(dirname(path), basename(path, extname(path)));
    if (this.#files.has(path)) return;
    this.#name(path, "index");
    this.#files.add(join(path, "package.json"));
  }

  /** A package that is installed in the folder, or in one above it. */
  installed(folder: string, name: string): void {
    for (const above of ancestorsOf(folder)) this.links.add(join(above, "node_modules", name));
  }

  dependencies(): Dependencies {
    return {
      files: [...this.#files],
      folders: [...this.folders],
      names: [...this.#names.values()],
      links: [...this.links],
    };
  }

  #name(folder: string, stem: string): void {
    this.#names.set(`${folder}\0${stem}`, [folder, stem]);
  }
}

const MAX_EXTENDED = 20;

/** The tsconfig.json that counts in a folder: what it extends, and where it has imports looked up. */
class Configurations {
  /** Whether all is known that it depends on. */
  isKnown = true;
  readonly bases: string[] = [];
  readonly #found: Found;
  #left = MAX_EXTENDED;

  constructor(folder: string, found: Found) {
    this.#found = found;
    for (const above of ancestorsOf(folder)) {
      for (const name of ["tsconfig.json", "jsconfig.json"]) this.#read(join(above, name));
    }
  }

  #read(path: string): void {
    const text = textOf(path);
    if (text === undefined) return;
    this.#left -= 1;
    const folder = dirname(path);
    const [, base] = /"baseUrl"\s*:\s*"([^"]*)"/.exec(text) ?? [];
    if (base !== undefined) this.bases.push(resolve(folder, base));
    // Of several places for one name the first counts where there is anything, and what is not there is not known here.
    const [, paths = ""] = /"paths"\s*:\s*\{([^}]*)\}?/.exec(text) ?? [];
    if (paths.split("[").some((list) => /^[^\],]*,[^\]]/.test(list)) || this.#left < 0) this.isKnown = false;
    if (!this.isKnown) return;
    for (const extended of extendedBy(text)) this.#follow(folder, extended);
  }

  #follow(folder: string, extended: string): void {
    if (!/^\.{0,2}\//.test(extended)) {
      // Where a package has it is for the package to say.
      this.isKnown = false;
      return;
    }
    const path = resolve(folder, extended);
    for (const candidate of [path, `${path}.json`, join(path, "tsconfig.json")]) {
      this.#found.file(candidate);
      this.#read(candidate);
    }
  }
}

function extendedBy(text: string): string[] {
  const values = [...text.matchAll(/"extends"\s*:\s*(\[[^\]]*\]?|"[^"]*")/g)].map(([, value = ""]) => value);
  return values.flatMap((value) => [...value.matchAll(/"([^"]*)"/g)].map(([, name = ""]) => name));
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It is not there, or nobody can read it: esbuild cannot either.
    return undefined;
  }
}

/** `@scope/name` of `@scope/name/part`. */
function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
