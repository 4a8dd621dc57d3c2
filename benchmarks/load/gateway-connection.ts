// Owns one connection of a gateway: runs one phase after another on it, as a gateway has one call outstanding on each.
import type { Socket } from "node:net";
import type { ExpectedData } from "./expected-data.js";
import type { Frame } from "./frames.js";
import { MessageStream } from "./message-stream.js";
import { PhaseLoop, type PhaseObserver } from "./phase-loop.js";
import { learnReply, matchReply, UNKNOWN } from "./reply.js";

const MAX_MESSAGE_ID = 2 ** 32;

export class GatewayConnection {
  readonly #frames: readonly Frame[];
  readonly #expected: readonly ExpectedData[];
  readonly #loop: PhaseLoop;
  #socket: Socket | undefined;
  #step = 0;
  #messageId = 0;

  private constructor(frames: readonly Frame[], expected: readonly ExpectedData[], observer: PhaseObserver) {
    this.#frames = frames;
    this.#expected = expected;
    this.#loop = new PhaseLoop(observer, (instanceId) => {
      this.#step = 0;
      this.#send(instanceId);
    });
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
    this.#loop.start();
  }

  /** Resolves when no phase runs. */
  idle(): Promise<void> {
    return this.#loop.idle();
  }

  close(): void {
    this.#loop.close();
    this.#socket?.destroy();
  }

  #send(lastId: number): void {
    this.#messageId = (this.#messageId + 1) % MAX_MESSAGE_ID;
    const frame = this.#frames[this.#step];
    if (frame !== undefined) this.#socket?.write(frame.patch(this.#messageId, lastId));
  }

  #tryReply(bytes: Buffer, end: number): boolean {
    const expected = this.#expected[this.#step];
    if (expected === undefined || !this.#loop.isRunning) return false;
    const eventId = matchReply(bytes, end, this.#messageId, expected);
    if (eventId === UNKNOWN) return false;
    this.#step += 1;
    if (this.#step < this.#frames.length) this.#send(eventId);
    else this.#loop.phaseOver();
    return true;
  }

  #onOtherReply(message: Buffer): void {
    const expected = this.#expected[this.#step];
    try {
      if (expected === undefined || !this.#loop.isRunning) throw new Error("the server answered what was not asked");
      // It may come behind another message in one chunk, and be one that is known.
      if (this.#tryReply(message, message.length)) return;
      learnReply(message, this.#messageId, expected);
      if (!this.#tryReply(message, message.length)) throw new Error("the reply is in no form that the load generator knows");
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #fail(error: Error): void {
    this.#loop.fail(error);
    this.#socket?.destroy();
  }
}
