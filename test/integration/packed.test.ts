import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTempDir, type TempDir } from "../support/index.js";
import { readSamples } from "./doc-samples.js";

const ROOT = join(import.meta.dirname, "../..");
/** The registry may be slow. */
const INSTALL_TIMEOUT = 180_000;

let temp: TempDir;
let project: string;

interface Ran {
  readonly status: number | null;
  readonly output: string;
}

function run(cwd: string, command: string, ...args: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", timeout: INSTALL_TIMEOUT });
  return { status, output: stdout + stderr };
}

function succeed(cwd: string, command: string, ...args: readonly string[]): string {
  const { status, output } = run(cwd, command, ...args);
  expect(status, `${command} ${args.join(" ")}:\n${output}`).toBe(0);
  return output;
}

/** What a user does who has nothing but the tarball. */
beforeAll(() => {
  temp = createTempDir("packed");
  const folder = join(temp.path, "empty");
  mkdirSync(folder);
  // What is built is what is tested: packing would build it again.
  const tarball = succeed(ROOT, "npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", temp.path).trim();
  succeed(folder, "npm", "install", "--prefer-offline", "--no-audit", `../${tarball}`);
  succeed(folder, "npx", "pluginserver", "init", "greeter");
  project = join(folder, "greeter");
  succeed(project, "npm", "install", "--prefer-offline", "--no-audit");
}, INSTALL_TIMEOUT);

afterAll(() => temp.remove());

