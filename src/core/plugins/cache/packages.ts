// Says which installed packages the code of a plugin runs with, and what their files are like.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ABSENT, ancestorsOf, type DiskView, digestOf } from "./disk-view.js";

/** What a plugin runs with that is in no bundle. All paths are absolute. */
export interface InstalledPackages {
  readonly folders: readonly string[];
  /** Each place where one of them is, or could be. */
  readonly links: readonly string[];
}

const MAX_PACKAGES = 200;

/** The packages in `folders` and all that they need; undefined where there are too many. */
export function installedPackages(folders: readonly string[], view: DiskView): InstalledPackages | undefined {
  const links = new Set<string>();
  const closure = new Set(folders);
  for (const folder of closure) {
    if (closure.size > MAX_PACKAGES) return undefined;
    for (const name of neededBy(folder)) {
      for (const place of ancestorsOf(folder).map((above) => join(above, "node_modules", name))) {
        links.add(place);
        const target = view.link(place);
        if (target === ABSENT) continue;
        closure.add(target);
        break;
      }
    }
  }
  return { folders: [...closure], links: [...links] };
}

/** A digest of what they are now; undefined where they have too many files. */
export function packagesState({ folders, links }: InstalledPackages, view: DiskView): string | undefined {
  const states = folders.map((folder) => view.package(folder));
  if (states.includes(undefined)) return undefined;
  return digestOf(JSON.stringify([states, links.map((path) => view.link(path))]));
}

function neededBy(folder: string): string[] {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (typeof manifest !== "object" || manifest === null) return [];
    const fields = ["dependencies", "optionalDependencies", "peerDependencies"].map((field): unknown =>
      Reflect.get(manifest, field),
    );
    return fields.flatMap((names) => (typeof names === "object" && names !== null ? Object.keys(names) : []));
  } catch {
    // No package.json: nothing says what it needs.
    return [];
  }
}
