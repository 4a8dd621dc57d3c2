// The script that an executable starts with, in its main thread and in each thread of its own: it runs the program that is in the same file.

/** Names of what an executable has in it besides Node.js. */
export const PROGRAM_ASSET = "program";
export const LOADER_ASSET = "loader";

/**
 * Such a script has no module loader. The program gets one, under the name of the executable, and its source map is read: Node.js does that only
 * while it compiles, and where it was told to before.
 */
export const LOADER_TEXT = `globalThis[Symbol.for("pluginserver.program")] = true;
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