describe("the packed package, in an empty folder", () => {
  it("makes a project that type-checks and passes its test", () => {
    expect(succeed(project, "npm", "test")).toMatch(/# pass 1\n[^]*# fail 0|ℹ pass 1\n[^]*ℹ fail 0/);
  });

  it("fails that test when the plugin does something else", () => {
    const source = join(project, "src/greeter.ts");
    const text = readFileSync(source, "utf8");
    writeFileSync(source, text.replace("} to ${", "} for ${"));
    const { status, output } = run(project, "npm", "test");
    writeFileSync(source, text);
    expect(status).toBe(1);
    // In the TypeScript, not in what it was compiled to.
    expect(output).toMatch(/test[/\\]greeter\.test\.ts:\d+/);
  });

  it("builds the plugin to one file that is served, and that is refused once it is altered", () => {
    expect(succeed(project, "npm", "run", "build")).toContain("greeter 0.1.0: dist/greeter.mjs");
    expect(readdirSync(join(project, "dist"))).toEqual(["greeter.mjs"]);
    expect(succeed(project, "npm", "run", "check")).toMatch(/^greeter +0\.1\.0 +10 +access +1\.0\.0 +served$/m);

    mkdirSync(join(temp.path, "plugins"));
    const copy = join(temp.path, "plugins/greeter.mjs");
    copyFileSync(join(project, "dist/greeter.mjs"), copy);
    const binary = join(project, "../node_modules/.bin/pluginserver");
    expect(succeed(temp.path, binary, "-plugins-dir", "plugins", "-dump-all-plugins")).toContain('"Name":"greeter"');
    writeFileSync(copy, readFileSync(copy, "utf8").replace("nobody", "anybody"));
    const { status, output } = run(temp.path, binary, "check", "plugins");
    expect(status).toBe(1);
    expect(output).toContain("it is not what was built");
  });

  it("says what is missing to check types, and needs nothing for JavaScript", () => {
    const folder = join(project, "..");
    writeFileSync(join(folder, "typed.ts"), "export const New = () => ({ access(): void {} });");
    writeFileSync(join(folder, "plain.js"), "exports.New = () => ({ access() {} });");
    const { status, output } = run(folder, "npx", "pluginserver", "build", "typed.ts", "plain.js", "-out", "out");
    expect(status).toBe(1);
    expect(output).toContain("typed.ts: its types cannot be checked: typescript is installed neither beside typed.ts nor");
    expect(readdirSync(join(folder, "out"))).toEqual(["plain.cjs"]);
  });

  it("keeps a dump alone on stdout, whatever a plugin's native code writes there", () => {
    const folder = join(temp.path, "noisy");
    mkdirSync(folder);
    // As an addon does: past everything that stands for stdout in JavaScript.
    writeFileSync(
      join(folder, "noisy.cjs"),
      'require("node:fs").writeSync(1, "noise\\n"); exports.New = () => ({ access() {} });',
    );
    const binary = join(project, "../node_modules/.bin/pluginserver");
    const { stdout, stderr } = spawnSync(binary, ["-plugins-dir", folder, "-dump", "noisy"], { encoding: "utf8" });
    expect((JSON.parse(stdout) as { Name: string }[]).map(({ Name }) => Name)).toEqual(["noisy"]);
    expect(stderr).toContain("noise");
  });

  it("has every file that a stack of its own code names", () => {
    const after = "Error.stackTraceLimit = 50; testPlugin({}, { nmae: 1 }).catch((error) => console.log(error.stack));";
    const stacks = [
      ["--enable-source-maps", "--input-type=module", "-e", `import { testPlugin } from "pluginserver/testing"; ${after}`],
      ["--input-type=module", "-e", `import { testPlugin } from "pluginserver/testing"; ${after}`],
      ["-e", `const { testPlugin } = require("./node_modules/pluginserver/dist/commonjs/testing.cjs"); ${after}`],
    ].map((args) => succeed(project, "node", ...args));
    const frames = [...stacks.join("\n").matchAll(/(?:file:\/\/)?(\/[^\s():]*pluginserver\/[^\s():]+):\d+:\d+/g)].map(
      ([, file = ""]) => file,
    );
    expect(frames.length).toBeGreaterThan(4);
    expect(frames.filter((file) => !existsSync(file))).toEqual([]);
  });

  it("has types for CommonJS as Node.js 16 knew it, and for each of its doors", () => {
    const folder = join(project, "common");
    const doors = ["pdk", "kong", "testing", "testing/kong-js", "server"];
    mkdirSync(folder);
    const imports = doors.map((door, index) => `import * as m${index} from "pluginserver/${door}";\nvoid m${index};`);
    writeFileSync(
      join(folder, "common.cts"),
      `${imports.join("\n")}\nconst plugin = m0.definePlugin({ access: (kong) => kong.log.info("x") });\nexport = plugin;\n`,
    );
    const options = { module: "node16", target: "es2022", strict: true, types: ["node"], skipLibCheck: false, outDir: "out" };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["common.cts"] }));
    succeed(folder, "npx", "tsc", "-p", "tsconfig.json");
    succeed(folder, "node", "-e", 'for (const door of process.argv.slice(1)) require("pluginserver/" + door)', ...doors);
    expect(succeed(folder, "node", "out/common.cjs")).toBe("");
  });

  it("does what the guide says, word by word", { timeout: INSTALL_TIMEOUT }, () => {
    const folder = join(project, "..");
    const samples = readSamples("docs/plugin-guide.md").filter(({ file }) => /^(src|test)\//.test(file ?? ""));
    expect(samples.map(({ file }) => file)).toEqual(["src/quota.ts", "test/quota.test.ts"]);
    succeed(folder, "npx", "pluginserver", "init", "quota");
    const quota = join(folder, "quota");
    succeed(quota, "npm", "install", "--prefer-offline", "--no-audit");
    for (const { file = "", text } of samples) writeFileSync(join(quota, file), text);
    expect(succeed(quota, "npm", "test")).toMatch(/# pass 2\n[^]*# fail 0|ℹ pass 2\n[^]*ℹ fail 0/);
    expect(succeed(quota, "npx", "pluginserver", "check", "src")).toMatch(/^quota +1\.0\.0 +900 +access +1\.0\.0 +served$/m);
    expect(succeed(quota, "npx", "pluginserver", "build", ".", "-out", "dist")).toContain("quota 1.0.0: dist/quota.mjs");
  });

  it("does not build what does not type-check", () => {
    const source = join(project, "src/greeter.ts");
    const text = readFileSync(source, "utf8");
    writeFileSync(source, text.replace('getHeader("host")', "getHeader(1)"));
    const { status, output } = run(project, "npx", "pluginserver", "build", ".", "-out", "dist");
    writeFileSync(source, text);
    expect(status).toBe(1);
    expect(output).toMatch(/its types do not fit: \n {2}src\/greeter\.ts\(\d+,\d+\): error TS2345/);
  });
});
