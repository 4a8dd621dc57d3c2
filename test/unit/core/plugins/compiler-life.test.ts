import { execFile } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { createCompiler } from "../../../../src/core/plugins/compile/compile.js";
import { fileSource, pluginsDirectory } from "./plugin-files.js";
import { SERVER_API } from "./server-api.js";

/** Compiles in a process of its own and prints how many children that process has before, while open, and after close. */
const PROGRAM = `
import { readFileSync } from "node:fs";
import { createCompiler } from "./src/core/plugins/compile/compile.ts";
const children = () => readFileSync(\`/proc/\${process.pid}/task/\${process.pid}/children\`, "utf8").split(" ").filter(Boolean).length;
const seen = [];
const api = { package: "pluginserver", versionFields: [], entries: new Map() };
const one = createCompiler({ api, versionMatch: "exact", trustedKeys: [] });
const other = createCompiler({ api, versionMatch: "exact", trustedKeys: [] });
const unused = createCompiler({ api, versionMatch: "exact", trustedKeys: [] });
seen.push(children());
const source = { name: "p", entry: process.argv[2], root: process.argv[2] };
await Promise.all([one.compile(source), other.compile(source)]);
seen.push(children());
await unused.close();
await one.close();
await one.close();
await other.compile(source);
seen.push(children());
await other.close();
for (const limit = Date.now() + 5000; children() > 0 && Date.now() < limit; ) await new Promise(setImmediate);
seen.push(children());
console.log(JSON.stringify(seen));
`;

test.runIf(process.platform === "linux")(
  "esbuild starts with the first compilation and ends with the last compiler",
  async () => {
    const root = join(import.meta.dirname, "../../../..");
    const directory = await pluginsDirectory({ "p.ts": "export default 1;" });
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
    const program = join(directory, "program.mjs");
    await build({
      stdin: { contents: PROGRAM, resolveDir: root },
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
      outfile: program,
    });
    const { stdout } = await promisify(execFile)(process.execPath, [program, join(directory, "p.ts")]);
    expect(JSON.parse(stdout)).toEqual([0, 1, 1, 0]);
  },
);

test("a closed compiler finishes what it began and compiles no more", async () => {
  const directory = await pluginsDirectory({ "p.ts": "export default 1;" });
  const compiler = createCompiler({ api: SERVER_API, versionMatch: "exact", trustedKeys: [] });
  const begun = compiler.compile(fileSource(directory, "p.ts"));
  await compiler.close();
  await expect(begun).resolves.toMatchObject({ format: "esm" });
  await expect(compiler.compile(fileSource(directory, "p.ts"))).rejects.toThrow("the compiler is closed");
});
