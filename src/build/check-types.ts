// Checks a plugin's types with the TypeScript compiler of its own project, or with the one beside this package.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, parse, sep } from "node:path";
import { BuildError } from "./build-error.js";

/** More are not read by anybody at once. */
const MAX_ERRORS = 10;

/** How a plugin is checked that has no tsconfig.json of its own. */
const DEFAULTS = { target: "ES2023", module: "NodeNext", strict: true, skipLibCheck: true, allowImportingTsExtensions: true };

/** Nothing is written, and what a project says about writing does not matter. */
const CHECK_ONLY = {
  noEmit: true,
  composite: false,
  incremental: false,
  tsBuildInfoFile: null,
  emitDeclarationOnly: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
};

/** JavaScript has no types to check. @throws {BuildError} with what does not fit, or where there is no compiler. */
export async function checkTypes(entry: string, pdkEntry: string): Promise<void> {
  if (!/\.[mc]?ts$/.test(entry)) return;
  const compiler = await findCompiler(entry);
  const folder = await mkdtemp(join(tmpdir(), "pluginserver-types-"));
  try {
    const config = join(folder, "tsconfig.json");
    await writeFile(config, JSON.stringify(configFor(entry, pdkEntry)));
    const output = await runCompiler(compiler, config);
    if (output !== undefined) throw new BuildError("BUILD_TYPES", summary(output));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the plugin imports is checked with it; its tests and other plugins are not. */
function configFor(entry: string, pdkEntry: string): object {
  const own = findUp(dirname(entry), "tsconfig.json");
  const typeRoots = [...nodeModulesAbove(dirname(entry)), ...nodeModulesAbove(dirname(pdkEntry))]
    .map((modules) => join(modules, "@types"))
    .filter((folder) => existsSync(folder));
  const types = typeRoots.some((folder) => existsSync(join(folder, "node"))) ? ["node"] : [];
  const base = own === undefined ? { ...DEFAULTS, types } : {};
  const paths = resolves(entry, "pluginserver/pdk") ? {} : { paths: ownTypes(pdkEntry) };
  return {
    ...(own === undefined ? {} : { extends: own }),
    compilerOptions: { ...base, ...CHECK_ONLY, rootDir: parse(entry).root, typeRoots, ...paths },
    files: [entry],
    // Declarations that nobody imports hold in the whole project.
    include: own === undefined ? [] : [join(dirname(own), "**/*.d.ts"), join(dirname(own), "**/*.d.mts")],
    exclude: own === undefined ? [] : ["node_modules", "dist", "build"].map((name) => join(dirname(own), "**", name)),
  };
}

/** What a plugin can import where this package is not installed beside it. */
function ownTypes(pdkEntry: string): Record<string, string[]> {
  const pdkTypes = pdkEntry.replace(/\.js$/, ".d.ts");
  const dist = pdkEntry.slice(0, pdkEntry.lastIndexOf(join(sep, "dist", sep)) + "/dist".length);
  return {
    "pluginserver/pdk": [pdkTypes],
    "pluginserver/kong": [pdkTypes],
    "pluginserver/server": [join(dist, "apps/program/public.d.ts")],
  };
}

/** The script that is `tsc`. */
async function findCompiler(entry: string): Promise<string> {
  for (const from of [entry, import.meta.filename]) {
    const manifest = findUp(dirname(from), join("node_modules", "typescript", "package.json"));
    const script = manifest === undefined ? undefined : binOf(await readFile(manifest, "utf8"));
    if (manifest !== undefined && script !== undefined) return join(dirname(manifest), script);
  }
  throw new BuildError(
    "BUILD_NO_TYPESCRIPT",
    `typescript is installed neither beside ${basename(entry)} nor beside pluginserver: npm install --save-dev typescript`,
  );
}

function binOf(manifest: string): string | undefined {
  const { bin } = JSON.parse(manifest) as { bin?: Readonly<Record<string, string>> };
  return bin?.["tsc"];
}

/** What it printed, or undefined where all is well. */
function runCompiler(compiler: string, config: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const args = [compiler, "-p", config, "--pretty", "false"];
    execFile(process.execPath, args, { maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(undefined);
      else if (stdout.trim() !== "") resolve(stdout);
      else reject(new BuildError("BUILD_NO_TYPESCRIPT", `the compiler ${compiler} failed: ${stderr.trim() || error.message}`));
    });
  });
}

function summary(output: string): string {
  const errors = output.split("\n").filter((line) => /\berror TS\d+/.test(line));
  const shown = (errors.length === 0 ? [output.trim()] : errors).slice(0, MAX_ERRORS).map((line) => `\n  ${line.trimEnd()}`);
  const more = errors.length - MAX_ERRORS;
  return `${shown.join("")}${more > 0 ? `\n  and ${more} more` : ""}`;
}

function resolves(from: string, specifier: string): boolean {
  try {
    createRequire(from).resolve(specifier);
    return true;
  } catch {
    return false;
  }
}

function findUp(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, name);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

function nodeModulesAbove(from: string): string[] {
  const found: string[] = [];
  for (let folder = from; ; folder = dirname(folder)) {
    found.push(join(folder, "node_modules"));
    if (folder === dirname(folder)) return found;
  }
}
