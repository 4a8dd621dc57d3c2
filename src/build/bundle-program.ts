// Bundles a plugin with the embedded server and all that both need into one text that Node.js runs as a program.
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { build, type BuildOptions, type BuildResult, type OnResolveArgs, type OnResolveResult, type Plugin } from "esbuild";
import type { PluginApi } from "../core/plugins/index.js";
import { BuildError } from "./build-error.js";
import { ImportRules, bundleError, doorsOf, missingModules } from "./bundle-contents.js";
import { OLDEST_NODE } from "./bundle-plugin.js";
import { NativeCode, packageOf } from "./native-code.js";
import { programText } from "./program-text.js";

export interface ProgramRequest {
  /** Absolute path of the plugin's module. */
  readonly entry: string;
  /** What it is written as: only CommonJS can be sloppy. */
  readonly format: "esm" | "cjs";
  /** The folder that is the plugin's. */
  readonly root: string;
  /** What the program says of itself in its second line. */
  readonly title: string;
  readonly api: PluginApi;
  /** Absolute path of `pluginserver/server`. */
  readonly serverEntry: string;
}

const BUILTIN = "pluginserver-builtin";
const ENTRY = "pluginserver-program";
const MODULE_URL = "__pluginserver_url";

/** Returns the whole file. @throws {BuildError} where it cannot be bundled, or has native code. */
export async function bundleProgram(request: ProgramRequest): Promise<string> {
  const first = await bundleOnce(request, new Set());
  const missing = missingModules(first, doorsOf(request.api));
  const result = missing.size === 0 ? first : await bundleOnce(request, missing);
  const textOf = (suffix: string): string => result.outputFiles?.find(({ path }) => path.endsWith(suffix))?.text ?? "";
  return programText({
    code: textOf(".js"),
    map: textOf(".map"),
    title: request.title,
    strict: request.format === "esm",
    moduleUrl: MODULE_URL,
    sourceName: (source) => sourceName(resolve(dirname(request.entry), source), request),
  });
}

async function bundleOnce(request: ProgramRequest, missing: ReadonlySet<string>): Promise<BuildResult> {
  const native = new NativeCode();
  const contents = new ImportRules({ entry: request.entry, nativeFolder: "", doors: doorsOf(request.api) }, native, missing);
  let result: BuildResult;
  try {
    result = await build({ ...optionsFor(request), plugins: [asProgram(request), contents.asPlugin()] });
  } catch (error) {
    throw bundleError(error);
  }
  if (native.isEmpty) return result;
  const names = native.names.join(", ");
  throw new BuildError(
    "BUILD_NATIVE",
    `${names} has native code, which Node.js loads from files: build it without -standalone or -executable`,
  );
}

function optionsFor({ entry }: ProgramRequest): BuildOptions {
  return {
    absWorkingDir: dirname(entry),
    entryPoints: [ENTRY],
    outfile: join(dirname(entry), "program.js"),
    write: false,
    bundle: true,
    metafile: true,
    platform: "node",
    target: `node${OLDEST_NODE}`,
    // The only one with await at the top level; without imports and exports its text is that of a function.
    format: "esm",
    sourcemap: "external",
    sourcesContent: false,
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    charset: "utf8",
    legalComments: "inline",
    logLevel: "silent",
    conditions: [],
    mainFields: ["main", "module"],
    define: { "import.meta.url": MODULE_URL, "import.meta.filename": "__filename", "import.meta.dirname": "__dirname" },
  };
}

/** What is particular to a program: its entry, our own modules, and modules of Node.js without import statements. */
function asProgram(request: ProgramRequest): Plugin {
  const entries = new Map([...request.api.entries, ["pluginserver/server", request.serverEntry]]);
  return {
    name: ENTRY,
    setup: (build) => {
      build.onResolve({ filter: /.*/ }, (args) => resolveInProgram(args, entries));
      build.onLoad({ filter: /.*/, namespace: ENTRY }, () => ({
        contents: entryText(request.entry),
        resolveDir: dirname(request.entry),
        loader: "js",
      }));
      build.onLoad({ filter: /.*/, namespace: BUILTIN }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)});`,
        loader: "js",
      }));
    },
  };
}

function resolveInProgram({ path, kind }: OnResolveArgs, entries: ReadonlyMap<string, string>): OnResolveResult | undefined {
  if (kind === "entry-point") return { path, namespace: ENTRY };
  const entry = entries.get(path);
  if (entry !== undefined) return { path: entry };
  if (!isBuiltin(path) || kind !== "import-statement") return undefined;
  return { path: path.startsWith("node:") ? path : `node:${path}`, namespace: BUILTIN, sideEffects: false };
}

/** The server comes first: it keeps stdout clean while the plugin loads. A plugin that started itself stays as it is. */
const entryText = (plugin: string): string =>
  [
    'import { startServer } from "pluginserver/server";',
    `import * as plugin from ${JSON.stringify(plugin)};`,
    "startServer(plugin);",
  ].join("\n");

/** What stacks call a file: by its place in its package, wherever that was when the program was built. */
function sourceName(path: string, { root, serverEntry }: ProgramRequest): string {
  const home = packageOf(path);
  if (home !== undefined) return path.slice(home.lastIndexOf(`node_modules${sep}`));
  const own = serverEntry.slice(0, serverEntry.lastIndexOf(join(sep, "dist", sep)));
  const isOwn = ["dist", "src"].some((folder) => path.startsWith(join(own, folder, sep)));
  if (isOwn) return join("node_modules", "pluginserver", relative(own, path));
  return relative(root, path);
}
