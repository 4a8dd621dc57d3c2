import { createHash } from "node:crypto";
import { symlinkSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type Compiler, createCompiler, type PluginArtifact } from "../../../src/plugins/compile.js";
import { evaluateInWorker } from "./evaluate-in-worker.js";
import { fileSource, pluginsDirectory } from "./plugin-files.js";

const PDK_ENTRY = join(import.meta.dirname, "server-pdk.mjs");
const compiler: Compiler = createCompiler({ pdkEntry: PDK_ENTRY, pdkVersion: "1.0.0", pdkMatch: "exact", trustedKeys: [] });
afterAll(() => compiler.close());

/** Compiles the first of the files. */
async function compile(files: Record<string, string>): Promise<PluginArtifact> {
  const directory = await pluginsDirectory(files);
  return compiler.compile(fileSource(directory, Object.keys(files)[0] ?? ""));
}

/** What the first file's `probe` returns. */
async function probe(files: Record<string, string>): Promise<unknown> {
  const outcome = await evaluateInWorker(await compile(files));
  if (!outcome.ok) throw new Error(outcome.stack);
  return outcome.value;
}

async function failure(files: Record<string, string>): Promise<unknown> {
  return compile(files).then(
    () => expect.fail("it compiled"),
    (error: unknown) => error,
  );
}

const installed = (name: string, files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`node_modules/${name}/${path}`, text]));

test("the artifact names the entry, its format and every file read", async () => {
  const files = {
    "hello.ts":
      'import { word } from "./lib/word.js"; import data from "./data.json"; import "dep"; export const probe = () => word + data.n;',
    "lib/word.ts": 'export const word: string = "w";',
    "data.json": '{"n":1}',
    ...installed("dep", { "index.js": "" }),
  };
  const directory = await pluginsDirectory(files);
  const artifact = await compiler.compile(fileSource(directory, "hello.ts"));
  expect(artifact.entry).toBe(join(directory, "hello.ts"));
  expect(artifact.format).toBe("esm");
  expect(artifact).not.toHaveProperty("pdkVersion");
  const expected = (["hello.ts", "lib/word.ts", "data.json"] as const).map((path) => ({
    path: join(directory, path),
    sha256: createHash("sha256").update(files[path]).digest("hex"),
  }));
  expect([...artifact.inputs].sort((a, b) => a.path.localeCompare(b.path))).toEqual(
    expected.sort((a, b) => a.path.localeCompare(b.path)),
  );
  expect(artifact.inputs[0]?.path).toBe(artifact.entry);
});

test("what was compiled runs without its files", async () => {
  const directory = await pluginsDirectory({
    "hello.ts": 'import { word } from "./word.js"; export const probe = () => word;',
    "word.ts": 'export const word = "kept";',
  });
  const artifact = await compiler.compile(fileSource(directory, "hello.ts"));
  await rm(join(directory, "word.ts"));
  await writeFile(join(directory, "hello.ts"), "throw new Error('new text')");
  expect(await evaluateInWorker(artifact)).toEqual({ ok: true, value: "kept" });
  await rename(join(directory, "hello.ts"), join(directory, "gone.ts"));
  expect(await evaluateInWorker(artifact)).toEqual({ ok: true, value: "kept" });
});

test.each([
  ["hello.js", "module.exports = { probe: () => 1 };", "cjs"],
  ["hello.cjs", "exports.probe = () => 1;", "cjs"],
  ["hello.cts", "export const probe = () => 1;", "cjs"],
  ["hello.ts", "class A {} export = { probe: () => 1, A };", "cjs"],
  ["hello.ts", 'import type { X } from "nowhere"; module.exports = { probe: (): X => 1 };', "cjs"],
  ["hello.ts", 'import K from "../kong"; module.exports = { probe: (k: K) => 1 };', "cjs"],
  ["hello.js", "// export nothing\nmodule.exports = { probe: () => 1 };", "cjs"],
  ["hello.js", "/*\nimport of old\n*/\nexports.probe = () => { with ({ one: 1 }) return one; };", "cjs"],
  ["hello.mjs", "export const probe = () => 1;", "esm"],
  ["hello.js", "export function probe() { return 1; }", "esm"],
  ["hello.ts", "export const probe = await Promise.resolve(() => 1);", "esm"],
  [
    "hello.mts",
    'const { default: fs } = await import("fs"); export { probe }; const probe = () => typeof fs.readFile === "function" ? 1 : 0;',
    "esm",
  ],
])("%s with %j is %s", async (file, text, format) => {
  const artifact = await compile({ [file]: text });
  expect(artifact.format).toBe(format);
  expect(await evaluateInWorker(artifact)).toEqual({ ok: true, value: 1 });
});

