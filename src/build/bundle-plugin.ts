// Bundles a plugin with its npm packages into one text that runs wherever it lies.
import { isBuiltin } from "node:module";
import { relative, resolve } from "node:path";
import {
  build,
  type BuildOptions,
  type BuildResult,
  type OnResolveArgs,
  type OnResolveResult,
  type Plugin,
  type PluginBuild,
} from "esbuild";
import { BUILD_HEADER } from "../stamp/index.js";
import { BuildError } from "./build-error.js";
import { NativeCode, packageOf } from "./native-code.js";

export interface BundleRequest {
  readonly entry: string;
  /** Where the file is going to be: what its source map's paths are relative to. */
  readonly folder: string;
  /** Its name there without extension. */
  readonly name: string;
  /** Name of the folder beside it for native code. */
  readonly nativeFolder: string;
}

export interface PluginBundle {
  readonly format: "esm" | "cjs";
  /** With its source map inside. */
  readonly code: string;
  readonly native: NativeCode;
}

/** The oldest Node.js that runs what comes out. */
export const OLDEST_NODE = "20.19.0";

const PDK = "pluginserver/pdk";
const OWN_PACKAGE = /^pluginserver(?:\/|$)/;
const MISSING = "pluginserver-missing";
const NATIVE = "pluginserver-native";
const GLOBALS = "pluginserver-globals";
const ALREADY_ASKED = Symbol("resolving on behalf of the bundle");

/** CommonJS packages in an ES module know where they are by these; a module's own of the same name come first. */
const FILE_GLOBALS = `import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
export const __filename = /* @__PURE__ */ fileURLToPath(import.meta.url);
export const __dirname = /* @__PURE__ */ dirname(__filename);`;

const REQUIRE =
  'import { createRequire as __pluginserver_createRequire } from "node:module"; const require = __pluginserver_createRequire(import.meta.url);';
const MODULE_URL = "__pluginserver_url";

/** Bundles in the format that the entry is written in, and once more where a package asks for one that is not installed. */
export async function bundlePlugin(request: BundleRequest): Promise<PluginBundle> {
  const guess = await bundleOnce(request, "esm", new Set());
  const format = isCommonJs(guess, request) ? "cjs" : "esm";
  const first = format === "esm" ? guess : await bundleOnce(request, format, new Set());
  const missing = missingModules(first.result);
  const { result, native } = missing.size === 0 ? first : await bundleOnce(request, format, missing);
  return { format, code: result.outputFiles?.[0]?.text ?? "", native };
}

interface Attempt {
  readonly result: BuildResult;
  readonly native: NativeCode;
}

async function bundleOnce(request: BundleRequest, format: "esm" | "cjs", missing: ReadonlySet<string>): Promise<Attempt> {
  const native = new NativeCode();
  const contents = new BundleContents(request, native, missing);
  try {
    return { result: await build({ ...optionsFor(request, format), plugins: [contents.asPlugin()] }), native };
  } catch (error) {
    throw new BuildError("BUILD_BUNDLE", firstMessage(error), { cause: error });
  }
}

function optionsFor({ entry, folder, name }: BundleRequest, format: "esm" | "cjs"): BuildOptions {
  const isEsm = format === "esm";
  return {
    absWorkingDir: folder,
    entryPoints: [entry],
    outfile: resolve(folder, `${name}.${isEsm ? "mjs" : "cjs"}`),
    write: false,
    bundle: true,
    metafile: true,
    platform: "node",
    target: `node${OLDEST_NODE}`,
    format,
    sourcemap: "inline",
    sourcesContent: true,
    keepNames: true,
    charset: "utf8",
    legalComments: "eof",
    logLevel: "silent",
    // What Node.js would load, and not what is meant for bundlers of pages.
    conditions: [],
    mainFields: ["main", "module"],
    banner: {
      js: `${BUILD_HEADER}\n${isEsm ? REQUIRE : `var ${MODULE_URL} = require("node:url").pathToFileURL(__filename).href;`}`,
    },
    ...(isEsm ? { inject: [GLOBALS] } : { define: { "import.meta.url": MODULE_URL } }),
  };
}

