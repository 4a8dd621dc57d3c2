// Owns the sending side of a channel and sends what is written to it in one tick as one message.
import { BatchWriter } from "./batch.js";
import type { ChannelPort, Transferred } from "./port.js";

/**
 * `event` messages wait for the end of the tick and leave together; `control` messages leave at once, behind the
 * event messages written before them, so that order is kept.
 */
export class BatchingPort<Control> {
  readonly #port: ChannelPort;
  readonly #batch = new BatchWriter();
  #flush: NodeJS.Immediate | undefined;

  constructor(port: ChannelPort) {
    this.#port = port;
  }

  /** Where an event message is to be written now. */
  batch(): BatchWriter {
    // After the poll phase: everything that this turn of the event loop read is in the batch by then.
    this.#flush ??= setImmediate(() => this.flush());
    return this.#batch;
  }

  control(message: Control, transfer?: readonly Transferred[]): void {
    this.flush();
    this.#port.postMessage(message, transfer);
  }

  flush(): void {
    this.#cancelFlush();
    if (this.#batch.isEmpty) return;
    const { batch, transfer } = this.#batch.take();
    this.#port.postMessage(batch, transfer);
  }

  close(): void {
    this.#cancelFlush();
    this.#batch.clear();
    this.#port.close();
  }

  #cancelFlush(): void {
    if (this.#flush !== undefined) clearImmediate(this.#flush);
    this.#flush = undefined;
  }
}
