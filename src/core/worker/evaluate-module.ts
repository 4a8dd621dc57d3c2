// Evaluates a plugin's module in its isolate.
import { realpathSync } from "node:fs";
import Module, { createRequire } from "node:module";
import type { ModuleArtifact } from "../channel/index.js";

/** What Node.js has on every module but its type declarations leave out. */
interface ModuleInternals {
  _compile(code: string, filename: string): unknown;
}

/**
 * Returns the exports: the namespace of an ES module, or `module.exports`. The text runs under the name of the plugin's own
 * file, so `require`, `import()` and stack traces mean what they mean there.
 */
export async function evaluateModule({ entry, format, code }: ModuleArtifact): Promise<unknown> {
  process.setSourceMapsEnabled(true);
  const filename = realPathOf(entry);
  const require = createRequire(filename);
  const module = new Module(filename);
  module.filename = filename;
  module.paths = require.resolve.paths("x") ?? [];
  // Code that requires the plugin's file gets this module; and Node.js keeps a source map only as long as its module.
  require.cache[filename] = module;
  try {
    const started = collectStarted();
    (module as unknown as ModuleInternals)._compile(code, filename);
    const exported: unknown = module.exports;
    const exports: unknown = format === "esm" ? await exported : exported;
    module.exports = exports;
    module.loaded = true;
    return started() ?? exports;
  } catch (error) {
    Reflect.deleteProperty(require.cache, filename);
    throw error;
  }
}

/**
 * A file may be a program of its own as well: where it is a plugin among others, what it passes to `startServer` is its
 * plugin, and no server starts. Returns what gives the plugin passed since.
 */
function collectStarted(): () => object | undefined {
  let started: object | undefined;
  Reflect.set(globalThis, Symbol.for("pluginserver.started"), (plugin: object) => {
    started ??= plugin;
  });
  return () => started;
}

/** Node.js resolves from where a file really lies. The file may be gone by now: the artifact lives on. */
function realPathOf(entry: string): string {
  try {
    return realpathSync(entry);
  } catch {
    // Gone: its name is the best that is left.
    return entry;
  }
}
