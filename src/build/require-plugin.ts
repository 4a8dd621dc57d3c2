// Finds the plugin that is to be built.
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { findPlugin, type FoundPlugin } from "../core/plugins/index.js";
import { BuildError } from "./build-error.js";

/** @throws {BuildError} where `path` is no plugin. */
export async function requirePlugin(path: string): Promise<FoundPlugin> {
  const absolute = resolve(path);
  const found = await findPlugin(absolute);
  if (found === undefined) {
    const exists = await stat(absolute).then(
      () => true,
      () => false,
    );
    const what = exists ? "is neither a module nor a folder with a package.json that names one, or an index" : "does not exist";
    throw new BuildError("BUILD_NO_PLUGIN", `${path} ${what}`);
  }
  if ("reason" in found) throw new BuildError("BUILD_NO_PLUGIN", `${path}: ${found.reason}`);
  return found;
}