test("CommonJS stays what it is: sloppy, with require, module and this", async () => {
  const value = await probe({
    "hello.js": `
      undeclared = 7;
      const os = require("os");
      const { sep } = require("node:path");
      const lib = require("./lib");
      exports.probe = function () {
        return { undeclared, sloppy: (function () { return this !== undefined })(), platform: os.platform() === process.platform, sep, lib, id: typeof module.id, self: require(__filename).probe === exports.probe };
      };`,
    "lib/index.js": "exports.data = require('./data.json');",
    "lib/data.json": "[1]",
  });
  expect(value).toEqual({ undeclared: 7, sloppy: true, platform: true, sep: "/", lib: { data: [1] }, id: "string", self: true });
});

test("a CommonJS file below a package of ES modules is taken for what it is", async () => {
  expect(
    await probe({
      "hello.js":
        "'use strict';\nconst { n } = require('./lib.js');\nmodule.exports = { probe: () => [n, __filename.endsWith('hello.js')] };",
      "lib.js": "exports.n = 1;",
      "package.json": '{"type":"module"}',
    }),
  ).toEqual([1, true]);
});

test("each file's own place is what import.meta, __filename and require mean", async () => {
  const files = {
    "esm.ts": `
      import * as lib from "./lib/a.js";
      import { b } from "./lib/b.cjs";
      const { url, filename } = import.meta;
      export const probe = () => [[url, filename, import.meta.dirname, import.meta.resolve("./x.js"), import.meta.resolve("fs"), __dirname], lib.a, b];`,
    "lib/a.ts": "export const a = [import.meta.url, import.meta.filename, import.meta.dirname, __filename];",
    "lib/b.cjs":
      "#!/usr/bin/env node\n'use strict'\nexports.b = [__filename, __dirname, require.resolve('./c.cjs'), (function () { return this })() === undefined];",
    "lib/c.cjs": "",
  };
  const directory = await pluginsDirectory(files);
  const outcome = await evaluateInWorker(await compiler.compile(fileSource(directory, "esm.ts")));
  const at = (path: string): string => join(directory, path);
  expect(outcome).toEqual({
    ok: true,
    value: [
      [`file://${at("esm.ts")}`, at("esm.ts"), directory, `file://${at("x.js")}`, "node:fs", directory],
      [`file://${at("lib/a.ts")}`, at("lib/a.ts"), at("lib"), at("lib/a.ts")],
      [at("lib/b.cjs"), at("lib"), at("lib/c.cjs"), true],
    ],
  });
});

test("what a file declares itself is not replaced", async () => {
  expect(
    await probe({
      "hello.mjs": `
        import { createRequire } from "node:module";
        import { dirname } from "node:path";
        import { fileURLToPath } from "node:url";
        const __dirname = dirname(fileURLToPath(import.meta.url)) + "!";
        const require = createRequire(import.meta.url);
        const module = "m", exports = "e";
        export const probe = () => [__dirname.endsWith("!"), require("./lib.cjs"), module, exports];`,
      "lib.cjs": "module.exports = typeof require('fs').readFile;",
    }),
  ).toEqual([true, "function", "m", "e"]);
});

