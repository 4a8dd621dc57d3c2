// Makes the file that calls it a program: a plugin server of its own.
import { isMainThread } from "node:worker_threads";
import type { ConfigSchema, Plugin } from "../../gateways/kong/pdk/index.js";
import { ownThread, startOwnThread } from "../../core/isolates/index.js";
import { adaptModule, gatewayWorker } from "../../gateways/kong/worker/index.js";
import { serveIsolate } from "../../core/worker/index.js";
import { programName } from "../../core/supervisor/index.js";
import { EmbeddedError, generationOfDefinition } from "../../gateways/kong/server/index.js";
import { inThreadGeneration, type Generation } from "../../core/plugins/index.js";
import { TYK_PLUGIN_STAMP, type TykPlugin } from "../../gateways/tyk/api/index.js";
import { ALL_GATEWAYS, loadAllWorkers, loadTykWorker, TYK_WORKER } from "../gateways/index.js";
import { releaseOutput } from "./output.js";
import { runProgram } from "./program.js";

/** Makes an instance of the plugin: its fields are the configuration, its methods the phases. */
export type New = () => object;

/** A plugin in one of the forms of a module: `definePlugin`'s, `defineTykPlugin`'s, `{ New, Version, Priority }`, or kong-js-pdk's `{ Plugin, … }`. */
export type EmbeddablePlugin =
  | Plugin<ConfigSchema>
  | TykPlugin
  | { readonly New: New; readonly Version?: string; readonly Priority?: number; readonly Name?: string }
  | {
      readonly Plugin: new (config: never) => object;
      readonly Version?: string;
      readonly Priority?: number;
      readonly Name?: string;
    };

let isStarted = false;

/**
 * Runs the plugin as a program with the flags of Go's embedded server (`-dump`, `-help`, `-kong-prefix`, and more: see
 * `-help`) and ends the process when it is done. Its socket is `PREFIX/EXECUTABLE.socket`; with `-tyk ADDRESS` it serves Tyk
 * gateways there, which a plugin of `defineTykPlugin` has to. Where another server
 * loads the file, it is a plugin there and no program. Every call but the first does nothing.
 */
export function startServer(plugin: EmbeddablePlugin): void;
/** As Go's `server.StartServer(New, Version, Priority)`. The plugin's name is that of the executable. */
export function startServer(New: New, version: string, priority: number): void;
export function startServer(plugin: EmbeddablePlugin | New, version?: string, priority?: number): void {
  const module = typeof plugin === "function" ? { New: plugin, Version: version, Priority: priority } : plugin;
  const collect: unknown = Reflect.get(globalThis, COLLECT);
  if (isCollector(collect)) return collect(module);
  if (isStarted) return;
  isStarted = true;
  const [, file = "plugin", ...argv] = process.argv;
  // Timers and sockets of the plugin may still be about: the program is done, and so is the process.
  runOwnFile(module, file, argv).then(
    (status) => process.exit(status),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
}

/** Takes the plugin instead, where another server evaluates this file. */
const COLLECT = Symbol.for("pluginserver.started");

const isCollector = (value: unknown): value is (plugin: object) => void => typeof value === "function";

/** Runs `module` as the program in `file`. Resolves with the status that the process is to end with. */
async function runOwnFile(module: object, file: string, argv: readonly string[]): Promise<number> {
  const program = programName(file);
  if (!isMainThread) return serveThread(module);
  return runProgram(program, argv, async ({ tyk }) => ({
    program,
    // Where Kong alone can be meant, nothing of Tyk's is loaded.
    generation:
      tyk !== undefined || isMadeForTyk(module)
        ? await generationOfAny(module, program, file)
        : generationOfDefinition(adaptModule(module, program), program, file),
    evaluate: () => Promise.resolve(module),
    startTransport: startOwnThread(file),
  }));
}

/** @throws {EmbeddedError} where its gateway would refuse the plugin. */
async function generationOfAny(module: object, name: string, file: string): Promise<Generation> {
  const worker = await loadAllWorkers();
  const metadata = worker.describe(worker.define(module, name), name);
  const { errors, ...said } = ALL_GATEWAYS.checkDefinition(metadata, { name, root: file, entry: file });
  if (errors.length > 0) throw new EmbeddedError("EMBEDDED_REFUSED", `a gateway would refuse it: ${errors.join("; ")}`);
  return inThreadGeneration(metadata, said, file);
}

/** This thread is an isolate of the program's own; in any other thread, somebody else runs the plugin. */
async function serveThread(module: object): Promise<number> {
  const thread = ownThread();
  if (thread !== undefined)
    await serveIsolate(thread.task, thread.channel, {
      gate: thread.gate,
      gateway: thread.task.gatewayWorker === TYK_WORKER ? await loadTykWorker() : gatewayWorker,
      load: () => {
        releaseOutput();
        return Promise.resolve(module);
      },
    });
  return 0;
}

/** As far as it can be told without what reads its plugins: what TypeScript makes of CommonJS has a default in a default. */
function isMadeForTyk(value: unknown, levels = 2): boolean {
  if (typeof value !== "object" || value === null) return false;
  return TYK_PLUGIN_STAMP in value || (levels > 0 && "default" in value && isMadeForTyk(value.default, levels - 1));
}
