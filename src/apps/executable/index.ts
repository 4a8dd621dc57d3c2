// What an executable with the server in it starts with: it puts the package onto the disk, once, and runs it from there.
import Module from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf } from "../../core/model/index.js";
import { markServerExecutable, takeScript } from "../../core/runtime/index.js";
import { unpackedPackage } from "./unpacked-package.js";

const COMMAND_LINE = join("dist", "apps", "cli", "main.js");

markServerExecutable();
const script = takeScript();
try {
  const entry = script ?? join(unpackedPackage(), COMMAND_LINE);
  process.argv[1] = entry;
  importFile(entry).catch(fail);
} catch (error) {
  fail(error);
}

/** The script of an executable has no module loader; what it compiles under a file's name has. */
function importFile(path: string): Promise<unknown> {
  const loader = new Module(path);
  loader.filename = path;
  (loader as unknown as { _compile(text: string, path: string): void })._compile("module.exports = (url) => import(url);", path);
  return (loader.exports as (url: string) => Promise<unknown>)(pathToFileURL(path).href);
}

function fail(error: unknown): void {
  process.stderr.write(`pluginserver: ${messageOf(error)}\n`);
  process.exit(1);
}
