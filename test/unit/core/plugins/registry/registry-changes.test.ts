// What a second load of a directory means: which plugin keeps its name, which is new, reloaded or gone.
import { describe, expect, it } from "vitest";
import { type Generation, type PluginProblem, PluginRegistry, registryChanges } from "../../../../../src/core/plugins/index.js";
import { claimNames } from "../../../../../src/core/plugins/registry/claim-names.js";

function generation(name: string, path: string, announced: Generation["announced"] = {}): Generation {
  return {
    name,
    path,
    artifact: { entry: path, format: "cjs", code: "" },
    metadata: { form: "go", name, version: "1.0.0", functions: ["access"], schema: [] },
    content: `${name} of ${path}`,
    warnings: [],
    notes: [],
    effects: [],
    announced: { schema: [], priority: 1, phases: ["access"], ...announced },
    inputs: [path],
    modified: 1,
    loaded: 2,
  };
}

function registryOf(...generations: Generation[]): PluginRegistry {
  const registry = new PluginRegistry();
  for (const each of generations) registry.add(each);
  return registry;
}

const problem = (path: string): PluginProblem => ({ name: "file", path, reason: "does not load" });
const pathsOf = (registry: PluginRegistry): Record<string, string> =>
  Object.fromEntries(registry.list().map(({ name, path }) => [name, path]));
const NONE = { unchanged: [], loaded: [], problems: [] };

describe("a name", () => {
  const old = generation("hello", "/p/a.ts");
  const previous = registryOf(old);

  it("stays with a file that does not load", () => {
    const registry = claimNames({ ...NONE, previous, loaded: [generation("hello", "/p/b.ts")], problems: [problem("/p/a.ts")] });
    expect(registry.get("hello")).toBe(old);
    expect(registry.problems().map(({ path }) => path)).toEqual(["/p/a.ts", "/p/b.ts"]);
  });

  it("stays with a folder of which a part does not load", () => {
    const folder = generation("pack", "/p/pack");
    const registry = claimNames({ ...NONE, previous: registryOf(folder), problems: [problem("/p/pack/package.json")] });
    expect([registry.get("pack"), registry.gone()]).toEqual([folder, []]);
  });

  it("stays with the same file, whoever comes first", () => {
    const next = generation("hello", "/p/a.ts");
    const registry = claimNames({ ...NONE, previous, loaded: [generation("hello", "/p/0.ts"), next] });
    expect(registry.get("hello")).toBe(next);
  });

  it("goes to another file when its own is gone, or has another", () => {
    const renamed = generation("hello", "/p/b.ts");
    expect(claimNames({ ...NONE, previous, loaded: [renamed] }).get("hello")).toBe(renamed);
    const both = claimNames({ ...NONE, previous, loaded: [generation("other", "/p/a.ts"), renamed] });
    expect(pathsOf(both)).toEqual({ hello: "/p/b.ts", other: "/p/a.ts" });
  });

  it("that is taken leaves who wants it under its own", () => {
    const wants = generation("wants", "/p/w.ts");
    const registry = claimNames({
      ...NONE,
      previous: registryOf(old, wants),
      unchanged: [old],
      loaded: [generation("hello", "/p/w.ts")],
    });
    expect([registry.get("hello"), registry.get("wants"), registry.gone()]).toEqual([old, wants, []]);
    expect(registry.problems()).toMatchObject([{ path: "/p/w.ts" }]);
  });

  it("can be swapped between two files", () => {
    const registry = claimNames({
      ...NONE,
      previous: registryOf(old, generation("other", "/p/o.ts")),
      loaded: [generation("other", "/p/a.ts"), generation("hello", "/p/o.ts")],
    });
    expect([pathsOf(registry), registry.gone(), registry.problems()]).toEqual([{ hello: "/p/o.ts", other: "/p/a.ts" }, [], []]);
  });

  it("without a file is served on as gone, and does not stand in the way of what is at its path", () => {
    const renamed = generation("zed", "/p/a.ts");
    const first = claimNames({ ...NONE, previous, loaded: [renamed] });
    expect([first.get("hello"), first.gone()]).toEqual([old, [old]]);
    const broken = claimNames({ ...NONE, previous: first, problems: [problem("/p/a.ts")] });
    expect([broken.get("zed"), broken.gone()]).toEqual([renamed, [old]]);
    const back = claimNames({ ...NONE, previous: first, unchanged: [old] });
    expect([back.get("hello"), back.gone()]).toEqual([old, [renamed]]);
  });
});

describe("changes", () => {
  it("are what is new, and what is another generation of the same name", () => {
    const same = generation("same", "/p/same.ts");
    const [before, after] = [generation("hello", "/p/a.ts"), generation("hello", "/p/a.ts")];
    const fresh = generation("new", "/p/new.ts");
    const changes = registryChanges(registryOf(same, before), registryOf(same, after, fresh));
    expect(changes).toEqual({ added: [fresh], reloaded: [{ generation: after, former: before, announced: [] }] });
    expect(changes.reloaded[0]?.generation).toBe(after);
  });

  it.each([
    ["schema", { schema: [{ a: { type: "string" } }] }],
    ["priority", { priority: 2 }],
    ["phases", { phases: ["access", "log"] }],
  ] as const)("of the %s are for the gateway to see", (what, more) => {
    const after = generation("hello", "/p/a.ts", more);
    const { reloaded } = registryChanges(registryOf(generation("hello", "/p/a.ts")), registryOf(after));
    expect(reloaded[0]?.announced).toEqual([what]);
  });
});
