// The plugins that are served, one per name, and why others are not.
import { describe, expect, it } from "vitest";
import { type Generation, PluginRegistry } from "../../../../../src/core/plugins/index.js";

function generation(name: string, path = `/plugins/${name}.ts`): Generation {
  return {
    name,
    path,
    artifact: { entry: path, format: "cjs", code: "" },
    metadata: { form: "go", name, version: "1.0.0", functions: ["access"], schema: [] },
    content: `content of ${path}`,
    warnings: [],
    notes: [],
    effects: [],
    announced: {},
    inputs: [path],
    modified: 1,
    loaded: 2,
  };
}

describe("a registry", () => {
  it("gives what it took in, by name", () => {
    const registry = new PluginRegistry();
    const hello = generation("hello");
    expect(registry.add(hello)).toBeUndefined();
    expect(registry.get("hello")).toBe(hello);
    expect(registry.get("other")).toBeUndefined();
    expect(registry.get("constructor")).toBeUndefined();
  });

  it("lists in alphabetical order, whatever order they came in", () => {
    const registry = new PluginRegistry();
    for (const name of ["c", "a", "B", "b", "a-b"]) registry.add(generation(name));
    expect(registry.list().map(({ name }) => name)).toEqual(["B", "a", "a-b", "b", "c"]);
  });

  it("keeps the first of a name and says where it is, in a problem that is the caller's to keep", () => {
    const registry = new PluginRegistry();
    registry.add(generation("hello", "/plugins/hello.ts"));
    const problem = registry.add(generation("hello", "/plugins/other.js"));
    expect(problem).toEqual({
      name: "hello",
      path: "/plugins/other.js",
      reason: "the name hello is taken by /plugins/hello.ts; rename one of them",
      content: "content of /plugins/other.js",
    });
    expect(registry.get("hello")?.path).toBe("/plugins/hello.ts");
    expect(registry.list()).toHaveLength(1);
    expect(registry.problems()).toEqual([]);
  });

  it("knows the first problem of a name, and all in the order they came", () => {
    const registry = new PluginRegistry();
    const problems = ["one", "two"].map((reason) => ({ name: "bad", path: "/plugins/bad.ts", reason }));
    for (const problem of problems) registry.addProblem(problem);
    expect(registry.problem("bad")?.reason).toBe("one");
    expect(registry.problem("good")).toBeUndefined();
    expect(registry.problems()).toEqual(problems);
  });
});
