import { afterAll, expect, test } from "vitest";
import { createCompiler } from "../../../../src/core/plugins/compile/compile.js";
import { evaluateInWorker } from "./evaluate-in-worker.js";
import { fileSource, pluginsDirectory } from "./plugin-files.js";
import { SERVER_API } from "./server-api.js";

const compiler = createCompiler({
  api: SERVER_API,
  versionMatch: "exact",
  trustedKeys: [],
});
afterAll(() => compiler.close());

/** The places of the stack that lie in the plugin, by file name. */
async function stackOf(files: Record<string, string>): Promise<{ first: string; places: string[] }> {
  const directory = await pluginsDirectory(files);
  const outcome = await evaluateInWorker(await compiler.compile(fileSource(directory, Object.keys(files)[0] ?? "")));
  if (outcome.ok) expect.fail("it did not throw");
  expect(outcome.stack).not.toContain("data:");
  const places = [...outcome.stack.matchAll(/\(?([^\s()]+:\d+:\d+)\)?$/gm)].map(([, place = ""]) => place);
  return {
    first: outcome.stack.split("\n")[0] ?? "",
    places: places.filter((place) => place.startsWith(directory)).map((place) => place.slice(directory.length + 1)),
  };
}

const TYPES = "interface Unused {\n  a: string;\n}\n\n";

test("a throw while the module loads", async () => {
  const { first, places } = await stackOf({
    "hello.ts": `${TYPES}export {};\nconst limit: number = 1;\nif (limit === 1) throw new RangeError("at the top");\n`,
  });
  expect(first).toBe("RangeError: at the top");
  expect(places[0]).toBe("hello.ts:7:24");
});

test("a throw in a handler, after an await", async () => {
  const { places } = await stackOf({
    "hello.ts": `${TYPES}import fs from "node:fs";\nexport async function probe(): Promise<never> {\n  await fs.promises.stat("/");\n  throw new Error("late");\n}\n`,
  });
  expect(places).toEqual(["hello.ts:8:9"]);
});

test("a throw in a helper file, through the entry", async () => {
  const { places } = await stackOf({
    "hello.ts": `${TYPES}import { check } from "./lib/check.js";\n\nexport class Plugin {\n  run(): void {\n    check("x");\n  }\n}\nexport const probe = () => new Plugin().run();\n`,
    "lib/check.ts": `${TYPES}export function check(value: string): void {\n  const wrong: never = value as never;\n  throw new TypeError(wrong);\n}\n`,
  });
  expect(places.slice(0, 3)).toEqual(["lib/check.ts:7:9", "hello.ts:9:5", "hello.ts:12:41"]);
});

test("a throw in CommonJS, in the entry and in a helper", async () => {
  const { places } = await stackOf({
    "hello.js": "'use strict'\nconst { boom } = require('./boom')\n\nmodule.exports = {\n  probe () { boom(__dirname) }\n}\n",
    "boom.js": "\nexports.boom = function boom (text) {\n  throw new Error(text)\n}\n",
  });
  expect(places.slice(0, 2)).toEqual(["boom.js:3:9", "hello.js:5:14"]);
});

test("code that needs to know its own file keeps its lines", async () => {
  const { places } = await stackOf({
    "hello.mts": "// A comment.\nexport const probe = (): never => {\n  throw new Error(import.meta.url);\n};\n",
  });
  expect(places).toEqual(["hello.mts:3:9"]);
});

test("many imports from outside move no line", async () => {
  const { places } = await stackOf({
    "hello.ts":
      'import { readFile, writeFile, appendFile, copyFile, chmod, chown, lstat, mkdir } from "node:fs/promises";\nimport path from "node:path";\nimport * as os from "node:os";\nexport const probe = (): never => {\n  void [readFile, writeFile, appendFile, copyFile, chmod, chown, lstat, mkdir, path, os];\n  throw new Error("here");\n};\n',
  });
  expect(places).toEqual(["hello.ts:6:9"]);
});
