// Which modules of others a compiled plugin finds, and how.
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compile, compiler, installed, probe } from "./compile-files.js";
import { evaluateInWorker } from "./evaluate-in-worker.js";
import { fileSource, pluginsDirectory } from "./plugin-files.js";

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
  expect(artifact.apiVersion).toBe("1.2.0");
  expect(await evaluateInWorker(artifact)).toEqual({ ok: true, value: "the plugin's" });
  // Paths in a tsconfig.json are for the type checker: what they name need not run.
  const paths = {
    "tsconfig.json": '{"compilerOptions":{"paths":{"pluginserver/pdk":["./types.ts"]}}}',
    "types.ts": "export const whose = 'nobody'",
  };
  expect(await probe({ ...text, ...paths })).toBe("the server's");
});

test("another name of the PDK's door is the same module", async () => {
  const text = {
    "hello.ts":
      'import * as one from "pluginserver/pdk"; import * as other from "pluginserver/kong"; export const probe = () => [one === other, other.whose];',
  };
  expect(await probe(text)).toEqual([true, "the server's"]);
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

test("an optional module may be missing", async () => {
  expect(
    await probe({
      "hello.js":
        "let found = 'none'; try { found = require('missing-package'); } catch (error) { found = error.code; } exports.probe = () => found;",
    }),
  ).toBe("MODULE_NOT_FOUND");
});
