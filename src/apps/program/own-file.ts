// The plugin of a program that is a file of its own: the module that called `startServer`.
import { isMainThread } from "node:worker_threads";
import { ownThread, startOwnThread } from "../../core/isolates/index.js";
import { adaptModule, gatewayWorker } from "../../gateways/kong/worker/index.js";
import { serveIsolate } from "../../core/worker/index.js";
import { programName } from "../../core/supervisor/index.js";
import { generationOf } from "../../gateways/kong/server/index.js";
import { releaseOutput } from "./held-output.js";
import { runProgram } from "./program.js";

/** Runs `module` as the program in `file`. Resolves with the status that the process is to end with. */
export async function runOwnFile(module: object, file: string, argv: readonly string[]): Promise<number> {
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
