// Installs and builds what is missing in a fresh checkout. It runs before anything is installed, so it uses Node.js alone.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const INSTALLED = join(root, "node_modules", ".package-lock.json");
const BUILT = join(root, "dist", ".tsbuildinfo");

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

const newest = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true }).reduce(
    (latest, entry) => Math.max(latest, modified(join(entry.parentPath ?? entry.path, entry.name))),
    0,
  );

const run = (what, args) => {
  console.error(`pluginserver: ${what}`);
  const { status, error } = spawnSync("npm", args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (error !== undefined || status !== 0) {
    console.error(`pluginserver: 'npm ${args.join(" ")}' failed${error === undefined ? "" : `: ${error.message}`}`);
    process.exit(1);
  }
};

if (modified(INSTALLED) < modified(join(root, "package-lock.json"))) run("installing its packages", ["ci"]);
const sources = Math.max(
  newest(join(root, "src")),
  modified(join(root, "tsconfig.json")),
  modified(join(root, "tsconfig.build.json")),
);
if (modified(BUILT) < sources) run("building", ["run", "build"]);
