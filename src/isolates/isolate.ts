// Owns one worker thread that runs one plugin: a Piscina of exactly one thread with one task for life.
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { Piscina } from "piscina";
import {
  BatchingPort,
  cancelEventCommand,
  type EventCommand,
  type HostMessage,
  type InstanceSpec,
  type IsolateMessage,
  type IsolateTask,
  type ModuleArtifact,
  type PhaseHost,
  type PhaseHostListener,
  receiveReports,
  startEventCommand,
  stepCommand,
} from "../channel/index.js";

const WORKER_ENTRY = new URL("../runtime/worker-entry.js", import.meta.url).href;

/** A pool for one task in one thread. Atomics are off: waiting on them would stop the thread's event loop. */
export function singleThread(task: "runIsolate" | "scanModules"): Piscina {
  const pool = new Piscina({
    filename: WORKER_ENTRY,
    name: task,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: Infinity,
    atomics: "disabled",
    recordTiming: false,
    workerHistogram: false,
    // Descriptors that plugin code left open go with its thread.
    trackUnmanagedFds: true,
  });
  // The task's own promise reports every error there is; without a listener this copy would end the process.
  pool.on("error", () => {});
  return pool;
}

/** Takes what an isolate does and how it ends. */
export interface IsolateListener extends PhaseHostListener {
  /** The thread is gone, on request or not; `error` says why where it was not asked to end. */
  onEnd(error: Error | undefined): void;
}

export class Isolate implements PhaseHost {
  readonly #pool: Piscina;
  readonly #port: BatchingPort<EventCommand, HostMessage>;
  readonly #listener: IsolateListener;
  readonly #ended: Promise<void>;
  #state: "running" | "stopping" | "ended" = "running";

  constructor(plugin: string, artifact: ModuleArtifact, listener: IsolateListener) {
    const { port1, port2 } = new MessageChannel();
    this.#listener = listener;
    this.#pool = singleThread("runIsolate");
    this.#port = new BatchingPort<EventCommand, HostMessage>(port1);
    port1.on("message", (message: Uint8Array<ArrayBuffer> | IsolateMessage) => this.#onMessage(message));
    this.#ended = this.#run({ plugin, artifact, port: port2 }, port2);
  }

  startInstance(spec: InstanceSpec): void {
    this.#port.control({ kind: "start-instance", spec });
  }

  closeInstance(instanceId: number): void {
    this.#port.control({ kind: "close-instance", instanceId });
  }

  startEvent(eventId: number, instanceId: number, phase: string): void {
    this.#port.event(startEventCommand(eventId, instanceId, phase));
  }

  step(eventId: number, failed: boolean, data: Buffer | undefined): void {
    this.#port.event(stepCommand(eventId, failed, data));
  }

  cancelEvent(eventId: number, reason: string): void {
    this.#port.event(cancelEventCommand(eventId, reason));
  }

  /** Lets the isolate end by itself, which a loop in plugin code may prevent: `terminate` does not ask. */
  async stop(): Promise<void> {
    if (this.#state === "running") {
      this.#state = "stopping";
      this.#port.control({ kind: "stop" });
    }
    await this.#ended;
  }

  /** Ends the thread where it stands. */
  async terminate(): Promise<void> {
    if (this.#state === "running") this.#state = "stopping";
    await this.#pool.destroy();
    await this.#ended;
  }

  async #run(task: IsolateTask, port: MessagePort): Promise<void> {
    let error: Error | undefined;
    try {
      await this.#pool.run(task, { transferList: [port] });
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    const wanted = this.#state === "stopping";
    this.#state = "ended";
    this.#port.close();
    await this.#pool.destroy();
    this.#listener.onEnd(wanted ? undefined : (error ?? new Error("the isolate ended by itself")));
  }

  #onMessage(message: Uint8Array<ArrayBuffer> | IsolateMessage): void {
    if (message instanceof Uint8Array) receiveReports(message, this.#listener);
    else if (message.kind === "instance-failed") this.#listener.onInstanceFailed(message.instanceId, message.error);
    else this.#listener.onLog(message.entry);
  }
}
