// The kong-conf command: the lines of kong.conf with which a gateway serves what is in a plugins directory.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandError } from "../../../core/model/index.js";
import { isServerExecutable } from "../../../core/runtime/index.js";
import type { Generation } from "../../../core/plugins/index.js";
import { createLogger } from "../../../core/log/index.js";
import { writeOutput } from "../../program/index.js";
import { findKongRelease, kongSettings, settingsText } from "../../../gateways/kong/conf/index.js";
import { type ProtocolLoss, protocolLosses } from "../../../gateways/kong/usage/index.js";
import { loadDirectory, reportProblems } from "../load-directory.js";
import type { KongConfOptions } from "../command-line/invocation.js";

const EXECUTABLE = isServerExecutable()
  ? process.execPath
  : fileURLToPath(new URL("../../../../bin/pluginserver", import.meta.url));

/** @throws {CommandError} where there is nothing to configure, or the release cannot do it. */
export async function kongConf(options: KongConfOptions): Promise<void> {
  const release = findKongRelease(options.kongVersion);
  const logger = createLogger(options.log);
  const registry = await loadDirectory(options, logger);
  reportProblems(registry, logger);
  const generations = registry.list();
  const plugins = generations.map(({ name }) => name);
  if (plugins.length === 0) throw new CommandError(`there is no plugin in ${options.pluginsDirectory} that could be served`);
  const server = {
    ...options.server,
    executable: EXECUTABLE,
    pluginsDirectory: options.pluginsUrl === undefined ? resolve(options.pluginsDirectory) : undefined,
    plugins,
    phasesOf: new Map(generations.map(({ name, metadata }) => [name, metadata.functions] as const)),
    protocol: options.protocol,
    lossesOf: new Map(await Promise.all(generations.map((generation) => lossesOf(generation, release.name)))),
  };
  await writeOutput(settingsText(kongSettings(server, release, options.mode), options.format));
}

async function lossesOf({ name, artifact, metadata }: Generation, release: string): Promise<[string, ProtocolLoss[]]> {
  return [name, await protocolLosses({ ...artifact, form: metadata.form }, release)];
}
