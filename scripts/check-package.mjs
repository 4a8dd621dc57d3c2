// Checks the package as it would be published: publint reads its manifest and files, attw resolves its types as each kind of project would.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, ".cache", "package");
const TOOLS = { publint: "publint/src/cli.js", attw: "@arethetypeswrong/cli/dist/index.js" };

function run(command, args, stdio) {
  const { status, stdout, error } = spawnSync(command, args, { cwd: root, encoding: "utf8", stdio });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
// What is built is what is looked at.
const packed = run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], ["ignore", "pipe", "inherit"]);
const tarball = join(folder, packed.trim().split("\n").at(-1));
const tool = (name, ...args) => run(process.execPath, [join(root, "node_modules", TOOLS[name]), ...args], "inherit");
tool("publint", tarball, "--strict");
// Without what resolved packages before it knew `exports`.
tool("attw", tarball, "--quiet", "--profile", "node16");
