// What a plugin is compiled to, and what its own code means there.
import { createHash } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compile, compiler, installed, probe } from "../compile-files.js";
import { evaluateInWorker } from "../evaluate-in-worker.js";
import { fileSource, pluginsDirectory } from "../plugin-files.js";

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
  expect(artifact).not.toHaveProperty("apiVersion");
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
