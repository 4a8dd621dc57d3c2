// Owns one connection of a gateway that speaks ProtoBuf:1: runs one phase after another on it, and answers each call as it comes.
import type { Socket } from "node:net";
import { connectReading } from "./connect-reading.js";
import { PhaseLoop, type PhaseObserver } from "./phase-loop.js";
import { type ExpectedFrames, handleEventFrame } from "./protobuf-frames.js";

const NOTHING = Buffer.alloc(0);

export class ProtobufConnection {
  readonly #answers: readonly Buffer[];
  readonly #expected: readonly ExpectedFrames[];
  readonly #loop: PhaseLoop;
  readonly #events = new Map<number, Buffer>();
  #socket: Socket | undefined;
  /** What has come of frames that are not all there. */
  #part: Buffer = NOTHING;
  #step = 0;

  private constructor(answers: readonly Buffer[], expected: readonly ExpectedFrames[], observer: PhaseObserver) {
    this.#answers = answers;
    this.#expected = expected;
    this.#loop = new PhaseLoop(observer, (instanceId) => {
      this.#step = 0;
      this.#socket?.write(this.#eventOf(instanceId));
    });
  }

  static async open(
    path: string,
    answers: readonly Buffer[],
    expected: readonly ExpectedFrames[],
    observer: PhaseObserver,
  ): Promise<ProtobufConnection> {
    const connection = new ProtobufConnection(answers, expected, observer);
    connection.#socket = await connectReading(path, {
      onChunk: (chunk, length) => connection.#receive(chunk, length),
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

  #eventOf(instanceId: number): Buffer {
    const known = this.#events.get(instanceId);
    if (known !== undefined) return known;
    const frame = handleEventFrame(instanceId);
    this.#events.set(instanceId, frame);
    return frame;
  }

  #receive(chunk: Buffer, length: number): void {
    const whole = this.#part.length === 0;
    const bytes = whole ? chunk : Buffer.concat([this.#part, chunk.subarray(0, length)]);
    try {
      const end = whole ? length : bytes.length;
      const taken = this.#take(bytes, end);
      this.#part = taken === end ? NOTHING : Buffer.from(bytes.subarray(taken, end));
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Returns how many of the bytes were whole frames. */
  #take(bytes: Buffer, end: number): number {
    let position = 0;
    while (position < end) {
      const expected = this.#expected[this.#step];
      if (expected === undefined || !this.#loop.isRunning) throw new Error("the server sent what was not asked");
      const length = expected.lengthAt(bytes, position, end);
      if (length === 0) break;
      position += length;
      const answer = this.#answers[this.#step];
      this.#step += 1;
      if (answer !== undefined) this.#socket?.write(answer);
      else this.#loop.phaseOver();
    }
    return position;
  }

  #fail(error: Error): void {
    this.#loop.fail(error);
    this.#socket?.destroy();
  }
}
