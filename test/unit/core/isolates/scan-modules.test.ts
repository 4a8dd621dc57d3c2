// Reading what modules say of themselves: one that hangs, exits or throws spoils only its own.
import { describe, expect, it } from "vitest";
import type { LogEntry, ScanItem } from "../../../../src/core/channel/index.js";
import type { ScanResult } from "../../../../src/core/isolates/index.js";
import { KONG_WORKER, loadIsolates } from "./from-dist.js";
import { countThreads, goPlugin } from "./recorded-pool.js";

const { scanInIsolates } = await loadIsolates();

const LIMITS = { memory: 256 * 1024 * 1024, env: process.env };
const item = (name: string, code: string): ScanItem => ({
  name,
  artifact: { entry: `/plugins/${name}.cjs`, format: "cjs", code },
});
const good = (name: string): ScanItem => item(name, goPlugin("Access() {}, Log() {}"));

async function scan(
  items: readonly ScanItem[],
  timeout = 10_000,
): Promise<{ results: ScanResult[]; logs: [string, LogEntry][] }> {
  const logs: [string, LogEntry][] = [];
  const results = await scanInIsolates(items, {
    timeout,
    limits: LIMITS,
    gatewayWorker: KONG_WORKER,
    onLog: ({ name }, entry) => logs.push([name, entry]),
  });
  return { results, logs };
}

const textOf = (result: ScanResult | undefined): string =>
  result === undefined ? "nothing" : result.ok ? result.metadata.name : result.error.message;

const NOTHING_ASKED = { variables: [], isRepeatable: true, hasInit: false };

describe("modules", () => {
  it.each([
    ["a variable", "process.env.REGION;", { variables: ["REGION"] }],
    ["whether there is one", "'REGION' in process.env;", { variables: ["REGION"] }],
    ["a variable of the module", "require('node:process').env.REGION;", { variables: ["REGION"] }],
    ["all variables", "({ ...process.env });", { variables: ["*"] }],
    ["a file", "require('node:fs').readFileSync('/etc/hostname');", { isRepeatable: false }],
    [
      "a file by a name of its own",
      "const { existsSync } = require('fs'); existsSync('/etc/hostname');",
      { isRepeatable: false },
    ],
    ["a file, later", "require('fs/promises').readFile('/etc/hostname');", { isRepeatable: false }],
    ["a connection", "require('net').connect(1, '127.0.0.1').on('error', () => {});", { isRepeatable: false }],
    [
      "a program, which gets all variables",
      "require('child_process').execFileSync('true');",
      { variables: ["*"], isRepeatable: false },
    ],
    ["where it runs", "process.cwd();", { isRepeatable: false }],
  ])("tell that they ask for %s, and the next is not taken for them", async (_what, code, traces) => {
    const { results } = await scan([item("asks", `${code} ${goPlugin("Access() {}")}`), good("a")]);
    expect(results.map((result) => (result.ok ? result.traces : result.error))).toEqual([
      { ...NOTHING_ASKED, ...traces },
      NOTHING_ASKED,
    ]);
  });

  it("tell their metadata, each under its own name", async () => {
    const { results } = await scan([
      good("a"),
      item("file", `${goPlugin("Response() {}")} exports.Name = "own-name"; exports.PdkVersion = "1.2.3";`),
    ]);
    expect(results).toEqual([
      {
        ok: true,
        metadata: {
          form: "go",
          name: "a",
          version: "1.0.0",
          functions: ["access", "log"],
          schema: expect.any(Array) as unknown,
          announcement: { priority: 1, ignoredPhases: [], nearMisses: [], unsent: [] },
        },
        traces: NOTHING_ASKED,
      },
      {
        ok: true,
        metadata: expect.objectContaining({ name: "own-name", functions: ["response"], apiVersion: "1.2.3" }) as unknown,
        traces: NOTHING_ASKED,
      },
    ]);
  });

  it("none at all are no work", async () => {
    expect((await scan([])).results).toEqual([]);
  });

  it("that are no plugin say why", async () => {
    const { results } = await scan([item("empty", "module.exports = {}"), good("a")]);
    expect(textOf(results[0])).toContain("the module is not a plugin");
    expect(textOf(results[1])).toBe("a");
  });

  it("whose printing is kept apart, by module", async () => {
    const { results, logs } = await scan([
      item("loud", `console.log("one"); ${goPlugin("Access() {}")}`),
      item("louder", `console.error("two"); ${goPlugin("Access() {}")}`),
    ]);
    expect(results.map(({ ok }) => ok)).toEqual([true, true]);
    expect(logs).toEqual([
      ["loud", { level: "info", message: "one" }],
      ["louder", { level: "warn", message: "two" }],
    ]);
  });
});

describe("modules that take the isolate down", () => {
  it.each([
    ["throws", "throw new TypeError('at once')", "at once"],
    ["throws no Error", "throw 'text'", "text"],
    ["exits", "process.exit(0)", ""],
    ["exits with a status", "process.exit(7)", ""],
    ["loops", "for (;;);", "still loading after 1 s"],
    ["uses up the memory", "const all = []; for (;;) all.push(new Array(1e6).fill(Math.random()));", ""],
  ])("one that %s spoils only its own", async (_name, code, text) => {
    const { results } = await scan([good("a"), item("bad", code), good("b"), good("c")], 1000);
    expect(results).toHaveLength(4);
    expect([results[0], results[2], results[3]].map(textOf)).toEqual(["a", "b", "c"]);
    expect(results[1]?.ok).toBe(false);
    expect(textOf(results[1])).toContain(text);
    expect(textOf(results[1])).not.toBe("");
  });

  it("one that awaits for ever spoils only its own", async () => {
    const hangs: ScanItem = {
      name: "hangs",
      artifact: { entry: "/plugins/hangs.mjs", format: "esm", code: "module.exports = new Promise(() => {});" },
    };
    const { results } = await scan([good("a"), hangs, good("b")], 300);
    expect(results.map(textOf)).toEqual(["a", "the module was still loading after 0.3 s", "b"]);
  });

  it("several in a row, first and last too", async () => {
    const exits = item("exits", "process.exit(1)");
    const { results } = await scan([exits, exits, good("a"), item("throws", "throw new Error('x')"), exits]);
    expect(results.map(({ ok }) => ok)).toEqual([false, false, true, false, false]);
  });

  it("leave no thread behind", async () => {
    const items = [good("a"), item("exits", "process.exit(1)"), item("loops", "setInterval(() => {}, 1000); for (;;);")];
    await scan(items, 300);
    const before = countThreads();
    await scan(items, 300);
    await expect.poll(countThreads, { timeout: 5000 }).toBeLessThanOrEqual(before);
  });
});
