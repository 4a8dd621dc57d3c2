// Makes the file that calls it a program: a plugin server of its own.
import { isMainThread } from "node:worker_threads";
import type { ConfigSchema, Plugin } from "../../gateways/kong/pdk/index.js";
import { ownThread, startOwnThread } from "../../core/isolates/index.js";
import { adaptModule, gatewayWorker } from "../../gateways/kong/worker/index.js";
import { serveIsolate } from "../../core/worker/index.js";
import { programName } from "../../core/supervisor/index.js";
import { generationOf } from "../../gateways/kong/server/index.js";
import { releaseOutput } from "./output.js";
import { runProgram } from "./program.js";

/** Makes an instance of the plugin: its fields are the configuration, its methods the phases. */
export type New = () => object;

/** A plugin in one of the forms of a module: `definePlugin`'s, `{ New, Version, Priority }`, or kong-js-pdk's `{ Plugin, … }`. */
export type EmbeddablePlugin =
  | Plugin<ConfigSchema>
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
 * `-help`) and ends the process when it is done. Its socket is `PREFIX/EXECUTABLE.socket`. Where another server
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
  return runProgram(program, argv, () =>
    Promise.resolve({
      generation: generationOf(adaptModule(module, program), program, file),
      define: () => Promise.resolve(adaptModule(module, program)),
      startTransport: startOwnThread(file),
    }),
  );
}

/** This thread is an isolate of the program's own; in any other thread, somebody else runs the plugin. */
async function serveThread(module: object): Promise<number> {
  const thread = ownThread();
  if (thread !== undefined)
    await serveIsolate(thread.task, thread.channel, {
      gate: thread.gate,
      gateway: gatewayWorker,
      load: () => {
        releaseOutput();
        return Promise.resolve(module);
      },
    });
  return 0;
}