test("require and import of a computed name work relative to the entry", async () => {
  const helpers = { "a.cjs": "module.exports = 'a';", "b.mjs": "export default 'b';" };
  expect(
    await probe({
      "hello.js": "const n = ['./a.cjs', './b.mjs']; exports.probe = async () => [require(n[0]), (await import(n[1])).default];",
      ...helpers,
    }),
  ).toEqual(["a", "b"]);
  expect(
    await probe({
      "hello.mjs": "const n = ['./b.mjs']; export const probe = async () => (await import(n[0])).default;",
      ...helpers,
    }),
  ).toEqual("b");
});

test("packages stay outside and are found from the file that imports them, by the condition that fits", async () => {
  const dual = installed("dual", {
    "package.json": '{"exports":{"module":"./bundlers.js","import":"./i.mjs","require":"./r.cjs"}}',
    "i.mjs": "export default 'import'; export const url = import.meta.url;",
    "r.cjs": "module.exports = 'require';",
  });
  const esm = await compile({
    "hello.ts":
      'import dual, { url } from "dual"; import { nested } from "./lib/nested.js"; export const probe = async () => [dual, url.endsWith("/node_modules/dual/i.mjs"), nested, (await import("dual")).default];',
    "lib/nested.ts": 'import own from "own"; export const nested = own;',
    "lib/node_modules/own/index.js": "module.exports = 'nested';",
    ...dual,
  });
  expect(esm.inputs).toHaveLength(2);
  expect(await evaluateInWorker(esm)).toEqual({ ok: true, value: ["import", true, "nested", "import"] });
  expect(
    await probe({ "hello.js": 'exports.probe = async () => [require("dual"), (await import("dual")).default];', ...dual }),
  ).toEqual(["require", "import"]);
});

test("every form of import and export of an outside module is understood", async () => {
  expect(
    await probe({
      "hello.mjs": `
        import "side-effect";
        import fallback, { one, two as zwei, "odd name" as odd, default as again, aVeryLongNameThatMakesTheLineBreak, anotherVeryLongNameThatMakesTheLineBreak } from "dep";
        import mixed, * as all from "dep";
        import plain, { hidden } from "commonjs";
        export * from "dep";
        export { one as reexported, default as other } from "dep";
        export * as everything from "dep";
        const text = \`
import nothing from "dep";
export { text as fake };
\`;
        export { text as "a text" };
        export const probe = async () => {
          const self = await import("./self.mjs");
          return { effect: globalThis.effect, fallback, one, zwei, odd, again, aVeryLongNameThatMakesTheLineBreak, anotherVeryLongNameThatMakesTheLineBreak, mixed, all: Object.keys(all), plain: plain.hidden, hidden, text, self: Object.keys(self).sort() };
        };`,
      "self.mjs": 'export * from "dep"; export { one as uno } from "dep"; export default 0;',
      ...installed("dep", {
        "package.json": '{"type":"module","main":"d.js"}',
        "d.js":
          "export default 'd'; export const one = 1, two = 2, aVeryLongNameThatMakesTheLineBreak = 3, anotherVeryLongNameThatMakesTheLineBreak = 4; export { two as 'odd name' };",
      }),
      ...installed("side-effect", { "index.js": "globalThis.effect = 'happened';" }),
      ...installed("commonjs", { "index.js": "module.exports = Object.fromEntries([['hidden', 'seen']]);" }),
    }),
  ).toEqual({
    effect: "happened",
    fallback: "d",
    one: 1,
    zwei: 2,
    odd: 2,
    again: "d",
    aVeryLongNameThatMakesTheLineBreak: 3,
    anotherVeryLongNameThatMakesTheLineBreak: 4,
    mixed: "d",
    all: ["aVeryLongNameThatMakesTheLineBreak", "anotherVeryLongNameThatMakesTheLineBreak", "default", "odd name", "one", "two"],
    plain: "seen",
    hidden: "seen",
    text: '\nimport nothing from "dep";\nexport { text as fake };\n',
    self: [
      "aVeryLongNameThatMakesTheLineBreak",
      "anotherVeryLongNameThatMakesTheLineBreak",
      "default",
      "odd name",
      "one",
      "two",
      "uno",
    ],
  });
});

