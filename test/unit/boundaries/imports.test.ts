// Who may import whom: what the linter enforces, read from the sources themselves.
import { existsSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderOf, IMPORTS, importsOf, localImports, type SourceFile, sources, SRC } from "./sources.js";

const folders = [...new Set(sources.map(({ folder }) => folder))].sort();
const crossing = localImports.filter(({ from, folder }) => folder !== from.folder);
const shown = (imports: typeof localImports): string[] =>
  imports.map(({ from, specifier }) => `${from.path} imports ${specifier}`);

/** A round trip through the graph, if there is one. */
function findCycle(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next, [...path, node]);
      if (cycle !== undefined) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of edges.keys()) {
    const cycle = visit(node, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

describe("the folders of src", () => {
  it("are those that the rule knows", () => {
    expect(Object.keys(IMPORTS).sort()).toEqual(folders);
  });

  it("each have a door, but for the command line, which nobody imports", () => {
    expect(folders.filter((folder) => !existsSync(join(SRC, folder, "index.ts")))).toEqual(["apps/cli"]);
  });

  it("import only those that the rule allows", () => {
    expect(shown(crossing.filter(({ from, folder }) => IMPORTS[from.folder]?.includes(folder) !== true))).toEqual([]);
  });

  it("are entered by their door alone", () => {
    expect(shown(crossing.filter(({ folder, target }) => target !== `${folder}/index.js`))).toEqual([]);
  });

  it("do not go through their own door", () => {
    expect(
      shown(
        localImports.filter(
          ({ from, target }) => target === `${from.folder}/index.js` && from.path !== `${from.folder}/index.ts`,
        ),
      ),
    ).toEqual([]);
  });

  it("do not import each other in a circle, in fact or by permission", () => {
    const used = new Map(
      folders.map((folder) => [
        folder,
        new Set(crossing.filter(({ from }) => from.folder === folder).map(({ folder: target }) => target)),
      ]),
    );
    expect(findCycle(used)).toBeUndefined();
    expect(findCycle(new Map(Object.entries(IMPORTS).map(([folder, allowed]) => [folder, new Set(allowed)])))).toBeUndefined();
  });
});

const isInside = (file: SourceFile, specifier: string): boolean =>
  specifier.startsWith(".") && folderOf(join(dirname(file.path), specifier)) === file.folder;

describe("the PDK", () => {
  it("imports nothing outside itself but what Node.js has", () => {
    const outside = sources
      .filter(({ folder }) => folder === "gateways/kong/pdk")
      .flatMap((file) =>
        importsOf(file)
          .filter((specifier) => !specifier.startsWith("node:") && !isInside(file, specifier))
          .map((specifier) => `${file.path}: ${specifier}`),
      );
    expect(outside).toEqual([]);
  });
});

describe("imports", () => {
  it("of our own files end in .js and are there", () => {
    const broken = localImports.filter(
      ({ target }) => !target.endsWith(".js") || !existsSync(join(SRC, target.replace(/\.js$/, ".ts"))),
    );
    expect(shown(broken)).toEqual([]);
  });

  it("of Node.js say node:", () => {
    const bare = sources.flatMap((file) =>
      importsOf(file)
        .filter((specifier) => !specifier.startsWith("node:") && builtinModules.includes(specifier))
        .map((specifier) => `${file.path}: ${specifier}`),
    );
    expect(bare).toEqual([]);
  });
});

describe("the reading of imports", () => {
  it("sees them in every form", () => {
    const text =
      'import a from "./a.js"; import type { B } from "./b.js"; export { c } from "./c.js"; export type * from "./d.js"; const e = await import("./e.js"); import "./f.js";';
    expect(importsOf({ path: "x.ts", folder: "x", text }).sort()).toEqual([
      "./a.js",
      "./b.js",
      "./c.js",
      "./d.js",
      "./e.js",
      "./f.js",
    ]);
  });

  it("finds what is there: no rule holds because nothing was read", () => {
    expect(crossing.length).toBeGreaterThan(20);
    expect(
      findCycle(
        new Map([
          ["a", new Set(["b"])],
          ["b", new Set(["c"])],
          ["c", new Set(["a"])],
        ]),
      ),
    ).toEqual(["a", "b", "c", "a"]);
  });
});
