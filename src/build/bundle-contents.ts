// Decides what becomes part of a bundle, and what an import in it means.
import { isBuiltin } from "node:module";
import { relative, resolve } from "node:path";
import { messageOf } from "../core/model/index.js";
import type { BuildResult, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import type { PluginApi } from "../core/plugins/index.js";
import { BuildError } from "./build-error.js";
import { type NativeCode, packageOf } from "./native-code.js";

export interface ContentsRequest {
  readonly entry: string;
  /** Name of the folder beside the bundle for native code. */
  readonly nativeFolder: string;
  readonly doors: Doors;
}

/** What the server gives to plugins: the names that they import it by, and what a built plugin says in their place. */
export type Doors = ReadonlyMap<string, string>;

/** What is built says the first name that a module has, which servers know that are older than the others. */
export function doorsOf({ entries }: PluginApi): Doors {
  const first = new Map<string, string>();
  for (const [name, path] of entries) if (!first.has(path)) first.set(path, name);
  return new Map([...entries].map(([name, path]) => [name, first.get(path) ?? name]));
}

const OWN_PACKAGE = /^pluginserver(?:\/|$)/;
const MISSING = "pluginserver-missing";
const NATIVE = "pluginserver-native";
const ALREADY_ASKED = Symbol("resolving on behalf of the bundle");

/** Decides for each import whether it becomes part of the bundle. */
export class ImportRules {
  readonly #request: ContentsRequest;
  readonly #native: NativeCode;
  readonly #missing: ReadonlySet<string>;

  constructor(request: ContentsRequest, native: NativeCode, missing: ReadonlySet<string>) {
    this.#request = request;
    this.#native = native;
    this.#missing = missing;
  }

  asPlugin(): Plugin {
    return {
      name: "pluginserver-build",
      setup: (build) => {
        build.onResolve({ filter: /.*/ }, (args) => this.#resolve(build, args));
        build.onLoad({ filter: /.*/, namespace: NATIVE }, ({ path }) => ({ contents: this.#nativeModule(path), loader: "js" }));
        build.onLoad({ filter: /.*/, namespace: MISSING }, ({ path }) => ({ contents: missingModule(path), loader: "js" }));
      },
    };
  }

  async #resolve(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
    const { path, kind, importer, resolveDir } = args;
    if (args.pluginData === ALREADY_ASKED) return undefined;
    if (kind === "entry-point") return undefined;
    if (isBuiltin(path)) return { path: path.startsWith("node:") ? path : `node:${path}`, external: true };
    const { doors } = this.#request;
    const door = doors.get(path);
    if (door !== undefined) return { path: door, external: true };
    if (OWN_PACKAGE.test(path))
      return { errors: [{ text: `imports ${path}: a plugin can have ${[...doors.keys()].join(" or ")}` }] };
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

/** What was left to Node.js to find, and is none of its own modules. */
export function missingModules({ metafile }: BuildResult, doors: Doors): Set<string> {
  const imports = Object.values(metafile?.outputs ?? {}).flatMap((output) => output.imports);
  return new Set(
    imports.filter(({ path, external }) => external === true && !isBuiltin(path) && !doors.has(path)).map(({ path }) => path),
  );
}

export function bundleError(error: unknown): BuildError {
  return new BuildError("BUILD_BUNDLE", firstMessage(error), { cause: error });
}

function firstMessage(error: unknown): string {
  const messages = error instanceof Error && "errors" in error && Array.isArray(error.errors) ? (error.errors as unknown[]) : [];
  const [first] = messages as { text: string; location: { file: string; line: number; column: number } | null }[];
  if (first === undefined) return messageOf(error);
  const { text, location } = first;
  if (location === null) return text;
  return `${relative(process.cwd(), resolve(location.file))}:${location.line}:${location.column + 1}: ${text}`;
}
