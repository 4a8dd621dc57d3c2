// Finds the plugin in what a test gives: a module, what a module exports, or a path.
import { basename, extname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../core/model/index.js";
import { adaptModule, type KongDefinition } from "../../gateways/kong/worker/index.js";
import { evaluateModule } from "../../core/worker/index.js";
import { checkSchema } from "../../gateways/kong/schema/index.js";
import { TestingError } from "./errors.js";

/** What the gateway of a test knows of the plugin. */
export interface LoadedPlugin {
  readonly name: string;
  readonly definition: KongDefinition;
}

/** @throws {TestingError} for what a server would not serve. */
export async function loadTestedPlugin(plugin: unknown, name: string | undefined): Promise<LoadedPlugin> {
  if (typeof plugin !== "string" && !(plugin instanceof URL)) return adaptPlugin(plugin, name ?? "plugin");
  const path = typeof plugin === "string" && !plugin.startsWith("file:") ? plugin : fileURLToPath(plugin);
  const fileName = basename(path, extname(path));
  return adaptPlugin(await loadPath(path), name ?? fileName);
}

/** @throws {TestingError} for a module that a server would not serve. */
export function adaptPlugin(moduleExports: unknown, fileName: string): LoadedPlugin {
  let definition: KongDefinition;
  try {
    definition = adaptModule(moduleExports, fileName);
  } catch (error) {
    throw new TestingError("TESTING_BAD_PLUGIN", `plugin ${fileName}: ${messageOf(error)}`, error);
  }
  const name = definition.name ?? fileName;
  const errors = checkSchema(definition.fields).filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    const reasons = errors.map(({ path, reason }) => `${path} ${reason}`).join("; ");
    throw new TestingError("TESTING_BAD_PLUGIN", `the gateway would not start with the schema of plugin ${name}: ${reasons}`);
  }
  return { name, definition };
}

/** Where this module is; undefined in the CommonJS build, which cannot import what is not bundled with it. */
const HERE = (import.meta as { readonly url?: string }).url;

/** Compiled as the server does it; from CommonJS by `require`, which in Jest goes through its transforms. */
async function loadPath(path: string): Promise<unknown> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
  if (HERE === undefined) return require(resolve(path)) as unknown;
  const { compilePath } = await import("../../core/plugins/index.js");
  const { PLUGIN_API } = await import("../plugin-api/index.js");
  const compiled = await compilePath(path, { api: PLUGIN_API, versionMatch: "exact", trustedKeys: [] });
  if ("reason" in compiled) throw new TestingError("TESTING_BAD_PLUGIN", `plugin at ${resolve(path)}: ${compiled.reason}`);
  return evaluateModule(compiled.artifact);
}
