// Carries isolates in threads that a program starts from its own file. A module of its own: executables have no Piscina in them.
import { getAsset, isSea } from "node:sea";
import { MessageChannel, type MessagePort, Worker, workerData } from "node:worker_threads";
import { isServerExecutable } from "../../runtime/index.js";
import { type ChannelPort, type IsolateTask, StartGate, threadPort } from "../../channel/index.js";
import { keepLoopsEndable } from "./endable-loops.js";
import { endOfThread } from "./hung-threads.js";
import { type StartTransport, type Transport, type TransportLimits, YOUNG_GENERATION_MB } from "./transport.js";

const MEGABYTE = 1024 * 1024;

interface OwnThreadData {
  readonly pluginserver: { readonly task: IsolateTask; readonly port: MessagePort; readonly gate: SharedArrayBuffer };
}

/** What a thread has that was started by {@link startOwnThread}. */
export interface OwnThread {
  readonly task: IsolateTask;
  readonly channel: ChannelPort;
  readonly gate: StartGate;
}

/** In an executable, which is no file that a thread could run: what starts the program in it (src/build/executable.ts). */
const LOADER_ASSET = "loader";

/** Starts threads that run `file`, or the executable that this is; what runs there is to look for its {@link ownThread}. */
export function startOwnThread(file: string): StartTransport {
  return (task, limits: TransportLimits): Transport => {
    keepLoopsEndable();
    const { port1, port2 } = new MessageChannel();
    const gate = new StartGate();
    const isProgram = isSea() && !isServerExecutable();
    const worker = new Worker(isProgram ? getAsset(LOADER_ASSET, "utf8") : file, {
      eval: isProgram,
      workerData: { pluginserver: { task, port: port2, gate: gate.memory } } satisfies OwnThreadData,
      transferList: [port2],
      resourceLimits: {
        maxOldGenerationSizeMb: Math.ceil(limits.memory / MEGABYTE),
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      },
      env: { ...limits.env },
      // All that the plugin prints is log. A reader here would have Node.js ask in the thread for the streams that the log
      // has replaced, and fail.
      stdout: true,
      stderr: true,
      // Descriptors that plugin code left open go with its thread.
      trackUnmanagedFds: true,
    });
    let reason: Error | undefined;
    let giveUp = (): void => {};
    const ended = new Promise<Error | undefined>((resolve) => {
      giveUp = () => resolve(reason ?? new Error("its thread does not end"));
      worker.once("error", (error: unknown) => {
        reason = error instanceof Error ? error : new Error(String(error));
      });
      worker.once("exit", (code) => resolve(reason ?? (code === 0 ? undefined : new Error(`its thread exited with ${code}`))));
    });
    return {
      port: threadPort(port1),
      gate,
      ended,
      terminate: async () => {
        const end = await endOfThread({ plugin: task.plugin, isServing: true }, worker.terminate());
        if (end === "hung") giveUp();
        await ended;
      },
    };
  };
}

export function ownThread(): OwnThread | undefined {
  if (!isOwnThread()) return undefined;
  const { task, port, gate } = (workerData as OwnThreadData).pluginserver;
  return { task, channel: threadPort(port), gate: new StartGate(gate) };
}

/** Whether {@link startOwnThread} started this thread. */
export function isOwnThread(): boolean {
  const data: unknown = workerData;
  return typeof data === "object" && data !== null && "pluginserver" in data;
}
