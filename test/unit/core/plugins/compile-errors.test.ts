// What is said of a plugin that cannot be compiled.
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compiler, failure } from "./compile-files.js";
import { evaluateInWorker } from "./evaluate-in-worker.js";
import { fileSource, pluginsDirectory } from "./plugin-files.js";

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
