// A pipe between two processes as the end of a channel: frames of a kind, a length and as many bytes.
import type { Socket } from "node:net";
import v8 from "node:v8";
import { type Batch, isBatch } from "./batch.js";
import type { ChannelPort } from "./port.js";

const HEADER = 5;
/** A batch in one part: its bytes as they are. */
const BYTES = 0;
/** Bytes, and memory beside them: the number of parts, the length of each, and the parts. */
const PARTS = 1;
const VALUE = 2;
/** More is no message of ours: what is written in one tick is far smaller. */
const MAX_SIZE = 2 ** 30;

export interface PipePort extends ChannelPort {
  /** Told of the next message alone; those behind it wait for {@link ChannelPort.onMessage}. */
  onFirst(listener: (message: unknown) => void): void;
  /** Resolves when the pipe is closed: nothing more comes, and all that could be written has been. */
  readonly closed: Promise<void>;
}

/** `onBroken`: what comes is cut into no frames; the pipe is closed then. */
export function pipePort(pipe: Socket, onBroken: () => void = () => {}): PipePort {
  let receive: ((message: unknown) => void) | undefined;
  // What comes before anybody listens has to wait.
  const early: unknown[] = [];
  const frames = new FrameCutter((kind, content) => {
    const message = read(kind, content);
    if (receive === undefined) early.push(message);
    else receive(message);
  });
  pipe.on("data", (chunk) => {
    if (frames.push(chunk)) return;
    pipe.destroy();
    onBroken();
  });
  // A side that is gone is told by the close, not by a write that fails.
  pipe.on("error", () => {});
  const closed = new Promise<void>((resolve) => pipe.once("close", () => resolve()));
  return {
    closed,
    postMessage: (message) => {
      if (!pipe.writable) return;
      pipe.cork();
      for (const part of write(message)) pipe.write(part);
      pipe.uncork();
    },
    onFirst: (listener) => {
      receive = (message) => {
        receive = undefined;
        listener(message);
      };
    },
    onMessage: (listener) => {
      receive = listener;
      // Behind the message that says that it listens.
      queueMicrotask(() => {
        for (const message of early.splice(0)) listener(message);
      });
    },
    onClose: (listener) => pipe.once("close", listener),
    close: () => pipe.end(),
  };
}

function write(message: unknown): Uint8Array[] {
  if (!isBatch(message)) {
    const value = v8.serialize(message);
    return [header(VALUE, value.length), value];
  }
  if (message instanceof Uint8Array) return [header(BYTES, message.length), message];
  const parts = [message.bytes, ...message.large];
  const lengths = Buffer.from(new Uint32Array([parts.length, ...parts.map(({ length }) => length)]).buffer);
  const size = parts.reduce((sum, { length }) => sum + length, lengths.length);
  return [header(PARTS, size), lengths, ...parts];
}

function header(kind: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER);
  bytes[0] = kind;
  bytes.writeUInt32LE(size, 1);
  return bytes;
}

/** Undefined where the bytes are no message. */
function read(kind: number, content: Buffer): unknown {
  try {
    if (kind === VALUE) return v8.deserialize(content);
    return kind === PARTS ? readParts(content) : new Uint8Array(content);
  } catch {
    // Bytes that plugin code wrote to the pipe: no message.
    return undefined;
  }
}

function readParts(content: Buffer): Batch {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const count = content.readUInt32LE(0);
  let position = 4 + 4 * count;
  for (let i = 0; i < count; i += 1) {
    const end = position + content.readUInt32LE(4 + 4 * i);
    // Each in memory of its own, as what changes hands is: whoever uses it last frees it.
    parts.push(new Uint8Array(content.subarray(position, end)));
    position = end;
  }
  const [bytes = new Uint8Array(0), ...large] = parts;
  return { kind: "batch", bytes, large };
}

class FrameCutter {
  readonly #onFrame: (kind: number, content: Buffer) => void;
  #chunks: Buffer[] = [];
  #size = 0;
  #wanted = HEADER;

  constructor(onFrame: (kind: number, content: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  /** False where a frame begins that is none. */
  push(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    // Room for a frame is made once all of it is there.
    if (this.#size < this.#wanted) return true;
    const [first = chunk] = this.#chunks;
    const bytes = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#size);
    let position = 0;
    for (;;) {
      this.#wanted = HEADER;
      if (bytes.length - position < HEADER) break;
      const kind = bytes.readUInt8(position);
      const size = bytes.readUInt32LE(position + 1);
      if (kind > VALUE || size > MAX_SIZE) return false;
      this.#wanted = HEADER + size;
      if (bytes.length - position < this.#wanted) break;
      const start = position + HEADER;
      position = start + size;
      this.#onFrame(kind, bytes.subarray(start, position));
    }
    const rest = bytes.subarray(position);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    return true;
  }
}
