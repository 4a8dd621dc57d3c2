// Every test file belongs to one suite that runs by its name: none is left out, none runs twice.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");

it("each test file is in one suite", () => {
  // Whatever this run leaves out (vitest.config.ts, TEST_LINE): the suites are asked for all that is theirs.
  const env = { ...process.env, TEST_LINE: undefined };
  const listed = execFileSync(process.execPath, [VITEST, "list", "--filesOnly"], { cwd: ROOT, env, encoding: "utf8" })
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/^\[\w+\] /, ""));
  const there = readdirSync(join(ROOT, "test"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts") && !entry.parentPath.includes("node_modules"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
  expect(listed.sort()).toEqual(there.sort());
});