test("re-exported names and those of the module itself come out, the default of another module does not", async () => {
  const artifact = await compile({
    "hello.mjs":
      'export * from "dep"; export { default as other } from "dep"; let live = 1; export { live, live as "odd name" };',
    ...installed("dep", { "package.json": '{"type":"module"}', "index.js": "export default 'd'; export const one = 1;" }),
  });
  expect(await evaluateInWorker(artifact)).toEqual({ ok: true, value: ["one", "live", "odd name", "other"] });
});

test("an import that a package does not have is an error that names it", async () => {
  const outcome = await evaluateInWorker(
    await compile({
      "hello.mjs": 'import { nope } from "dep"; export const probe = () => nope;',
      ...installed("dep", { "index.js": "" }),
    }),
  );
  expect(outcome).toMatchObject({
    ok: false,
    stack: expect.stringContaining("The requested module 'dep' does not provide an export named 'nope'") as unknown,
  });
});

test("linked packages of the same workspace are bundled, TypeScript included", async () => {
  const directory = await pluginsDirectory({
    "plugins/hello.ts": 'import { shared } from "shared"; export const probe = () => shared;',
    "packages/shared/package.json": '{"main":"index.ts"}',
    "packages/shared/index.ts": 'export const shared: string = "from the workspace";',
    "plugins/node_modules/.keep": "",
  });
  symlinkSync("../../packages/shared", join(directory, "plugins/node_modules/shared"));
  const artifact = await compiler.compile(fileSource(join(directory, "plugins"), "hello.ts"));
  expect(artifact.inputs.map(({ path }) => path)).toContain(join(directory, "packages/shared/index.ts"));
  expect(await evaluateInWorker(artifact)).toEqual({ ok: true, value: "from the workspace" });
});

test("a plugin inside an installed package is bundled with its own files only", async () => {
  const directory = await pluginsDirectory({
    "node_modules/server/plugins/hello.ts":
      'import { own } from "./own.js"; import dep from "dep"; export const probe = () => own + dep;',
    "node_modules/server/plugins/own.ts": 'export const own: string = "own ";',
    "node_modules/dep/index.js": "module.exports = 'dep';",
  });
  const artifact = await compiler.compile(fileSource(join(directory, "node_modules/server/plugins"), "hello.ts"));
  expect(artifact.inputs).toHaveLength(2);
  expect(await evaluateInWorker(artifact)).toEqual({ ok: true, value: "own dep" });
});

test("pluginserver/pdk is the plugin's own copy where it has one, else the server's", async () => {
  const text = { "hello.ts": 'import { whose } from "pluginserver/pdk"; export const probe = () => whose;' };
  expect(await probe(text)).toBe("the server's");
  const own = installed("pluginserver", {
    "package.json": '{"name":"pluginserver","version":"1.2.0","exports":{"./pdk":"./pdk.mjs"}}',
    "pdk.mjs": 'export const whose = "the plugin\'s";',
  });
  const artifact = await compile({ ...text, ...own });
  expect(artifact.pdkVersion).toBe("1.2.0");
  expect(await evaluateInWorker(artifact)).toEqual({ ok: true, value: "the plugin's" });
  // Paths in a tsconfig.json are for the type checker: what they name need not run.
  const paths = {
    "tsconfig.json": '{"compilerOptions":{"paths":{"pluginserver/pdk":["./types.ts"]}}}',
    "types.ts": "export const whose = 'nobody'",
  };
  expect(await probe({ ...text, ...paths })).toBe("the server's");
});

test("native addons are required by their absolute path", async () => {
  const directory = await pluginsDirectory({
    "hello.mjs": 'import addon from "./build/addon.node"; export const probe = () => addon;',
    "hello.cjs": 'exports.probe = () => require("./build/addon.node");',
    "build/addon.node": "this is no shared library",
  });
  for (const file of ["hello.mjs", "hello.cjs"]) {
    const outcome = await evaluateInWorker(await compiler.compile(fileSource(directory, file)));
    expect(outcome).toMatchObject({ ok: false, stack: expect.stringContaining(join(directory, "build/addon.node")) as unknown });
  }
});

