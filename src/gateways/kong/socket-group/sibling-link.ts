// Owns one server's channel to another of the same path, and the steps that it passed on and that are not answered yet.
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { messageOf } from "../../../core/model/index.js";
import { BatchingPort, BatchReader, isBatch, threadPort } from "../../../core/channel/index.js";
import type { PassedStep, TakeStep } from "../rpc/index.js";
import { asSiblingMessage, type SiblingMessage } from "./sibling-message.js";

export interface SiblingLinkOptions {
  readonly onMessage: (message: SiblingMessage) => void;
  readonly takeStep: TakeStep;
  /** Something came that no server says, for the first time: plugin code can get at the other end. It is dropped. */
  readonly onForeign: (reason: string) => void;
  /** The other is gone. */
  readonly onEnd: () => void;
}

const STEP = 0;
const FAILED_STEP = 1;
const ANSWER = 2;
const LAST_ANSWER = 3;
const REFUSAL = 4;

export class SiblingLink {
  readonly #port: MessagePort;
  readonly #out: BatchingPort<SiblingMessage>;
  readonly #options: SiblingLinkOptions;
  readonly #passed = new Map<number, PassedStep>();
  #nextRequest = 0;
  #hasToldOfForeign = false;

  constructor(port: MessagePort, options: SiblingLinkOptions) {
    this.#port = port;
    this.#options = options;
    const channel = threadPort(port);
    this.#out = new BatchingPort(channel);
    channel.onMessage((message) => this.#receive(message));
    channel.onClose(() => this.#ended());
  }

  tell(message: SiblingMessage, transfer: readonly MessagePort[] = []): void {
    this.#out.control(message, transfer);
  }

  /** Takes what has been sent until now: it may lie here while something that followed from it has come already. */
  receiveNow(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { readonly message: unknown } | undefined;
      if (received === undefined) return;
      this.#receive(received.message);
    }
  }

  pass(step: PassedStep): void {
    const request = this.#nextRequest;
    this.#nextRequest += 1;
    this.#passed.set(request, step);
    const batch = this.#out.batch();
    batch.byte(step.failed ? FAILED_STEP : STEP);
    batch.number(request);
    batch.number(step.eventId);
    batch.data(step.data);
  }

  flush(): void {
    this.#out.flush();
  }

  close(): void {
    this.#out.flush();
    this.#out.close();
  }

  #receive(received: unknown): void {
    try {
      if (isBatch(received)) return this.#readBatch(new BatchReader(received));
      const message = asSiblingMessage(received);
      if (message !== undefined) return this.#options.onMessage(message);
      this.#foreign("it is no message of a server");
    } catch (error) {
      this.#foreign(messageOf(error));
    }
  }

  #foreign(reason: string): void {
    if (!this.#hasToldOfForeign) this.#options.onForeign(reason);
    this.#hasToldOfForeign = true;
  }

  #readBatch(batch: BatchReader): void {
    while (!batch.isAtEnd) {
      const kind = batch.byte();
      const request = batch.number();
      if (kind === STEP || kind === FAILED_STEP) this.#take(request, batch.number(), kind === FAILED_STEP, batch.data());
      else if (kind === REFUSAL) this.#answered(request)?.onRefused(batch.text());
      else this.#answer(request, batch, kind === LAST_ANSWER);
    }
  }

  #take(request: number, eventId: number, failed: boolean, data: Buffer | undefined): void {
    try {
      this.#options.takeStep(eventId, failed, data, (_id, answer, isLast) => {
        const batch = this.#out.batch();
        batch.byte(isLast ? LAST_ANSWER : ANSWER);
        batch.number(request);
        batch.data(answer);
      });
    } catch (error) {
      const batch = this.#out.batch();
      batch.byte(REFUSAL);
      batch.number(request);
      batch.text(messageOf(error));
    }
  }

  #answer(request: number, batch: BatchReader, isLast: boolean): void {
    const data = batch.data();
    const step = this.#answered(request);
    if (step !== undefined && data !== undefined) step.reply(step.eventId, data, isLast);
  }

  #answered(request: number): PassedStep | undefined {
    const step = this.#passed.get(request);
    this.#passed.delete(request);
    return step;
  }

  #ended(): void {
    this.#out.close();
    const lost = [...this.#passed.values()];
    this.#passed.clear();
    for (const step of lost) step.onLost();
    this.#options.onEnd();
  }
}
