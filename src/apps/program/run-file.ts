// Runs any plugin file as a program, as if it had called `startServer` itself.
import { resolve } from "node:path";
import { startThread } from "../../core/isolates/index.js";
import { loadPlugin } from "../../core/plugins/index.js";
import { PLUGIN_API } from "../plugin-api/index.js";
import { pluginEnvironment } from "./environment.js";
import { writeStderr } from "../../core/log/index.js";
import { adaptModule } from "../../gateways/kong/worker/index.js";
import { evaluateModule } from "../../core/worker/index.js";
import { type EarlySockets, programName } from "../../core/supervisor/index.js";
import { checkAnnouncement, EmbeddedError, KONG_WORKER } from "../../gateways/kong/server/index.js";
import type { EmbeddedOptions } from "./options.js";
import { type ProgramPlugin, runProgram } from "./program.js";

/** `path` is a file or a folder, as in a plugins directory. Resolves with the status that the process is to end with. */
export function runFile(path: string, argv: readonly string[], sockets: EarlySockets | undefined): Promise<number> {
  const program = programName(path);
  const load = async ({ limits, hiddenEnvironment }: EmbeddedOptions): Promise<ProgramPlugin> => {
    const generation = await loadPlugin(resolve(path), {
      gatewayWorker: KONG_WORKER,
      checkDefinition: checkAnnouncement,
      api: PLUGIN_API,
      versionMatch: "exact",
      trustedKeys: [],
      loadTimeout: limits.loadTimeout,
      limits: { memory: limits.memory, env: pluginEnvironment(hiddenEnvironment) },
      onPluginLog: (plugin, { message }) => writeStderr(`[${plugin}] ${message}\n`),
    });
    if ("reason" in generation) throw new EmbeddedError("EMBEDDED_REFUSED", `${generation.path}: ${generation.reason}`);
    const { artifact } = generation;
    return { generation, define: async () => adaptModule(await evaluateModule(artifact), program), startTransport: startThread };
  };
  return runProgram(program, argv, load, sockets);
}
