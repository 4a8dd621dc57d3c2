// Says which files the server needs of its package, and of the packages that this one needs.
import { existsSync, readFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { BuildError } from "../build-error.js";

export interface PackageFile {
  /** Where it is, and where it goes: from the package's root. */
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly mode: number;
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Folders and files of this package that a command reads; its modules lie in `dist`. */
const OWN = ["package.json", "dist", "plugins-dir", "schema", "LICENSE"];
/** What nobody reads while it runs: the types of this package alone are read, by `-types`. */
const UNUSED = /(?:\.map|\.tsbuildinfo|\.md|\.d\.[cm]?ts|\.ts|\.flow)$|\/(?:test|tests|docs|\.github|benchmark|node_modules)\//;
const OWN_UNUSED = /(?:\.map|\.tsbuildinfo)$|^dist\/(?!types\/).*\.d\.[cm]?ts$/;
/** For that the package of the platform has the program. */
const OTHER_COPY = "node_modules/esbuild/bin/esbuild";

/** `platform` is how packages with native code are named, such as `linux-arm64`. @throws {BuildError} */
export async function packageFiles(root: string, platform: string): Promise<readonly PackageFile[]> {
  const packages = new Map<string, string>();
  for (const name of dependenciesOf(root, platform)) await place(name, root, "", packages, platform);
  requireCompiler(packages, platform);
  const files: PackageFile[] = [];
  for (const path of OWN) files.push(...(await filesOf(root, path, "", (name) => OWN_UNUSED.test(name))));
  for (const [at, folder] of packages)
    files.push(...(await filesOf(folder, "", at, (name) => UNUSED.test(`/${name}`) || join(at, name) === OTHER_COPY)));
  return files;
}

/** Built plugins pass through it too. npm installs that of its own machine alone. */
function requireCompiler(packages: ReadonlyMap<string, string>, platform: string): void {
  const compiler = `@esbuild/${platform}`;
  if (packages.has(join("node_modules", compiler))) return;
  const { version } = manifestOf(packages.get(join("node_modules", "esbuild")) ?? "");
  throw new BuildError(
    "BUILD_SERVER",
    `its compiler for ${platform} is not installed: npm install --no-save --force ${compiler}@${version}, where pluginserver is installed, then build again`,
  );
}

/** Beside the others, as npm lays them out; where another version of that name is there, within the package that needs it. */
async function place(name: string, from: string, within: string, packages: Map<string, string>, platform: string): Promise<void> {
  const folder = findPackage(name, from);
  if (folder === undefined) return;
  const shared = join("node_modules", name);
  const at = (packages.get(shared) ?? folder) === folder ? shared : join(within, "node_modules", name);
  if (packages.has(at)) return;
  packages.set(at, folder);
  for (const needed of dependenciesOf(folder, platform)) await place(needed, folder, at, packages, platform);
}

/** What has native code for another platform than that one is left out. */
function dependenciesOf(folder: string, platform: string): string[] {
  const { dependencies = {}, optionalDependencies = {} } = manifestOf(folder);
  const names = Object.keys({ ...dependencies, ...optionalDependencies });
  const isForOther = (name: string): boolean => /^@esbuild\/|-(?:linux|darwin|win32|android|freebsd|openharmony)-/.test(name);
  return names.filter((name) => !isForOther(name) || name === `@esbuild/${platform}` || name.includes(`-${platform}-gnu`));
}

function manifestOf(folder: string): Manifest {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  } catch (error) {
    throw new BuildError("BUILD_SERVER", `${folder} is no folder of a package: install pluginserver with npm`, { cause: error });
  }
}

/** As Node.js looks for it. Undefined for what is optional and was not installed. */
function findPackage(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
    if (dirname(folder) === folder) return undefined;
  }
}

async function filesOf(
  folder: string,
  path: string,
  at: string,
  isUnused: (name: string) => boolean,
): Promise<readonly PackageFile[]> {
  const found = join(folder, path);
  const info = await stat(found);
  const paths = info.isDirectory() ? await readdir(found, { recursive: true }) : [""];
  const files: PackageFile[] = [];
  for (const below of paths.sort()) {
    const file = join(found, below);
    const name = relative(folder, file);
    const each = await stat(file);
    if (each.isFile() && !isUnused(name))
      files.push({ path: file, name: join(at, name), size: each.size, mode: each.mode & 0o111 ? 0o700 : 0o600 });
  }
  return files;
}
