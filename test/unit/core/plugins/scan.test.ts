import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scanPluginsDirectory } from "../../../../src/core/plugins/scan.js";
import { pluginsDirectory } from "./plugin-files.js";

async function scan(files: Record<string, string>): Promise<{ found: string[]; problems: { path: string; reason: string }[] }> {
  const directory = await pluginsDirectory(files);
  const { sources, problems } = await scanPluginsDirectory(directory);
  const inside = (path: string): string => path.slice(directory.length + 1);
  return {
    found: sources.map(({ name, entry, root }) => `${name}: ${inside(entry)} of ${inside(root)}`),
    problems: problems.map(({ path, reason }) => ({ path: inside(path), reason })),
  };
}

test("every kind of module file is a plugin, in alphabetical order", async () => {
  const { found, problems } = await scan({
    "f.cjs": "",
    "e.mjs": "",
    "d.js": "",
    "c.cts": "",
    "b.mts": "",
    "a.ts": "",
    "x.y.ts": "",
  });
  expect(found).toEqual([
    "a: a.ts of a.ts",
    "b: b.mts of b.mts",
    "c: c.cts of c.cts",
    "d: d.js of d.js",
    "e: e.mjs of e.mjs",
    "f: f.cjs of f.cjs",
    "x.y: x.y.ts of x.y.ts",
  ]);
  expect(problems).toEqual([]);
});

test("two sources with one name are both found", async () => {
  const { found } = await scan({ "hello.ts": "", "hello.js": "", "hello/index.js": "" });
  expect(found).toEqual(["hello: hello/index.js of hello", "hello: hello.js of hello.js", "hello: hello.ts of hello.ts"]);
});

test.each([
  ".hidden.js",
  ".git/index.js",
  "node_modules/index.js",
  "hello.d.ts",
  "hello.d.mts",
  "hello.d.cts",
  "hello.test.ts",
  "hello.spec.js",
  "hello_test.js",
  "__tests__/index.js",
  "test/index.js",
  "tests/index.ts",
  "vitest.config.ts",
  "eslint.config.js",
  "package.json",
  "README.md",
  "addon.node",
  "lib/other.js",
])("%s is no plugin", async (path) => {
  expect(await scan({ [path]: "{}" })).toEqual({ found: [], problems: [] });
});

test.each([
  ["an index", { "p/index.mts": "" }, "p/index.mts"],
  ["main", { "p/package.json": '{"main":"lib/plugin.js"}', "p/lib/plugin.js": "", "p/index.js": "" }, "p/lib/plugin.js"],
  ["main without extension", { "p/package.json": '{"main":"./plugin"}', "p/plugin.ts": "" }, "p/plugin.ts"],
  ["main that is a folder", { "p/package.json": '{"main":"src"}', "p/src/index.ts": "" }, "p/src/index.ts"],
  ["main whose source is TypeScript", { "p/package.json": '{"main":"plugin.js"}', "p/plugin.ts": "" }, "p/plugin.ts"],
  ["main that is missing, beside an index", { "p/package.json": '{"main":"gone.js"}', "p/index.js": "" }, "p/index.js"],
  ["module", { "p/package.json": '{"module":"m.mjs"}', "p/m.mjs": "" }, "p/m.mjs"],
  ["exports as a text", { "p/package.json": '{"exports":"./e.ts","main":"m.js"}', "p/e.ts": "", "p/m.js": "" }, "p/e.ts"],
  [
    "exports with subpaths",
    { "p/package.json": '{"exports":{"./sub":"./s.js",".":"./e.js"}}', "p/e.js": "", "p/s.js": "" },
    "p/e.js",
  ],
  [
    "exports with conditions",
    {
      "p/package.json":
        '{"exports":{".":{"types":"./e.d.ts","browser":"./b.js","import":{"default":"./e.mjs"},"require":"./e.cjs"}}}',
      "p/e.mjs": "",
      "p/e.cjs": "",
    },
    "p/e.mjs",
  ],
  ["a package.json that names nothing, and an index", { "p/package.json": '{"name":"p"}', "p/index.cjs": "" }, "p/index.cjs"],
])("a folder is a plugin by %s", async (_, files, entry) => {
  expect(await scan(files)).toEqual({ found: [`p: ${entry} of p`], problems: [] });
});

test("a folder whose package.json names a missing entry is a problem", async () => {
  const { found, problems } = await scan({
    "p/package.json": '{"main":"dist/plugin.js"}',
    "q/package.json": '{"exports":"./gone.js"}',
    "q/index.js": "",
  });
  expect(found).toEqual([]);
  expect(problems).toEqual([
    { path: "p", reason: 'its package.json names "dist/plugin.js" as "main", which is not a module that exists' },
    { path: "q", reason: 'its package.json names "./gone.js" as "exports", which is not a module that exists' },
  ]);
});

test("a package.json that is no JSON is a problem, and the others are found", async () => {
  const { found, problems } = await scan({ "p/package.json": "{", "p/index.js": "", "q.js": "" });
  expect(found).toEqual(["q: q.js of q.js"]);
  expect(problems).toEqual([{ path: "p/package.json", reason: expect.stringMatching(/^is not valid JSON: /) as unknown }]);
});

test("symbolic links are followed and keep their own names", async () => {
  const directory = await pluginsDirectory({ "..data/hello.ts": "", "..data/folder/index.js": "" });
  symlinkSync("..data/hello.ts", join(directory, "hello.ts"));
  symlinkSync("..data/folder", join(directory, "folder"));
  symlinkSync("nowhere", join(directory, "lost.js"));
  const { sources, problems } = await scanPluginsDirectory(directory);
  expect(sources).toEqual([
    { name: "folder", entry: join(directory, "folder/index.js"), root: join(directory, "folder") },
    { name: "hello", entry: join(directory, "hello.ts"), root: join(directory, "hello.ts") },
  ]);
  expect(problems).toEqual([{ path: join(directory, "lost.js"), reason: "is a symbolic link to nothing" }]);
});

test("a directory that is not there is an error", async () => {
  await expect(scanPluginsDirectory("/no/such/directory")).rejects.toMatchObject({ code: "ENOENT" });
});

test("a name that is not UTF-8 is told as such", async () => {
  const directory = await pluginsDirectory({ "good.js": "" });
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/b`), Buffer.from([0xff]), Buffer.from("d.js")]), "");
  mkdirSync(Buffer.concat([Buffer.from(`${directory}/folder`), Buffer.from([0xfe])]));
  const { sources, problems } = await scanPluginsDirectory(directory);
  expect(sources.map(({ name }) => name)).toEqual(["good"]);
  const reason = "has a name that is not UTF-8: rename it";
  expect(problems).toEqual(["b\ufffdd.js", "folder\ufffd"].map((name) => ({ path: join(directory, name), reason })));
});
