// The test kit in the test runners that people have: the same cases in vitest, node:test and, where it is installed, Jest.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const RUNNERS = fileURLToPath(new URL("../fixtures/runners/", import.meta.url));

/** Where CI installs it; it is too heavy for everybody's checkout. */
const JEST = process.env["JEST_HOME"] ?? `${root}.cache/jest/node_modules/jest`;

const { cases, withStoppedClock } = createRequire(import.meta.url)("../fixtures/runners/cases.cjs") as {
  readonly cases: Readonly<Record<string, () => Promise<void>>>;
  readonly withStoppedClock: (advance: (milliseconds: number) => Promise<unknown>) => Promise<void>;
};

describe("in vitest", () => {
  afterEach(() => void vi.useRealTimers());

  it.each(Object.entries(cases))("%s", async (_name, test) => {
    await test();
    vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "Date", "performance"] });
    await test();
  });

  it("a clock is moved", async () => {
    vi.useFakeTimers();
    await withStoppedClock((milliseconds) => vi.advanceTimersByTimeAsync(milliseconds));
    expect(vi.getTimerCount()).toBe(0);
  });
});

it("in node:test", async () => {
  const { stdout } = await run(process.execPath, ["--test", "--test-reporter=tap", `${RUNNERS}node.test.cjs`]);
  expect(stdout).toContain("# pass 11\n");
});

it.runIf(existsSync(JEST))("in Jest", async () => {
  const { stderr } = await run(
    process.execPath,
    [`${JEST}/bin/jest.js`, "--rootDir", RUNNERS, "--testMatch", "**/jest.test.cjs"],
    {
      cwd: root,
    },
  );
  expect(stderr).toContain("Tests:       11 passed, 11 total");
});