test.each([
  ["a hashbang", { "hello.mjs": "#!/usr/bin/env node\nexport const probe = () => 1;" }],
  [
    "a hashbang in CommonJS",
    { "hello.cjs": "#!/usr/bin/env node\n'use strict';\nexports.probe = () => (__dirname === '' ? 0 : 1);" },
  ],
  ["a byte order mark", { "hello.ts": "\uFEFFexport const probe = () => 1;" }],
  [
    "a banner of slashes",
    { "hello.js": `${"/".repeat(5000)}\n${"/* * */ ".repeat(500)}\nexports.probe = () => (__filename === '' ? 0 : 1);` },
  ],
  [
    "JSON with an attribute",
    { "hello.mjs": 'import data from "./d.json" with { type: "json" }; export const probe = () => data.n;', "d.json": '{"n":1}' },
  ],
  [
    "JSON of a package",
    {
      "hello.mjs": 'import data from "dep/d.json" with { type: "json" }; export const probe = () => data.n;',
      ...installed("dep", { "d.json": '{"n":1}' }),
    },
  ],
  [
    "a package in TypeScript",
    {
      "hello.ts": 'import { n } from "dep"; export const probe = () => n;',
      ...installed("dep", { "package.json": '{"main":"d.ts"}', "d.ts": "export const n: number = 1;" }),
    },
  ],
  [
    "files that import each other",
    {
      "hello.ts":
        'import { other } from "./other.js"; import { sep } from "node:path"; export function mine() { return sep === "/" ? 1 : 0; } export const probe = () => other;',
      "other.ts": 'import { mine } from "./hello.js"; export const other = mine();',
    },
  ],
  [
    "an old package.json",
    { "hello.js": "exports.probe = function () { return arguments.length + 1 };", "package.json": '{"type":5}' },
  ],
  ["code minified to one line", { "hello.js": "var a=()=>1;export{a as probe};" }],
])("a plugin with %s runs", async (_, files) => {
  expect(await probe(files as Record<string, string>)).toBe(1);
});

test("names of classes and functions survive, also when two files use the same", async () => {
  expect(
    await probe({
      "hello.ts":
        'import { Config as Other } from "./other.js"; class Config {} function run() {} export const probe = () => [Config.name, Other.name, run.name];',
      "other.ts": "export class Config {}",
    }),
  ).toEqual(["Config", "Config", "run"]);
});

test("the plugin's tsconfig.json counts", async () => {
  expect(
    await probe({
      "hello.ts":
        'import { far } from "@lib/far"; function mark(target: any) { target.marked = true; } @mark class A {} export const probe = () => [far, (A as any).marked];',
      "src/deep/far.ts": "export const far = 'far';",
      "tsconfig.json": '{"compilerOptions":{"experimentalDecorators":true,"paths":{"@lib/*":["./src/deep/*"]}}}',
    }),
  ).toEqual(["far", true]);
});

test.each([
  ["no JSON", "{ this is not"],
  ["a base that is missing", '{"extends":"@tsconfig/none"}'],
  ["an old target", '{"compilerOptions":{"target":"ES3","module":"AMD","jsx":"react","strict":true}}'],
  ["values of wrong types", '{"compilerOptions":{"target":5,"paths":[],"jsx":"strange","useDefineForClassFields":"yes"}}'],
])("a tsconfig.json with %s is no obstacle", async (_, text) => {
  expect(await probe({ "hello.ts": "export const probe = (): number => 1;", "tsconfig.json": text })).toBe(1);
});

test("an optional module may be missing", async () => {
  expect(
    await probe({
      "hello.js":
        "let found = 'none'; try { found = require('missing-package'); } catch (error) { found = error.code; } exports.probe = () => found;",
    }),
  ).toBe("MODULE_NOT_FOUND");
});

