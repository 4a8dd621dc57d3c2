// The documents do not rot: their samples are compiled, loaded and run, and their commands carried out, as a reader would.
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ReadersProject, readSamples } from "./doc-samples.js";

const DOCUMENTS = [
  "README.md",
  "docs/module-forms.md",
  "docs/plugin-guide.md",
  "docs/migrate-from-go.md",
  "docs/migrate-from-kong-js-pdk.md",
];
/** A compiler or a build, on a machine that does other things too. */
const SLOW = 120_000;

describe.each(DOCUMENTS)("%s", (document) => {
  const samples = readSamples(document);
  const files = samples.flatMap(({ file }) => file ?? []);
  let project: ReadersProject;

  beforeAll(async () => {
    project = await ReadersProject.create(samples);
  });

  afterAll(() => project.remove());

  it("says of each sample of code what it is", () => {
    const code = samples.filter(({ language }) => language === "ts" || language === "js");
    expect(code.filter(({ file, info }) => file === undefined && info !== "fragment")).toEqual([]);
    expect(files).toEqual([...new Set(files)]);
  });

  it("has samples that compile", { timeout: SLOW }, async () => {
    expect(await project.run("tsc", "--noEmit", "-p", "tsconfig.docs.json")).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it("has plugins that are served, with nothing to warn of", { timeout: SLOW }, async () => {
    const names = files.filter((file) => file.startsWith("plugins/")).map((file) => basename(file).replace(/\.\w+$/, ""));
    if (names.length === 0) return;
    const { stdout } = await project.run("pluginserver", "check", "plugins", "-json", "-no-types");
    const { plugins } = JSON.parse(stdout) as { plugins: { name: string; served: boolean; warnings: string[] }[] };
    expect(plugins.filter(({ served, warnings }) => !served || warnings.length > 0)).toEqual([]);
    expect(plugins.map(({ name }) => name).sort()).toEqual(names.sort());
  });

  it("has commands that work", { timeout: SLOW }, async () => {
    for (const { text } of samples.filter(({ language, info }) => language === "sh" && info === "run")) {
      const { status, stderr } = await project.run("bash", "-e", "-c", text);
      expect(status, `${text}\n${stderr}`).toBe(0);
    }
  });

  it("has tests that pass, and fail where the plugins do nothing", { timeout: SLOW }, async () => {
    const tests = files.filter((file) => /\.test\.[cm]?[jt]s$/.test(file));
    if (tests.length === 0) return;
    const runTests = async (): Promise<{ status: number; passed: number; failed: number; output: string }> => {
      await project.run("tsc", "-p", "tsconfig.docs.json");
      const compiled = tests.map((file) => (file.endsWith(".ts") ? join("build", file.replace(/ts$/, "js")) : file));
      expect(compiled.filter((file) => !existsSync(join(project.path, file)))).toEqual([]);
      const { status, stdout } = await project.run("node", "--enable-source-maps", "--test", "--test-reporter=tap", ...compiled);
      const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(stdout)?.[1]);
      return { status, passed: count("pass"), failed: count("fail"), output: stdout };
    };
    const right = await runTests();
    expect(right, right.output).toMatchObject({ status: 0, failed: 0 });
    project.disableHandlers();
    const wrong = await runTests();
    expect(wrong, wrong.output).toMatchObject({ status: 1, passed: 0, failed: right.passed });
  });
});
