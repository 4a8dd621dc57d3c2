// Checks a plugin's types with the TypeScript compiler of its own project, or with the one beside this package.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, parse, relative } from "node:path";
import type { PluginApi } from "../core/plugins/index.js";
import { nodeCommand } from "../core/runtime/index.js";
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

/** Of which plugins types are checked: of all that are TypeScript, or only where the project has a compiler or a tsconfig.json. */
export type TypesRule = "all" | "projects";

/** JavaScript has no types to check. @throws {BuildError} with what does not fit, or where there is no compiler. */
export async function checkTypes(entry: string, api: PluginApi): Promise<void> {
  const lines = (await findTypeErrors([entry], api, "all")).get(entry);
  if (lines !== undefined) throw new BuildError("BUILD_TYPES", lines.map((line) => `\n  ${line}`).join(""));
}

/**
 * What does not fit in each of the modules, by its path. Those of one project are compiled together: where that finds
 * nothing, which is the usual case, nothing is compiled twice.
 * @throws {BuildError} where there is no compiler, and types of all are to be checked.
 */
export async function findTypeErrors(
  entries: readonly string[],
  api: PluginApi,
  rule: TypesRule,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const projects = new Map<string, { readonly compiler: string; readonly config: object; readonly files: string[] }>();
  for (const entry of entries.filter((path) => /\.[mc]?ts$/.test(path))) {
    const compiler = await findCompiler(entry, rule);
    if (compiler === undefined) continue;
    const config = configFor(entry, api);
    const key = JSON.stringify([compiler, config]);
    const project = projects.get(key) ?? { compiler, config, files: [] };
    project.files.push(entry);
    projects.set(key, project);
  }
  const found = new Map<string, readonly string[]>();
  for (const { compiler, config, files } of projects.values()) {
    const together = await compile(compiler, { ...config, files });
    if (together === undefined) continue;
    for (const file of files) {
      const output = files.length === 1 ? together : await compile(compiler, { ...config, files: [file] });
      if (output !== undefined) found.set(file, errorLines(output));
    }
  }
  return found;
}

/** What the compiler says of a project, or undefined where all is well. */
async function compile(compiler: string, config: object): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "pluginserver-types-"));
  try {
    const path = join(folder, "tsconfig.json");
    await writeFile(path, JSON.stringify(config));
    return await runCompiler(compiler, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the plugin imports is checked with it; its tests and other plugins are not. */
function configFor(entry: string, api: PluginApi): object {
  const own = findUp(dirname(entry), "tsconfig.json");
  const typeRoots = [...nodeModulesAbove(dirname(entry)), ...nodeModulesAbove(import.meta.dirname)]
    .map((modules) => join(modules, "@types"))
    .filter((folder) => existsSync(folder));
  const types = typeRoots.some((folder) => existsSync(join(folder, "node"))) ? ["node"] : [];
  const base = own === undefined ? { ...DEFAULTS, types } : {};
  const paths = resolves(entry, api.name) ? {} : { paths: ownTypes(api) };
  return {
    ...(own === undefined ? {} : { extends: own }),
    compilerOptions: { ...base, ...CHECK_ONLY, rootDir: parse(entry).root, typeRoots, ...paths },
    // Declarations that nobody imports hold in the whole project.
    include: own === undefined ? [] : [join(dirname(own), "**/*.d.ts"), join(dirname(own), "**/*.d.mts")],
    exclude: own === undefined ? [] : ["node_modules", "dist", "build"].map((name) => join(dirname(own), "**", name)),
  };
}

/** What a plugin can import where this package is not installed beside it. */
function ownTypes({ entries }: PluginApi): Record<string, string[]> {
  const dist = dirname(import.meta.dirname);
  const typesOf = (module: string): string[] => [join(dist, "types", relative(dist, module).replace(/\.js$/, ".d.ts"))];
  return {
    ...Object.fromEntries([...entries].map(([specifier, module]) => [specifier, typesOf(module)])),
    "pluginserver/server": typesOf(join(dist, "apps/program/public.js")),
  };
}

/** The script that is `tsc`: the project's own, or the one beside this package. */
async function findCompiler(entry: string, rule: TypesRule): Promise<string | undefined> {
  const isProject = findUp(dirname(entry), "tsconfig.json") !== undefined;
  for (const from of rule === "all" || isProject ? [entry, import.meta.filename] : [entry]) {
    const manifest = findUp(dirname(from), join("node_modules", "typescript", "package.json"));
    const script = manifest === undefined ? undefined : binOf(await readFile(manifest, "utf8"));
    if (manifest !== undefined && script !== undefined) return join(dirname(manifest), script);
  }
  if (rule === "projects") return undefined;
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
    const { file, args, env } = nodeCommand({ script: compiler, args: ["-p", config, "--pretty", "false"], env: process.env });
    execFile(file, args, { env, maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(undefined);
      else if (stdout.trim() !== "") resolve(stdout);
      else reject(new BuildError("BUILD_NO_TYPESCRIPT", `the compiler ${compiler} failed: ${stderr.trim() || error.message}`));
    });
  });
}

function errorLines(output: string): string[] {
  const errors = output.split("\n").filter((line) => /\berror TS\d+/.test(line));
  const shown = (errors.length === 0 ? [output] : errors).slice(0, MAX_ERRORS).map((line) => line.trim());
  const more = errors.length - MAX_ERRORS;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

function resolves(from: string, specifier: string): boolean {
  try {
    createRequire(from).resolve(specifier);
    return true;
  } catch {
    // Not installed there: that is the answer.
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