test.each([
  ["a syntax error", { "hello.ts": "const a = 1;\n\nlet b x;\n" }, 'hello.ts:3:7: Expected ";" but found "x"', 3, 7],
  [
    "a syntax error in CommonJS",
    { "hello.js": "module.exports = {\n  a b\n}" },
    'hello.js:2:5: Expected "}" but found "b"',
    2,
    5,
  ],
  [
    "an error after letters of more than one byte",
    { "hello.ts": 'export const a = "€€"; let b x;' },
    'hello.ts:1:30: Expected ";" but found "x"',
    1,
    30,
  ],
  [
    "an error in another file",
    { "hello.ts": 'import "./lib/a.js";', "lib/a.ts": "\nlet b x;" },
    'lib/a.ts:2:7: Expected ";" but found "x"',
    2,
    7,
  ],
  [
    "a missing package",
    { "hello.ts": 'import a from "./b.js";\nexport default a;', "b.ts": '\nimport c from "c";\nexport default c;' },
    'b.ts:2:15: Could not resolve "c"',
    2,
    15,
  ],
  ["a missing file", { "hello.js": 'exports.a = require("./nope");' }, 'hello.js:1:21: Could not resolve "./nope"', 1, 21],
  [
    "a missing named import",
    { "hello.ts": 'import { a } from "./b.js"; export default a;', "b.ts": "export const b = 1;" },
    'hello.ts:1:10: No matching export in "b.ts" for import "a"',
    1,
    10,
  ],
  [
    "a JSON file that is none",
    { "hello.ts": 'import a from "./a.json"; export default a;', "a.json": "{ x" },
    'a.json:1:3: Expected string in JSON but found "x"',
    1,
    3,
  ],
])("%s is an error with its place", async (_, files, message, line, column) => {
  expect(await failure(files as Record<string, string>)).toMatchObject({
    name: "PluginLoadError",
    code: "PLUGIN_COMPILE_FAILED",
    message,
    line,
    column,
  });
});

test("an error in a plugin that is a folder names the folder", async () => {
  const directory = await pluginsDirectory({ "hello/src/index.ts": "let b x;" });
  const source = { name: "hello", entry: join(directory, "hello/src/index.ts"), root: join(directory, "hello") };
  await expect(compiler.compile(source)).rejects.toMatchObject({
    path: source.entry,
    message: 'hello/src/index.ts:1:7: Expected ";" but found "x"',
  });
});

test.each(["", " \n\t\n", "\uFEFF"])("a file that holds just %j is empty", async (text) => {
  expect(await failure({ "hello.ts": text })).toMatchObject({
    code: "PLUGIN_COMPILE_FAILED",
    message: "hello.ts: is empty",
    line: undefined,
  });
});

test("a file that is gone is an error", async () => {
  const directory = await pluginsDirectory({});
  await expect(compiler.compile(fileSource(directory, "hello.ts"))).rejects.toMatchObject({
    code: "PLUGIN_COMPILE_FAILED",
    message: expect.stringMatching(/^hello\.ts: cannot be read: ENOENT/) as unknown,
  });
});

test("a linked plugin goes by the name of its link", async () => {
  const directory = await pluginsDirectory({
    "..2024/hello.ts": 'import { boom } from "./boom.js";\nexport function probe() { boom(); }',
    "..2024/boom.ts": "\nexport const boom = () => { throw new Error(import.meta.filename); };",
    "..2024/bad.ts": "let b x;",
  });
  for (const file of ["hello.ts", "boom.ts", "bad.ts"]) symlinkSync(`..2024/${file}`, join(directory, file));
  const artifact = await compiler.compile(fileSource(directory, "hello.ts"));
  expect(artifact.inputs.map(({ path }) => path)).toEqual([join(directory, "hello.ts"), join(directory, "boom.ts")]);
  const outcome = await evaluateInWorker(artifact);
  expect(outcome).toMatchObject({ ok: false, stack: expect.stringContaining(`(${join(directory, "boom.ts")}:2:35)`) as unknown });
  expect(outcome).toMatchObject({ stack: expect.stringContaining(join(directory, "..2024/boom.ts")) as unknown });
  await expect(compiler.compile(fileSource(directory, "bad.ts"))).rejects.toMatchObject({
    message: 'bad.ts:1:7: Expected ";" but found "x"',
  });
});
