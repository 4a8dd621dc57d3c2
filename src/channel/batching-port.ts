// Owns the sending side of a channel and sends what is written to it in one tick as one message.
import { packBatch, type EventCommand, type EventReport } from "./batch.js";
import type { ChannelPort } from "./port.js";

/**
 * `event` messages wait for the end of the tick and leave together; `control` messages leave at once, behind the
 * event messages written before them, so that order is kept.
 */
export class BatchingPort<Event extends EventCommand | EventReport, Control> {
  readonly #port: ChannelPort;
  #batch: Event[] = [];
  #flush: NodeJS.Immediate | undefined;

  constructor(port: ChannelPort) {
    this.#port = port;
  }

  event(message: Event): void {
    this.#batch.push(message);
    // After the poll phase: everything that this turn of the event loop read is in the batch by then.
    this.#flush ??= setImmediate(() => this.flush());
  }

  control(message: Control): void {
    this.flush();
    this.#port.postMessage(message);
  }

  flush(): void {
    if (this.#flush !== undefined) clearImmediate(this.#flush);
    this.#flush = undefined;
    if (this.#batch.length === 0) return;
    const packed = packBatch(this.#batch);
    this.#batch = [];
    this.#port.postMessage(packed, [packed.buffer]);
  }

  close(): void {
    if (this.#flush !== undefined) clearImmediate(this.#flush);
    this.#flush = undefined;
    this.#batch = [];
    this.#port.close();
  }
}
