// Runs the tests: all suites with types and lint, or the suites that are named, alone. Other arguments go to vitest.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const args = process.argv.slice(2);
const suites = args.filter((arg) => /^[a-z]+$/.test(arg));
const others = args.filter((arg) => !suites.includes(arg));

const run = (command, given) => {
  const { status, error } = spawnSync(command, given, { cwd: root, stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
};

if (suites.length === 0) {
  run("npm", ["run", "--silent", "typecheck"]);
  run("npm", ["run", "--silent", "lint"]);
}
run(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...suites.flatMap((name) => ["--project", name]), ...others]);
