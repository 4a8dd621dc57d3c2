// Loads a plugins directory for the commands that look at it without serving it.
import type { Logger } from "pino";
import { loadPlugins, type PluginRegistry } from "../plugins/index.js";
import { PDK_ENTRY, PDK_VERSION } from "../server/index.js";
import type { LoadingOptions } from "./options.js";
import { pluginEnvironment } from "./plugin-environment.js";
import { requireDirectory } from "./require-path.js";

/** @throws {CommandError} where the directory is not there. */
export async function loadDirectory(options: LoadingOptions, logger: Logger): Promise<PluginRegistry> {
  const { pluginsDirectory, pdkMatch } = options;
  await requireDirectory(pluginsDirectory, "the plugins directory");
  return loadPlugins(pluginsDirectory, {
    pdkEntry: PDK_ENTRY,
    pdkVersion: PDK_VERSION,
    pdkMatch,
    loadTimeout: options.loadTimeout,
    limits: { memory: options.isolateMemory, env: pluginEnvironment(options.hiddenEnvironment) },
    onPluginLog: (plugin, { level, message }) => logger[level]({ plugin }, `[${plugin}] ${message}`),
  });
}
