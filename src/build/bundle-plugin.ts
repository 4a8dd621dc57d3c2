// Bundles a plugin with its npm packages into one text that runs wherever it lies.
import { resolve } from "node:path";
import { build, type BuildOptions, type BuildResult, type Plugin } from "esbuild";
import { BUILD_HEADER } from "../core/signing/index.js";
import { ImportRules, bundleError, type Doors, missingModules } from "./bundle-contents.js";
import { NativeCode } from "./native-code.js";

export interface BundleRequest {
  readonly entry: string;
  /** Where the file is going to be: what its source map's paths are relative to. */
  readonly folder: string;
  /** Its name there without extension. */
  readonly name: string;
  /** Name of the folder beside it for native code. */
  readonly nativeFolder: string;
  readonly doors: Doors;
}

export interface PluginBundle {
  readonly format: "esm" | "cjs";
  /** With its source map inside. */
  readonly code: string;
  readonly native: NativeCode;
}

/** The oldest Node.js that runs what comes out. */
export const OLDEST_NODE = "20.19.0";

const GLOBALS = "pluginserver-globals";

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
  const missing = missingModules(first.result, request.doors);
  const { result, native } = missing.size === 0 ? first : await bundleOnce(request, format, missing);
  return { format, code: result.outputFiles?.[0]?.text ?? "", native };
}

interface Attempt {
  readonly result: BuildResult;
  readonly native: NativeCode;
}

async function bundleOnce(request: BundleRequest, format: "esm" | "cjs", missing: ReadonlySet<string>): Promise<Attempt> {
  const native = new NativeCode();
  const contents = new ImportRules(request, native, missing);
  try {
    return { result: await build({ ...optionsFor(request, format), plugins: [fileGlobals, contents.asPlugin()] }), native };
  } catch (error) {
    throw bundleError(error);
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

const fileGlobals: Plugin = {
  name: GLOBALS,
  setup: (build) => {
    build.onResolve({ filter: new RegExp(`^${GLOBALS}$`) }, ({ path }) => ({ path, namespace: GLOBALS, sideEffects: false }));
    build.onLoad({ filter: /.*/, namespace: GLOBALS }, () => ({ contents: FILE_GLOBALS, loader: "js" }));
  },
};

function isCommonJs({ result }: Attempt, { entry, folder }: BundleRequest): boolean {
  const input = Object.entries(result.metafile?.inputs ?? {}).find(([path]) => resolve(folder, path) === entry)?.[1];
  return input?.format === "cjs" || /\.c[jt]s$/.test(entry);
}
