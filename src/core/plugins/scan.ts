// Owns the answer to "which files of the plugins directory are plugins".

import { lstat, readFile, readdir, stat } from "node:fs/promises";
import { basename, extname, join, relative, resolve } from "node:path";
import { isRecord, messageOf } from "../model/index.js";

export interface FoundPlugin {
  /** The file's name without its extension, or the folder's name. */
  readonly name: string;
  /** Absolute path of the module. */
  readonly entry: string;
  /** The file itself, or the folder it came from. */
  readonly root: string;
}

export interface ScanProblem {
  readonly path: string;
  readonly reason: string;
}

export interface DirectoryScan {
  readonly sources: readonly FoundPlugin[];
  /** What looks like a plugin but cannot be one, and why. */
  readonly problems: readonly ScanProblem[];
}

const MODULE_EXTENSIONS = [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"] as const;
const DECLARATION_FILE = /\.d\.[mc]?ts$/;
const SUPPORT_FILE = /(?:\.(?:test|spec|config)\.[^.]+|_test\.[^.]+)$/;
const SUPPORT_FOLDERS: ReadonlySet<string> = new Set(["node_modules", "__tests__", "__mocks__", "test", "tests"]);
/** What an `exports` map may say about a module that Node.js loads on a server. */
const EXPORT_CONDITIONS: ReadonlySet<string> = new Set(["node", "import", "require", "default"]);

/** Stands in a name for bytes that are no UTF-8: the name leads to no file then. */
const REPLACEMENT = "\ufffd";

/**
 * Lists the plugins in a directory in alphabetical order. Two sources may carry the same name (hello.ts and hello.js):
 * a module can name itself, so the registry judges duplicates.
 */
export async function scanPluginsDirectory(dir: string): Promise<DirectoryScan> {
  const directory = resolve(dir);
  const entries = (await readdir(directory, { withFileTypes: true })).filter(({ name }) => !name.startsWith("."));
  const sources: FoundPlugin[] = [];
  const problems: ScanProblem[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    // A name that is no UTF-8 leads to no file.
    const isPlain = entry.isFile() && !entry.name.includes(REPLACEMENT);
    const found = isPlain ? inspectFile(path, entry.name) : await inspect(path, entry.name);
    if (found === undefined) continue;
    if ("reason" in found) problems.push(found);
    else sources.push(found);
  }
  return { sources, problems };
}

/** The plugin that a file or a folder is, whatever its name says, or why it is none; undefined where nothing looks like one. */
export async function findPlugin(path: string): Promise<FoundPlugin | ScanProblem | undefined> {
  const name = basename(path);
  const kind = await kindOf(path);
  if (kind === "missing") return undefined;
  return kind === "directory" ? inspectFolder(path, name) : inspect(path, name);
}

async function inspect(path: string, name: string): Promise<FoundPlugin | ScanProblem | undefined> {
  const kind = await kindOf(path);
  if (kind === "directory") {
    return SUPPORT_FOLDERS.has(name) ? undefined : inspectFolder(path, name);
  }
  if (kind === "missing" && !(await isThere(path))) {
    return name.includes(REPLACEMENT) ? { path, reason: "has a name that is not UTF-8: rename it" } : undefined;
  }
  if (kind === "file") return inspectFile(path, name);
  return kind === "missing" && isPluginFile(name) ? { path, reason: "is a symbolic link to nothing" } : undefined;
}

const inspectFile = (path: string, name: string): FoundPlugin | undefined =>
  isPluginFile(name) ? { name: name.slice(0, -extname(name).length), entry: path, root: path } : undefined;

function isPluginFile(name: string): boolean {
  return isModuleFile(name) && !SUPPORT_FILE.test(name);
}

function isModuleFile(path: string): boolean {
  return MODULE_EXTENSIONS.some((extension) => path.endsWith(extension)) && !DECLARATION_FILE.test(path);
}

async function inspectFolder(folder: string, name: string): Promise<FoundPlugin | ScanProblem | undefined> {
  const asSource = (entry: string): FoundPlugin => ({ name, entry, root: folder });
  const manifest = await readManifest(folder);
  if ("reason" in manifest) return manifest;

  if (manifest.entry === undefined) {
    const index = await findModule(join(folder, "index"));
    return index === undefined ? missingEntry(folder, name, manifest.isPackage) : asSource(index);
  }
  const named = await findModule(resolve(folder, manifest.entry.path));
  if (named !== undefined) return asSource(named);
  // Node.js falls back to the index when `main` points nowhere; it does not for `exports`.
  const fallback = manifest.entry.field === "exports" ? undefined : await findModule(join(folder, "index"));
  if (fallback !== undefined) return asSource(fallback);
  return {
    path: folder,
    reason: `its package.json names "${manifest.entry.path}" as "${manifest.entry.field}", which is not a module that exists`,
  };
}

/** A folder of helpers is no plugin: something in it must have the name of an entry, or a package be around it. */
async function missingEntry(folder: string, name: string, isPackage: boolean): Promise<ScanProblem | undefined> {
  const files = isPackage ? (await readdir(folder)).filter(isPluginFile).sort() : [];
  for (const candidate of [name, "plugin", "handler", "src", `src/${name}`, ...files]) {
    const found = await findModule(join(folder, candidate));
    if (found === undefined) continue;
    const entry = relative(folder, found);
    const reason = `looks like a plugin and has no entry: name "${entry}" as "main" in a package.json there, or call it index${extname(entry)}`;
    return { path: folder, reason };
  }
  return undefined;
}

interface ManifestEntry {
  readonly field: "exports" | "main" | "module";
  readonly path: string;
}

interface Manifest {
  readonly entry?: ManifestEntry;
  /** Whether it is a package with a name, and says of no module what it is. */
  readonly isPackage: boolean;
}

async function readManifest(folder: string): Promise<Manifest | ScanProblem> {
  const path = join(folder, "package.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return { isPackage: false };
    return { path, reason: `cannot be read: ${messageOf(error)}` };
  }
  try {
    const manifest: unknown = JSON.parse(text);
    const entry = manifestEntry(manifest);
    const isPackage = isRecord(manifest) && manifest["name"] !== undefined && manifest["exports"] === undefined;
    return entry === undefined ? { isPackage } : { entry, isPackage };
  } catch (error) {
    return { path, reason: `is not valid JSON: ${messageOf(error)}` };
  }
}

function manifestEntry(manifest: unknown): ManifestEntry | undefined {
  if (!isRecord(manifest)) return undefined;
  const exported = exportTarget(rootExport(manifest["exports"]));
  if (exported !== undefined) return { field: "exports", path: exported };
  for (const field of ["main", "module"] as const) {
    const path = manifest[field];
    if (typeof path === "string" && path !== "") return { field, path };
  }
  return undefined;
}

function rootExport(exported: unknown): unknown {
  const isSubpathMap = isRecord(exported) && Object.keys(exported).some((key) => key.startsWith("."));
  return isSubpathMap ? exported["."] : exported;
}

/** The first target whose condition holds, in the order of the file, as Node.js picks it. */
function exportTarget(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  const candidates: unknown[] = Array.isArray(target)
    ? target
    : Object.entries(isRecord(target) ? target : {})
        .filter(([condition]) => EXPORT_CONDITIONS.has(condition))
        .map(([, value]) => value);
  for (const candidate of candidates) {
    const found = exportTarget(candidate);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The module a path means: itself, with an extension, its TypeScript source, or the index of a folder. */
async function findModule(path: string): Promise<string | undefined> {
  const candidates = [
    ...(isModuleFile(path) ? [path, path.replace(/\.([mc]?)js$/, ".$1ts")] : []),
    ...MODULE_EXTENSIONS.map((extension) => path + extension),
    ...MODULE_EXTENSIONS.map((extension) => join(path, `index${extension}`)),
  ];
  for (const candidate of candidates) {
    if ((await kindOf(candidate)) === "file") return candidate;
  }
  return undefined;
}

/** Whether there is anything by this name, a link to nothing included. */
async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function kindOf(path: string): Promise<"file" | "directory" | "other" | "missing"> {
  try {
    const found = await stat(path);
    if (found.isFile()) return "file";
    return found.isDirectory() ? "directory" : "other";
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR") || hasCode(error, "ELOOP")) return "missing";
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
