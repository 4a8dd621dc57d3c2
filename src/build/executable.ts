// Writes a program and Node.js into one file: a single executable application of Node.js.
import { execFile } from "node:child_process";
import { chmod, copyFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../core/model/index.js";
import { BuildError } from "./build-error.js";
import { FUSE, type NodeBinary } from "./node-binary.js";

/** As Node.js looks for it. */
const BLOB = "NODE_SEA_BLOB";
const WRITABLE = 0o755;

/** Names of what an executable has in it besides Node.js. */
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

/**
 * Writes the executable to `file`; `stage` is a folder for what is made on the way.
 * @throws {BuildError}
 */
export async function writeExecutable(program: string, node: NodeBinary, file: string, stage: string): Promise<void> {
  const blob = await makeBlob(program, node, stage);
  await copyFile(node.path, file);
  await chmod(file, WRITABLE);
  // In a process of its own: it warns of sections of Node.js that it does not know.
  const postject = createRequire(import.meta.url).resolve("postject/dist/cli.js");
  await run(process.execPath, [postject, file, BLOB, blob, "--sentinel-fuse", FUSE], node.path);
}

/** The path of what Node.js reads at its start; written by a Node.js of the same version. */
async function makeBlob(program: string, node: NodeBinary, stage: string): Promise<string> {
  if (!node.runs && node.version !== process.version)
    throw new BuildError(
      "BUILD_NODE",
      `${node.path} is ${node.version} for another machine, and this is ${process.version}: build with the same version`,
    );
  const path = (name: string): string => join(stage, name);
  await writeFile(path("loader.js"), LOADER_TEXT);
  await writeFile(path("program.js"), program);
  const config = {
    main: path("loader.js"),
    output: path("program.blob"),
    disableExperimentalSEAWarning: true,
    assets: { [PROGRAM_ASSET]: path("program.js"), [LOADER_ASSET]: path("loader.js") },
  };
  await writeFile(path("sea.json"), JSON.stringify(config));
  await run(node.runs ? node.path : process.execPath, ["--experimental-sea-config", path("sea.json")], node.path);
  return path("program.blob");
}

async function run(file: string, args: readonly string[], node: string): Promise<void> {
  try {
    await promisify(execFile)(file, args);
  } catch (error) {
    throw new BuildError("BUILD_NODE", `${node}: ${messageOf(error)}`, { cause: error });
  }
}
