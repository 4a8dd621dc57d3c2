// Owns one connection of a gateway: runs one phase after another on it, as a gateway has one call outstanding on each.
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { ExpectedData } from "./expected-data.js";
import type { Frame } from "./frames.js";
import { MessageStream } from "./message-stream.js";
import { learnReply, matchReply, UNKNOWN } from "./reply.js";

export interface PhaseObserver {
  /** The instance that the next phase is for. */
  nextInstance(): number;
  /** A phase is over; false where no other is to follow. Times in milliseconds. */
  onPhase(started: number, ended: number): boolean;
  onFailure(error: Error): void;
}

const MAX_MESSAGE_ID = 2 ** 32;

export class GatewayConnection {
  readonly #frames: readonly Frame[];
  readonly #expected: readonly ExpectedData[];
  readonly #observer: PhaseObserver;
  #socket: Socket | undefined;
  #state: "idle" | "running" | "closed" = "idle";
  #step = 0;
  #messageId = 0;
  #started = 0;
  #whenIdle: () => void = () => {};

  private constructor(frames: readonly Frame[], expected: readonly ExpectedData[], observer: PhaseObserver) {
    this.#frames = frames;
    this.#expected = expected;
    this.#observer = observer;
  }

  /** `frames` belong to this connection alone, `expected` may be shared. */
  static async open(
    path: string,
    frames: readonly Frame[],
    expected: readonly ExpectedData[],
    observer: PhaseObserver,
  ): Promise<GatewayConnection> {
    const connection = new GatewayConnection(frames, expected, observer);
    connection.#socket = await MessageStream.open(path, {
      tryWhole: (bytes, end) => connection.#tryReply(bytes, end),
      onMessage: (message) => connection.#onOtherReply(message),
      onClose: (error) => connection.#fail(error),
    });
    return connection;
  }

  start(): void {
    this.#state = "running";
    this.#step = 0;
    this.#started = performance.now();
    this.#send(this.#observer.nextInstance());
  }

  /** Resolves when no phase runs: after the one for which the observer wanted no other. */
  idle(): Promise<void> {
    return this.#state === "running" ? new Promise((resolve) => (this.#whenIdle = resolve)) : Promise.resolve();
  }

  close(): void {
    this.#state = "closed";
    this.#socket?.destroy();
  }

  #send(lastId: number): void {
    this.#messageId = (this.#messageId + 1) % MAX_MESSAGE_ID;
    const frame = this.#frames[this.#step];
    if (frame !== undefined) this.#socket?.write(frame.patch(this.#messageId, lastId));
  }

  #tryReply(bytes: Buffer, end: number): boolean {
    const expected = this.#expected[this.#step];
    if (expected === undefined || this.#state !== "running") return false;
    const eventId = matchReply(bytes, end, this.#messageId, expected);
    if (eventId === UNKNOWN) return false;
    this.#step += 1;
    if (this.#step < this.#frames.length) this.#send(eventId);
    else this.#phaseOver();
    return true;
  }

  #phaseOver(): void {
    if (this.#observer.onPhase(this.#started, performance.now())) return this.start();
    this.#state = "idle";
    this.#whenIdle();
  }

  #onOtherReply(message: Buffer): void {
    const expected = this.#expected[this.#step];
    try {
      if (expected === undefined || this.#state !== "running") throw new Error("the server answered what was not asked");
      // It may come behind another message in one chunk, and be one that is known.
      if (this.#tryReply(message, message.length)) return;
      learnReply(message, this.#messageId, expected);
      if (!this.#tryReply(message, message.length)) throw new Error("the reply is in no form that the load generator knows");
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #fail(error: Error): void {
    if (this.#state === "closed") return;
    this.close();
    this.#observer.onFailure(error);
  }
}
