// Runs any plugin file as a program, as if it had called `startServer` itself.
import { resolve } from "node:path";
import { startThread } from "../../core/isolates/index.js";
import { type Generation, loadPlugin, type LoadOptions, type PluginProblem } from "../../core/plugins/index.js";
import { PLUGIN_API } from "../plugin-api/index.js";
import { pluginEnvironment } from "./environment.js";
import { writeStderr } from "../../core/log/index.js";
import { evaluateModule } from "../../core/worker/index.js";
import { type EarlySockets, programName } from "../../core/supervisor/index.js";
import { checkAnnouncement, EmbeddedError, KONG_WORKER } from "../../gateways/kong/server/index.js";
import { ALL_GATEWAYS, isTyk } from "../gateways/index.js";
import type { EmbeddedOptions } from "./options.js";
import { runProgram } from "./program.js";
import type { ProgramPlugin } from "./gateways/program-gateway.js";

/** `path` is a file or a folder, as in a plugins directory. Resolves with the status that the process is to end with. */
export function runFile(path: string, argv: readonly string[], sockets: EarlySockets | undefined): Promise<number> {
  const program = programName(path);
  const load = async (options: EmbeddedOptions): Promise<ProgramPlugin> => {
    const generation = await loadOne(resolve(path), options);
    if ("reason" in generation) throw new EmbeddedError("EMBEDDED_REFUSED", `${generation.path}: ${generation.reason}`);
    const { artifact } = generation;
    return { program, generation, evaluate: () => evaluateModule(artifact), startTransport: startThread };
  };
  return runProgram(program, argv, load, sockets);
}

/** Kong has its plugins soon: they are read without the other gateways, which are asked for what is no plugin of Kong's. */
async function loadOne(path: string, { tyk, limits, hiddenEnvironment }: EmbeddedOptions): Promise<Generation | PluginProblem> {
  const loadAs = (gateways: Pick<LoadOptions, "gatewayWorker" | "checkDefinition">): Promise<Generation | PluginProblem> =>
    loadPlugin(path, {
      ...gateways,
      api: PLUGIN_API,
      versionMatch: "exact",
      trustedKeys: [],
      loadTimeout: limits.loadTimeout,
      limits: { memory: limits.memory, env: pluginEnvironment(hiddenEnvironment) },
      onPluginLog: (plugin, { message }) => writeStderr(`[${plugin}] ${message}\n`),
    });
  if (tyk !== undefined) return loadAs(ALL_GATEWAYS);
  const ofKong = await loadAs({ gatewayWorker: KONG_WORKER, checkDefinition: checkAnnouncement });
  if (!("reason" in ofKong)) return ofKong;
  const ofAny = await loadAs(ALL_GATEWAYS);
  return "reason" in ofAny || !isTyk(ofAny) ? ofKong : ofAny;
}