/** Decides for each import whether it becomes part of the bundle. */
class BundleContents {
  readonly #request: BundleRequest;
  readonly #native: NativeCode;
  readonly #missing: ReadonlySet<string>;

  constructor(request: BundleRequest, native: NativeCode, missing: ReadonlySet<string>) {
    this.#request = request;
    this.#native = native;
    this.#missing = missing;
  }

  asPlugin(): Plugin {
    return {
      name: "pluginserver-build",
      setup: (build) => {
        build.onResolve({ filter: /.*/ }, (args) => this.#resolve(build, args));
        build.onLoad({ filter: /.*/, namespace: GLOBALS }, () => ({ contents: FILE_GLOBALS, loader: "js" }));
        build.onLoad({ filter: /.*/, namespace: NATIVE }, ({ path }) => ({ contents: this.#nativeModule(path), loader: "js" }));
        build.onLoad({ filter: /.*/, namespace: MISSING }, ({ path }) => ({ contents: missingModule(path), loader: "js" }));
      },
    };
  }

  async #resolve(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
    const { path, kind, importer, resolveDir } = args;
    if (args.pluginData === ALREADY_ASKED) return undefined;
    if (path === GLOBALS) return { path, namespace: GLOBALS, sideEffects: false };
    if (kind === "entry-point") return undefined;
    if (isBuiltin(path)) return { path: path.startsWith("node:") ? path : `node:${path}`, external: true };
    if (path === PDK) return { path, external: true };
    if (OWN_PACKAGE.test(path)) return { errors: [{ text: `imports ${path}: a plugin can have ${PDK} alone` }] };
    if (this.#missing.has(path)) return { path, namespace: MISSING };
    const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: ALREADY_ASKED });
    // esbuild reports what it cannot find with its place, and lets it pass where the code is prepared for that.
    if (found.errors.length > 0 || found.namespace !== "file") return undefined;
    const home = packageOf(found.path);
    if (home !== undefined && home !== packageOf(this.#request.entry) && this.#native.isNative(home)) {
      this.#native.addPackage(home);
      return { path, namespace: NATIVE };
    }
    if (!found.path.endsWith(".node")) return undefined;
    return { path: `./${this.#native.addFile(found.path)}`, namespace: NATIVE };
  }

  /** Loads from the folder beside the built file, whatever else is installed where that lies. */
  #nativeModule(specifier: string): string {
    const { nativeFolder } = this.#request;
    return (
      `module.exports = require("node:module").createRequire(require("node:path").join(__dirname, ` +
      `${JSON.stringify(nativeFolder)}, "index.js"))(${JSON.stringify(specifier)});`
    );
  }
}

/** What Node.js does for a package that is not installed: other code must not become part of the plugin where it runs. */
function missingModule(path: string): string {
  const message = JSON.stringify(`Cannot find module '${path}': it was not installed when the plugin was built`);
  return `throw Object.assign(new Error(${message}), { code: "MODULE_NOT_FOUND" });`;
}

function missingModules({ metafile }: BuildResult): Set<string> {
  const imports = Object.values(metafile?.outputs ?? {}).flatMap((output) => output.imports);
  return new Set(
    imports.filter(({ path, external }) => external === true && !isBuiltin(path) && path !== PDK).map(({ path }) => path),
  );
}

function isCommonJs({ result }: Attempt, { entry, folder }: BundleRequest): boolean {
  const input = Object.entries(result.metafile?.inputs ?? {}).find(([path]) => resolve(folder, path) === entry)?.[1];
  return input?.format === "cjs" || /\.c[jt]s$/.test(entry);
}

function firstMessage(error: unknown): string {
  const messages = error instanceof Error && "errors" in error && Array.isArray(error.errors) ? (error.errors as unknown[]) : [];
  const [first] = messages as { text: string; location: { file: string; line: number; column: number } | null }[];
  if (first === undefined) return error instanceof Error ? error.message : String(error);
  const { text, location } = first;
  if (location === null) return text;
  return `${relative(process.cwd(), resolve(location.file))}:${location.line}:${location.column + 1}: ${text}`;
}
