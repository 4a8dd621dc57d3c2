// Finds the packages with native code, which cannot be bundled, and puts them beside what was bundled.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** The installed package that a path lies in. */
export function packageOf(path: string): string | undefined {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path)?.[0];
}

/** What of a plugin stays outside its bundle. */
export class NativeCode {
  readonly #packages = new Map<string, string>();
  /** Addons that are files of the plugin itself, by their name in the folder. */
  readonly #files = new Map<string, string>();
  readonly #known = new Map<string, boolean>();

  get isEmpty(): boolean {
    return this.#packages.size + this.#files.size === 0;
  }

  /** Names of its packages, and of addons that lie in none. */
  get names(): string[] {
    return [...this.#packages.keys(), ...this.#files.keys()];
  }

  /** Whether the package at `home` has native code, or gets it with a package for this platform. */
  isNative(home: string): boolean {
    let native = this.#known.get(home);
    if (native === undefined) {
      native =
        hasAddon(home) || existsSync(join(home, "binding.gyp")) || dependenciesOf(home, ["optionalDependencies"]).some(hasAddon);
      this.#known.set(home, native);
    }
    return native;
  }

  addPackage(home: string): void {
    this.#packages.set(nameOf(home), home);
  }

  /** Returns the name that the file gets. */
  addFile(path: string): string {
    for (let count = 0; ; count += 1) {
      const name = count === 0 ? basename(path) : `${count}-${basename(path)}`;
      const taken = this.#files.get(name);
      if (taken !== undefined && taken !== path) continue;
      this.#files.set(name, path);
      return name;
    }
  }

  /** Copies everything to `folder`, with the packages that the packages need. */
  async copyTo(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    for (const [name, path] of this.#files) await cp(path, join(folder, name));
    const placed = new Map<string, string>();
    for (const home of this.#packages.values()) await placePackage(home, folder, placed);
  }
}

/** `placed` has where each package came from that lies in `folder`: another version goes below the package that needs it. */
async function placePackage(home: string, folder: string, placed: Map<string, string>): Promise<void> {
  const name = nameOf(home);
  const present = placed.get(name);
  if (present === home) return;
  const target = join(folder, "node_modules", name);
  placed.set(name, home);
  await cp(home, target, { recursive: true, dereference: true, filter: (path) => basename(path) !== ".bin" });
  const inner = new Map<string, string>();
  for (const dependency of dependenciesOf(home, ["dependencies", "optionalDependencies", "peerDependencies"])) {
    // What is installed inside of it has been copied with it.
    if (dependency.startsWith(join(home, "node_modules"))) continue;
    const taken = placed.get(nameOf(dependency));
    if (taken === undefined || taken === dependency) await placePackage(dependency, folder, placed);
    else await placePackage(dependency, target, inner);
  }
}

function dependenciesOf(home: string, sections: readonly string[]): string[] {
  const manifest = readManifest(home);
  return sections.flatMap((section) => {
    const names = manifest[section];
    if (typeof names !== "object" || names === null) return [];
    return Object.keys(names).flatMap((name) => findInstalled(home, name) ?? []);
  });
}

/** As Node.js looks for it: in the node_modules of this folder and of all above. */
function findInstalled(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

function hasAddon(home: string): boolean {
  return readdirSync(home, { withFileTypes: true }).some((entry) => {
    if (entry.isDirectory()) return entry.name !== "node_modules" && hasAddon(join(home, entry.name));
    return entry.name.endsWith(".node");
  });
}

function nameOf(home: string): string {
  const scope = basename(dirname(home));
  return scope.startsWith("@") ? `${scope}/${basename(home)}` : basename(home);
}

function readManifest(home: string): Record<string, unknown> {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
    return typeof manifest === "object" && manifest !== null ? { ...manifest } : {};
  } catch {
    // A package that says nothing of its dependencies has none.
    return {};
  }
}
