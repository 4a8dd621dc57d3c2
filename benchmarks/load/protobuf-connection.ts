// Owns one connection of a gateway that speaks ProtoBuf:1: runs one phase after another on it, and answers each call as it comes.
import { connect, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { PhaseObserver } from "./gateway-connection.js";
import { type ExpectedFrames, handleEventFrame } from "./protobuf-frames.js";

const CHUNK = 256 * 1024;
/** One for all connections: each chunk is used up before the next one is read. */
const chunk = Buffer.allocUnsafe(CHUNK);

export class ProtobufConnection {
  readonly #answers: readonly Buffer[];
  readonly #expected: readonly ExpectedFrames[];
  readonly #observer: PhaseObserver;
  readonly #events = new Map<number, Buffer>();
  #socket: Socket | undefined;
  #state: "idle" | "running" | "closed" = "idle";
  /** What has come of frames that are not all there. */
  #part = Buffer.alloc(0);
  #step = 0;
  #started = 0;
  #whenIdle: () => void = () => {};

  private constructor(answers: readonly Buffer[], expected: readonly ExpectedFrames[], observer: PhaseObserver) {
    this.#answers = answers;
    this.#expected = expected;
    this.#observer = observer;
  }

  static open(
    path: string,
    answers: readonly Buffer[],
    expected: readonly ExpectedFrames[],
    observer: PhaseObserver,
  ): Promise<ProtobufConnection> {
    const connection = new ProtobufConnection(answers, expected, observer);
    return new Promise((resolve, reject) => {
      const callback = (length: number): boolean => {
        connection.#receive(length);
        return true;
      };
      const socket = connect({ path, onread: { buffer: chunk, callback } }, () => resolve(connection));
      connection.#socket = socket;
      socket.on("error", (error) => {
        reject(error);
        connection.#fail(error);
      });
      socket.on("close", () => connection.#fail(new Error("the server closed the connection")));
    });
  }

  start(): void {
    this.#state = "running";
    this.#step = 0;
    this.#started = performance.now();
    this.#socket?.write(this.#eventOf(this.#observer.nextInstance()));
  }

  /** Resolves when no phase runs: after the one for which the observer wanted no other. */
  idle(): Promise<void> {
    return this.#state === "running" ? new Promise((resolve) => (this.#whenIdle = resolve)) : Promise.resolve();
  }

  close(): void {
    this.#state = "closed";
    this.#socket?.destroy();
  }

  #eventOf(instanceId: number): Buffer {
    const known = this.#events.get(instanceId);
    if (known !== undefined) return known;
    const frame = handleEventFrame(instanceId);
    this.#events.set(instanceId, frame);
    return frame;
  }

  #receive(length: number): void {
    const whole = this.#part.length === 0;
    const bytes = whole ? chunk : Buffer.concat([this.#part, chunk.subarray(0, length)]);
    try {
      const end = whole ? length : bytes.length;
      const taken = this.#take(bytes, end);
      this.#part = taken === end ? Buffer.alloc(0) : Buffer.from(bytes.subarray(taken, end));
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Returns how many of the bytes were whole frames. */
  #take(bytes: Buffer, end: number): number {
    let position = 0;
    while (position < end) {
      const expected = this.#expected[this.#step];
      if (expected === undefined || this.#state !== "running") throw new Error("the server sent what was not asked");
      const length = expected.lengthAt(bytes, position, end);
      if (length === 0) break;
      position += length;
      const answer = this.#answers[this.#step];
      this.#step += 1;
      if (answer !== undefined) this.#socket?.write(answer);
      else this.#phaseOver();
    }
    return position;
  }

  #phaseOver(): void {
    if (this.#observer.onPhase(this.#started, performance.now())) return this.start();
    this.#state = "idle";
    this.#whenIdle();
  }

  #fail(error: Error): void {
    if (this.#state === "closed") return;
    this.close();
    this.#observer.onFailure(error);
  }
}
