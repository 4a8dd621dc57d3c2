// The dump commands: what a gateway asks for before it starts. Only the dump reaches stdout.
import type { Generation, PluginRegistry } from "../../../core/plugins/index.js";
import { pluginInfo } from "../../../gateways/kong/server/index.js";
import { CommandError } from "../../../core/model/index.js";
import { createLogger } from "../../../core/log/index.js";
import { writeOutput } from "../../program/index.js";
import { announced } from "../caching/warm-dump.js";
import { loadDirectory, reportProblems } from "../load-directory.js";
import type { LoadingOptions } from "../command-line/invocation.js";

/** All plugins as JSON; those that do not load are told on stderr and left out. */
export async function dumpAll(options: LoadingOptions): Promise<void> {
  const registry = await load(options);
  await writeOutput(`${JSON.stringify(announced(registry.list().map(pluginInfo), options.protocol))}\n`);
}

/** One plugin, alone: what a Kong 3.9 entry has to answer. */
export async function dumpOne(name: string, options: LoadingOptions): Promise<void> {
  const registry = await load(options);
  await writeOutput(`${JSON.stringify(announced([pluginInfo(find(registry, name))], options.protocol))}\n`);
}

/** One plugin as MessagePack: what Kong 2.0 to 2.8 ask for in legacy mode. */
export async function dumpPluginInfo(name: string, options: LoadingOptions): Promise<void> {
  const registry = await load(options);
  // Every dump is on a gateway's way up; the others have no use for it.
  const { default: msgpack5 } = await import("msgpack5");
  await writeOutput(
    msgpack5()
      .encode(pluginInfo(find(registry, name)))
      .slice(),
  );
}

async function load(options: LoadingOptions): Promise<PluginRegistry> {
  const logger = createLogger(options.log);
  const registry = await loadDirectory(options, logger);
  reportProblems(registry, logger);
  return registry;
}

function find(registry: PluginRegistry, name: string): Generation {
  const generation = registry.get(name);
  if (generation !== undefined) return generation;
  const problem = registry.problem(name);
  const served = registry
    .list()
    .map((plugin) => plugin.name)
    .join(", ");
  throw new CommandError(
    problem === undefined
      ? `there is no plugin ${name}; there are: ${served === "" ? "none" : served}`
      : `plugin ${name} cannot be dumped: ${problem.reason}`,
  );
}
