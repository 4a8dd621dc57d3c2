// Decides, while esbuild bundles a plugin, what each import means and what each file says.

import { readFile } from "node:fs/promises";
import { createRequire, isBuiltin } from "node:module";
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf } from "../../model/index.js";
import type { OnLoadResult, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import type { Resolution } from "../cache/dependencies.js";
import { digestOf } from "../cache/disk-view.js";
import type { ExternalImport } from "./esm-function.js";
import type { PluginApi } from "../plugin-api.js";
import { isMislabelledCommonJs } from "./module-syntax.js";

export interface BundleSourcesOptions {
  /** Real path of the entry. */
  readonly entry: string;
  readonly format: "esm" | "cjs";
  /** The server's own, for plugins whose folder has none. */
  readonly api: PluginApi;
  /** Prefix of the tokens that stand for external imports: no source may contain it. */
  readonly nonce: string;
  /** The entry's verified text where it is a built plugin: nothing else of the disk becomes part of that. */
  readonly built: Buffer | undefined;
}

const FILE_META = "__pluginserver_file";
const USES_FILE_META = /\b(?:__dirname|__filename|import\s*\.\s*meta|require\s*\.\s*resolve)\b/;
/** After nothing but comments, each of which can be read in one way only. */
const STRICT_DIRECTIVE = /^(?:\s|\/\/[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(["'])use strict\1/;
const URL_SCHEME = /^(?:data|file|https?):/;
const ADDON = "native-addon";
/** Namespace of files that esbuild must not judge by their package.json. */
const COMMONJS_FILE = "commonjs-file";
const ALREADY_ASKED = Symbol("resolving on behalf of the bundle");

/** What makes `import.meta`, `__dirname` and the like mean the file they are written in: see {@link withFileMeta}. */
export const FILE_META_DEFINES = {
  "import.meta": FILE_META,
  "require.resolve": `${FILE_META}.require.resolve`,
  __dirname: `${FILE_META}.dirname`,
  __filename: `${FILE_META}.filename`,
} as const;

/** Bundles a plugin's own files; packages, addons and built-in modules stay outside, by absolute address. */
export class BundleSources {
  /** Every file read, by real path, with the SHA-256 of what was read. */
  readonly inputs = new Map<string, string>();
  readonly externals: ExternalImport[] = [];
  /** What each import was resolved to. */
  readonly resolutions: Resolution[] = [];
  /** Native code that is loaded from where it lies. */
  readonly addons = new Set<string>();
  /** Whether all is known that is loaded beside the bundle: files elsewhere are not. */
  isClosed = true;
  readonly #packages = new Set<string>();
  readonly #options: BundleSourcesOptions;
  readonly #home: string;

  constructor(options: BundleSourcesOptions) {
    this.#options = options;
    this.#home = packageHome(options.entry);
  }

  /** The folders of the installed packages that were left outside. */
  packageFolders(): string[] {
    return [...this.#packages];
  }

  /** The package.json of each of them. */
  packages(): string[] {
    return [...this.#packages].map((folder) => join(folder, "package.json"));
  }

  asPlugin(): Plugin {
    return {
      name: "pluginserver",
      setup: (build) => {
        build.onResolve({ filter: /.*/ }, (args) => this.#resolve(build, args));
        build.onLoad({ filter: /.*/, namespace: "file" }, ({ path }) => this.#load(path));
        build.onLoad({ filter: /.*/, namespace: COMMONJS_FILE }, ({ path }) => this.#load(path));
        build.onLoad({ filter: /.*/, namespace: ADDON }, ({ path }) => ({
          contents: `module.exports = require(${JSON.stringify(path)});`,
          resolveDir: dirname(path),
        }));
      },
    };
  }

  async #resolve(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
    const { path, kind } = args;
    if (args.pluginData === ALREADY_ASKED) return undefined;
    if (kind === "entry-point") return this.#local(path);
    if (isBuiltin(path)) return this.#external(path.startsWith("node:") ? path : `node:${path}`, args);
    if (URL_SCHEME.test(path)) {
      this.isClosed &&= path.startsWith("data:");
      return this.#external(path, args);
    }
    if (args.namespace === ADDON) return { path, external: true };
    if (this.#options.built !== undefined) return this.#ofBuilt(args);

    const resolved = await this.#find(build, args);
    this.resolutions.push({ folder: args.resolveDir, specifier: path, found: resolved });
    // esbuild reports what it cannot find with its place, and lets an optional require in a try block pass.
    if (resolved === undefined) return undefined;
    if (this.#isApi(path)) {
      // A copy that is installed beside the plugin; the server's own is as old as the server.
      this.isClosed &&= [...this.#options.api.entries.values()].includes(resolved);
      return this.#external(resolved, args);
    }
    if (this.#isForeign(resolved)) {
      this.#packages.add(packageHome(resolved));
      return this.#external(resolved, args);
    }
    if (extname(resolved) !== ".node") return this.#local(resolved);
    this.addons.add(resolved);
    return { path: resolved, namespace: ADDON };
  }

  /** A built plugin contains what it needs, and runs with the server's own API, whatever lies beside it. */
  #ofBuilt(args: OnResolveArgs): OnResolveResult {
    const own = this.#options.api.entries.get(args.path);
    if (own !== undefined) return this.#external(own, args);
    return { errors: [{ text: `imports "${args.path}", which is not part of what was built` }] };
  }

  /** Leaves a file of the plugin to esbuild, which also looks at its package.json and tsconfig.json. */
  async #local(path: string): Promise<OnResolveResult | undefined> {
    if (!/\.[jt]s$/.test(path)) return undefined;
    // A file that cannot be read is reported when it is loaded.
    const text = await readFile(path, "utf8").catch(() => "");
    return isMislabelledCommonJs(path, text) ? { path, namespace: COMMONJS_FILE } : undefined;
  }

  async #find(build: PluginBuild, args: OnResolveArgs): Promise<string | undefined> {
    const { path, kind, importer, resolveDir } = args;
    if (this.#isApi(path)) return this.#findOwnPackage(path, resolveDir);
    const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: ALREADY_ASKED });
    return found.errors.length === 0 && found.path !== "" ? found.path : undefined;
  }

  /** As Node.js would and no tsconfig.json can change: what is found must run as it is. */
  #findOwnPackage(path: string, resolveDir: string): string | undefined {
    const own = resolveWithNode(path, resolveDir);
    if (own !== undefined) return own;
    const { entries } = this.#options.api;
    const [anyEntry] = entries.values();
    return entries.get(path) ?? (anyEntry === undefined ? undefined : resolveWithNode(path, dirname(anyEntry)));
  }

  #isApi(path: string): boolean {
    const { package: name } = this.#options.api;
    return path === name || path.startsWith(`${name}/`);
  }

  /** True for a file of another installed package, unless it is one that Node.js could not import as it is. */
  #isForeign(path: string): boolean {
    const home = packageHome(path);
    return home !== "" && home !== this.#home && !/\.(?:json|[mc]?tsx?)$/.test(path);
  }

  /** `address` is a URL, `node:` ones included, or an absolute path. */
  #external(address: string, { path: requested, kind }: OnResolveArgs): OnResolveResult {
    const isPath = address.startsWith("/") || /^[A-Za-z]:[\\/]/.test(address);
    const specifier = isPath ? pathToFileURL(address).href : address;
    if (kind === "dynamic-import") return { path: specifier, external: true };
    if (kind !== "import-statement" || this.#options.format === "cjs") return { path: address, external: true };
    const known = this.externals.find((external) => external.specifier === specifier);
    if (known !== undefined) return { path: known.token, external: true };
    const token = `${this.#options.nonce}:${this.externals.length}:`;
    this.externals.push({ token, specifier, requested });
    return { path: token, external: true };
  }

  async #load(path: string): Promise<OnLoadResult> {
    const { entry, built } = this.#options;
    let bytes: Buffer;
    try {
      bytes = path === entry && built !== undefined ? built : await readFile(path);
    } catch (error) {
      return { errors: [{ text: `cannot be read: ${messageOf(error)}` }] };
    }
    this.inputs.set(path, digestOf(bytes));
    const contents = /\.[mc]?[jt]sx?$/.test(path) ? withFileMeta(withoutHashbang(bytes.toString("utf8")), path) : bytes;
    return { contents, loader: "default", resolveDir: dirname(path) };
  }
}

function resolveWithNode(path: string, folder: string): string | undefined {
  try {
    return createRequire(join(folder, "importer.js")).resolve(path);
  } catch {
    // Not installed there: the caller looks elsewhere, or esbuild reports the import with its place.
    return undefined;
  }
}

/** The path in what esbuild calls a file in its messages, metafile and source maps. */
export function bundledPath(name: string): string {
  return name.startsWith(`${COMMONJS_FILE}:`) ? name.slice(COMMONJS_FILE.length + 1) : name;
}

/** The installed package that a path lies in, or "" if it lies in none. */
function packageHome(path: string): string {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path)?.[0] ?? "";
}

/** A hashbang can only be the very first thing, and a bundle puts things in front. */
function withoutHashbang(text: string): string {
  return text.replace(/^\uFEFF/, "").replace(/^#!/, "//");
}

/**
 * Declares, on the first line, what the file's `import.meta`, `__dirname` and `__filename` are. A "use strict" directive
 * must stay in front.
 */
function withFileMeta(text: string, path: string): string {
  if (!USES_FILE_META.test(text)) return text;
  const directive = STRICT_DIRECTIVE.test(text) ? '"use strict";' : "";
  const [url, filename, folder] = [pathToFileURL(path).href, path, dirname(path)].map((value) => JSON.stringify(value));
  const members = [`url: ${url}`, `filename: ${filename}`, `dirname: ${folder}`];
  if (/\bresolve\b/.test(text)) members.push(...RESOLVE_MEMBERS);
  return `${directive}var ${FILE_META} = { ${members.join(", ")} };${text}`;
}

/** `require.resolve`, and `import.meta.resolve` for what a plugin can import: a file, a built-in module, a package. */
const RESOLVE_MEMBERS = [
  `get require() { return process.getBuiltinModule("node:module").createRequire(${FILE_META}.url); }`,
  "resolve(specifier) { " +
    `if (/^(?:\\.{0,2}\\/|[a-z]+:)/.test(specifier)) return new URL(specifier, ${FILE_META}.url).href; ` +
    'if (process.getBuiltinModule("node:module").isBuiltin(specifier)) return "node:" + specifier; ' +
    `return process.getBuiltinModule("node:url").pathToFileURL(${FILE_META}.require.resolve(specifier)).href; }`,
];
