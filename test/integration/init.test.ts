import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTempDir, runCli, type TempDir } from "../support/index.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");

let temp: TempDir;

beforeAll(() => {
  temp = createTempDir("init");
});

afterAll(() => temp.remove());

/** The devDependencies that init writes into a project at `path`. */
async function dependenciesOf(path: string): Promise<Readonly<Record<string, string>>> {
  const { code } = await runCli(["init", path], { cwd: temp.path });
  expect(code).toBe(0);
  const manifest = JSON.parse(readFileSync(join(temp.path, path, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  return manifest.devDependencies;
}

describe("pluginserver init", () => {
  it("writes a project whose plugin builds and is served", async () => {
    const { code, stdout } = await runCli(["init", "hello"], { cwd: temp.path });
    expect(code).toBe(0);
    expect(stdout.toString()).toContain("cd hello && npm install && npm test");
    expect(readFileSync(join(temp.path, "hello/README.md"), "utf8").trim().split("\n")).toHaveLength(12);
    const built = await runCli(["build", ".", "-out", "dist"], { cwd: join(temp.path, "hello") });
    expect(built.code, built.stderr).toBe(0);
    const checked = await runCli(["check", "dist"], { cwd: join(temp.path, "hello") });
    expect(checked.stdout.toString()).toMatch(/^hello +0\.1\.0 +10 +access +\S+ +served$/m);
  });

  it("takes this package from npm, or from where the package around it has it", async () => {
    expect((await dependenciesOf("alone"))["pluginserver"]).toMatch(/^\^\d+\.\d+\.\d+$/);
    temp.write("around/package.json", '{ "dependencies": { "pluginserver": "file:../pluginserver-1.0.0.tgz" } }');
    expect((await dependenciesOf("around/plugins/inner"))["pluginserver"]).toBe("file:../../../pluginserver-1.0.0.tgz");
    temp.write("pinned/package.json", '{ "devDependencies": { "pluginserver": "1.0.0" } }');
    expect((await dependenciesOf("pinned/inner"))["pluginserver"]).toBe("1.0.0");
  });

  it.each([
    ["a folder with something in it", ["init", "full"], 1],
    ["a name that is none", ["init", "No Name"], 1],
    ["no name", ["init"], 2],
    ["two names", ["init", "one", "two"], 2],
  ])("refuses %s", async (_case, args, status) => {
    temp.write("full/file", "mine");
    const { code, stderr } = await runCli(args, { cwd: temp.path });
    expect(code).toBe(status);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(readFileSync(join(temp.path, "full/file"), "utf8")).toBe("mine");
  });
});

/** What npm would install, from here. */
function install(project: string): void {
  mkdirSync(join(project, "node_modules", "@types"), { recursive: true });
  symlinkSync(ROOT, join(project, "node_modules", "pluginserver"));
  for (const name of ["@types/node", "eslint", "typescript", "typescript-eslint", "vitest"])
    symlinkSync(join(ROOT, "node_modules", name), join(project, "node_modules", name));
}

const SCRIPTS = { tsc: "typescript/bin/tsc", vitest: "vitest/vitest.mjs", eslint: "eslint/bin/eslint.js" } as const;

describe.each([
  ["kong", ["init"]],
  ["tyk", ["init", "-tyk"]],
])("a project for %s", (gateway, command) => {
  it.each([["node"], ["vitest"]])(
    "with -test %s passes its test in both runners, and its linter",
    { timeout: 240_000 },
    async (runner) => {
      const folder = `${gateway}-${runner}`;
      const { code } = await runCli([...command, folder, "-test", runner], { cwd: temp.path });
      expect(code).toBe(0);
      const project = join(temp.path, folder);
      install(project);
      const env = { ...process.env };
      for (const name of Object.keys(env))
        if (name.startsWith("VITEST") || name === "NODE_OPTIONS") Reflect.deleteProperty(env, name);
      const run = (...args: readonly string[]): { readonly status: number | null; readonly output: string } => {
        const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: project, encoding: "utf8", env });
        return { status, output: stdout + stderr };
      };
      const tool = (name: keyof typeof SCRIPTS, ...args: readonly string[]): ReturnType<typeof run> =>
        run(join(ROOT, "node_modules", SCRIPTS[name]), ...args);
      expect(tool("tsc")).toEqual({ status: 0, output: "" });
      expect(run("--enable-source-maps", "--test", `build/test/${folder}.test.js`)).toMatchObject({ status: 0 });
      expect(tool("vitest", "run")).toMatchObject({ status: 0, output: expect.stringMatching(/1 passed|2 passed/) as string });
      expect(tool("eslint", ".")).toEqual({ status: 0, output: "" });
      const manifest = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as {
        scripts: Record<string, string>;
        devDependencies: Record<string, string>;
      };
      expect(manifest.scripts["test"]).toContain(runner === "vitest" ? "vitest run" : "node --enable-source-maps --test");
      expect("vitest" in manifest.devDependencies).toBe(runner === "vitest");
      const test = join(project, "test", `${folder}.test.ts`);
      writeFileSync(test, readFileSync(test, "utf8").replace("to example.com", "to nobody"));
      expect(tool("vitest", "run").status).toBe(1);
      writeFileSync(test, readFileSync(test, "utf8").replace("await test(", "Promise.resolve();\nawait test("));
      expect(tool("eslint", ".").output).toContain("no-floating-promises");
      const { configurations } = JSON.parse(readFileSync(join(project, ".vscode/launch.json"), "utf8")) as {
        configurations: unknown[];
      };
      expect(configurations).toHaveLength(2);
      const dockerfile = readFileSync(join(project, "Dockerfile"), "utf8");
      expect(dockerfile).toContain(gateway === "kong" ? "FROM kong:" : '"-tyk"');
      expect(/^ENV KONG_PLUGINSERVER_\w+_QUERY_CMD="\S+ -protocol ProtoBuf:1 -dump"$/m.test(dockerfile)).toBe(gateway === "kong");
    },
  );
});

describe("pluginserver init -tyk", () => {
  it("writes a project of a plugin for Tyk, whose types and tests are right", { timeout: 120_000 }, async () => {
    const { code } = await runCli(["init", "-tyk", "greet"], { cwd: temp.path });
    expect(code).toBe(0);
    const project = join(temp.path, "greet");
    mkdirSync(join(project, "node_modules", "@types"), { recursive: true });
    symlinkSync(ROOT, join(project, "node_modules", "pluginserver"));
    symlinkSync(join(ROOT, "node_modules/@types/node"), join(project, "node_modules/@types/node"));
    const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: project, encoding: "utf8" });
    const compiled = run(join(ROOT, "node_modules/typescript/bin/tsc"));
    expect([compiled.status, compiled.stdout]).toEqual([0, ""]);
    const tested = run("--test", "build/test/greet.test.js");
    expect(tested.status, tested.stdout).toBe(0);
  });

  it("is no flag of other commands", async () => {
    const { code, stderr } = await runCli(["check", "-tyk", "greet"], { cwd: temp.path });
    expect([code, stderr]).toEqual([2, expect.stringContaining("-tyk is a flag of the server and init and tyk-conf")]);
  });
});
