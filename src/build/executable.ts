// Writes a program and Node.js into one file: a single executable application of Node.js.
import { execFile } from "node:child_process";
import { chmod, copyFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../core/model/index.js";
import { type NodeCommand, nodeCommand } from "../core/runtime/index.js";
import { BuildError } from "./build-error.js";
import { FUSE, type NodeBinary } from "./node-binary.js";

/** As Node.js looks for it. */
const BLOB = "NODE_SEA_BLOB";
const WRITABLE = 0o755;

/** What an executable has in it besides Node.js. */
export interface ExecutableContents {
  /** The script that it starts with. It has no module loader, and no modules but those of Node.js. */
  readonly main: string;
  readonly assets: Readonly<Record<string, string | Uint8Array>>;
}

const PROGRAM_ASSET = "program";
const LOADER_ASSET = "loader";

/**
 * What it starts with, in its main thread and in each thread of its own. Such a script has no module loader. The program gets one, under the name of the executable, and its source map is read: Node.js does that only
 * while it compiles, and where it was told to before.
 */
const LOADER_TEXT = `globalThis[Symbol.for("pluginserver.program")] = true;
process.setSourceMapsEnabled(true);
const { Module } = require("node:module");
const program = new Module(process.execPath);
program.filename = process.execPath;
program.paths = [];
if (require("node:worker_threads").isMainThread) process.once("beforeExit", () => {
  process.stderr.write(process.execPath + ": nothing goes on, and its plugin still awaits something at its top level\\n");
  process.exitCode = 1;
});
program._compile(require("node:sea").getAsset("${PROGRAM_ASSET}", "utf8"), process.execPath);
`;

/** What makes a program an executable. */
export const programContents = (program: string): ExecutableContents => ({
  main: LOADER_TEXT,
  assets: { [PROGRAM_ASSET]: program, [LOADER_ASSET]: LOADER_TEXT },
});

/**
 * Writes the executable to `file`; `stage` is a folder for what is made on the way.
 * @throws {BuildError}
 */
export async function writeExecutable(
  contents: ExecutableContents,
  node: NodeBinary,
  file: string,
  stage: string,
): Promise<void> {
  const blob = await makeBlob(contents, node, stage);
  await copyFile(node.path, file);
  await chmod(file, WRITABLE);
  // In a process of its own: it warns of sections of Node.js that it does not know.
  const postject = createRequire(import.meta.url).resolve("postject/dist/cli.js");
  const inject = nodeCommand({ script: postject, args: [file, BLOB, blob, "--sentinel-fuse", FUSE], env: process.env });
  await run(inject, node.path);
}

/** The path of what Node.js reads at its start; written by a Node.js of the same version. */
async function makeBlob({ main, assets }: ExecutableContents, node: NodeBinary, stage: string): Promise<string> {
  if (!node.runs && node.version !== process.version)
    throw new BuildError(
      "BUILD_NODE",
      `${node.path} is ${node.version} for another machine, and this is ${process.version}: build with the same version`,
    );
  const path = (name: string): string => join(stage, name);
  await writeFile(path("main.js"), main);
  for (const [name, content] of Object.entries(assets)) await writeFile(path(`${name}.asset`), content);
  const config = {
    main: path("main.js"),
    output: path("program.blob"),
    disableExperimentalSEAWarning: true,
    assets: Object.fromEntries(Object.keys(assets).map((name) => [name, path(`${name}.asset`)])),
  };
  await writeFile(path("sea.json"), JSON.stringify(config));
  const file = node.runs ? node.path : process.execPath;
  await run({ file, args: ["--experimental-sea-config", path("sea.json")], env: process.env }, node.path);
  return path("program.blob");
}

async function run({ file, args, env }: NodeCommand, node: string): Promise<void> {
  try {
    await promisify(execFile)(file, args, { env });
  } catch (error) {
    throw new BuildError("BUILD_NODE", `${node}: ${messageOf(error)}`, { cause: error });
  }
}
