// The init command: writes a plugin project that builds, type-checks and passes its test at once.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { CommandError } from "../../../core/model/index.js";
import { makeFolder } from "../../../core/runtime/index.js";
import { writeOutput } from "../../program/index.js";
import type { InitOptions } from "../command-line/invocation.js";
import { projectFiles, packageVersion } from "../projects/project-files.js";
import { tykProjectFiles } from "../projects/tyk-project-files.js";

/** What npm, a file system and the gateway's list of plugins all take. */
const NAME = /^[a-z0-9][a-z0-9._-]*$/;
const OWN_PACKAGE = "pluginserver";

export async function init({ name: path, gateway, test }: InitOptions): Promise<void> {
  const folder = resolve(path);
  const name = basename(folder);
  if (!NAME.test(name) || name === OWN_PACKAGE)
    throw new CommandError(`"${name}" cannot be the name of a plugin: use lower-case letters, digits and dashes`);
  // It is not there yet; where it cannot be made or written, that fails below.
  const found = await readdir(folder).catch(() => []);
  if (found.length > 0) throw new CommandError(`${folder} is there already, and is not empty: choose another name`);
  const project = { name, test, pluginserver: await ownSource(folder) };
  const files = gateway === "tyk" ? tykProjectFiles(project) : projectFiles(project);
  for (const [file, text] of Object.entries(files)) {
    const target = join(folder, file);
    makeFolder(dirname(target));
    await writeFile(target, text);
  }
  const place = relative(process.cwd(), folder);
  await writeOutput(
    `${place}: ${Object.keys(files).join(", ")}\n\nNow: ${place === "" ? "" : `cd ${place} && `}npm install && npm test\n`,
  );
}

/** Where the project gets this package: from where the package around it has it, so that it is the same one; else from npm. */
async function ownSource(folder: string): Promise<string> {
  for (let around = dirname(folder); ; around = dirname(around)) {
    const source = await dependencyIn(around);
    if (source !== undefined) return source.startsWith("file:") ? moved(source, around, folder) : source;
    if (around === dirname(around)) return `^${await packageVersion()}`;
  }
}

const moved = (source: string, from: string, to: string): string =>
  `file:${relative(to, resolve(from, source.slice("file:".length)))}`;

async function dependencyIn(folder: string): Promise<string | undefined> {
  // A manifest that is missing or broken has no dependencies.
  const manifest: unknown = await readFile(join(folder, "package.json"), "utf8")
    .then(JSON.parse)
    .catch(() => undefined);
  for (const section of ["dependencies", "devDependencies"]) {
    const source = property(property(manifest, section), OWN_PACKAGE);
    if (typeof source === "string") return source;
  }
  return undefined;
}

function property(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && key in value ? (value as Record<string, unknown>)[key] : undefined;
}
