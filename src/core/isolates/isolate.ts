// Owns one isolate of one plugin, from its start to its end, and speaks the channel's messages with it.
import {
  asIsolateMessage,
  type AskedCall,
  BatchingPort,
  type HostMessage,
  type InstanceSpec,
  type IsolateMessage,
  type Opening,
  type PhaseHost,
  type PhaseHostListener,
  type Protocol,
  receiveReports,
  isBatch,
  writeCancelEvent,
  writeStartEvent,
  writeStep,
} from "../channel/index.js";
import type { Carrier } from "./transports/carrier.js";

/** Takes what an isolate does and how it ends. */
export interface IsolateListener extends PhaseHostListener {
  /** The system's name of the thread that it runs in. */
  onThread(thread: string): void;
  /** Its module is evaluated: it reads what it was sent. */
  onReady(): void;
  /** It is alive, and uses this many bytes, garbage included; `broken` says why its runtime works no more. */
  onPong(memory: number, broken: string | undefined): void;
  /** What it holds without garbage, in bytes. */
  onWeighed(memory: number): void;
  /** It has done some of what came over its own socket. */
  onProductive(): void;
  /** Events of this phase of the instance begin so from now on. */
  onOpening(instanceId: number, phase: string, protocol: Protocol, opening: Opening | undefined): void;
  /** It is gone, on request or not; `error` says why where it was not asked to end. */
  onEnd(error: Error | undefined): void;
}

export class Isolate implements PhaseHost {
  readonly #carrier: Carrier;
  readonly #port: BatchingPort<HostMessage>;
  readonly #listener: IsolateListener;
  readonly #ended: Promise<void>;
  #state: "running" | "stopping" | "ended" = "running";
  #hasToldOfForeign = false;

  constructor(carrier: Carrier, listener: IsolateListener) {
    this.#carrier = carrier;
    this.#listener = listener;
    this.#port = new BatchingPort<HostMessage>(carrier.port);
    carrier.port.onMessage((message) => this.#onMessage(message));
    this.#ended = carrier.ended.then((error) => this.#onEnd(error));
  }

  startInstance(spec: InstanceSpec): void {
    this.#port.control({ kind: "start-instance", spec });
  }

  closeInstance(instanceId: number): void {
    this.#port.control({ kind: "close-instance", instanceId });
  }

  startEvent(eventId: number, instanceId: number, phase: string, protocol: Protocol, asked?: readonly AskedCall[]): void {
    writeStartEvent(this.#port.event(), eventId, instanceId, phase, protocol, asked);
  }

  step(eventId: number, failed: boolean, data: Buffer | undefined): void {
    writeStep(this.#port.event(), eventId, failed, data);
  }

  cancelEvent(eventId: number, reason: string): void {
    writeCancelEvent(this.#port.event(), eventId, reason);
  }

  ping(): void {
    this.#port.control({ kind: "ping" });
  }

  /** Has it collect its garbage and say what is left. */
  weigh(): void {
    this.#port.control({ kind: "weigh" });
  }

  /** Lets the isolate end by itself, which a loop in plugin code may prevent: `terminate` does not ask. */
  async stop(): Promise<void> {
    if (this.#state === "running") {
      this.#state = "stopping";
      this.#port.control({ kind: "stop" });
    }
    await this.#ended;
  }

  /** Ends it where it stands. */
  async terminate(): Promise<void> {
    if (this.#state === "running") this.#state = "stopping";
    await this.#carrier.terminate();
    await this.#ended;
  }

  #onEnd(error: Error | undefined): void {
    const wanted = this.#state === "stopping";
    this.#state = "ended";
    this.#port.close();
    this.#listener.onEnd(wanted ? undefined : (error ?? new Error("it ended by itself")));
  }

  /** Plugin code can get at the other end: whatever comes, it is a fault of that isolate and nobody else's. */
  #onMessage(received: unknown): void {
    try {
      if (isBatch(received)) return receiveReports(received, this.#listener);
      const message = asIsolateMessage(received);
      if (message !== undefined) return this.#take(message);
      this.#foreign("it is no message of an isolate");
    } catch (error) {
      this.#foreign(error instanceof Error ? error.message : String(error));
    }
  }

  #foreign(reason: string): void {
    if (this.#hasToldOfForeign) return;
    this.#hasToldOfForeign = true;
    this.#listener.onLog({
      level: "warn",
      message: `something came over the channel of its isolate that the server cannot use, and was dropped: ${reason} (told once)`,
    });
  }

  #take(message: IsolateMessage): void {
    switch (message.kind) {
      case "thread":
        return this.#listener.onThread(message.thread);
      case "ready":
        return this.#listener.onReady();
      case "pong":
        return this.#listener.onPong(message.memory, message.broken);
      case "weighed":
        return this.#listener.onWeighed(message.memory);
      case "productive":
        return this.#listener.onProductive();
      case "instance-failed":
        return this.#listener.onInstanceFailed(message.instanceId, message.error);
      case "opening":
        return this.#listener.onOpening(message.instanceId, message.phase, message.protocol, asOpening(message.opening));
      case "log":
        return this.#listener.onLog(message.entry);
    }
  }
}

/** Buffers cross a channel as plain bytes. */
function asOpening(opening: Opening | undefined): Opening | undefined {
  return opening?.map((call) => Buffer.from(call));
}
