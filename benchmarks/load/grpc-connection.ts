// Owns the one connection that a gateway has to a gRPC server: unary calls side by side, as HTTP/2 frames of our own making.
import type { Socket } from "node:net";
import { connectReading } from "./connect-reading.js";
import type { HookMessages } from "./hook-messages.js";
import { FLAG, FRAME, frameOf, PREFACE, RequestHeaders, settingsOf, WINDOW_SETTING, windowUpdateOf } from "./http2-frames.js";
import { PhaseLoop, type PhaseObserver } from "./phase-loop.js";

const FRAME_HEADER = 9;
const MESSAGE_PREFIX = 5;
const MAX_DATA = 16_384;
const DEFAULT_WINDOW = 65_535;
const LARGEST_WINDOW = 2 ** 31 - 1;
const NOTHING = Buffer.alloc(0);

interface Call {
  readonly loop: PhaseLoop;
  /** How much of the request is sent, and how much more may be. */
  sent: number;
  window: number;
  /** What has come of the answer. */
  data: Buffer;
}

export class GrpcConnection {
  readonly #messages: HookMessages;
  readonly #request: Buffer;
  readonly #headers = new RequestHeaders("/coprocess.Dispatcher/Dispatch");
  readonly #loops: readonly PhaseLoop[];
  readonly #calls = new Map<number, Call>();
  #socket: Socket | undefined;
  #part: Buffer = NOTHING;
  #nextStream = 1;
  /** What the server takes: of all calls together, and of a new one. */
  #window = DEFAULT_WINDOW;
  #streamWindow = DEFAULT_WINDOW;
  #read = 0;

  private constructor(messages: HookMessages, at: number, observer: PhaseObserver) {
    this.#messages = messages;
    this.#request = Buffer.alloc(MESSAGE_PREFIX + messages.call.length);
    this.#request.writeUInt32BE(messages.call.length, 1);
    messages.call.copy(this.#request, MESSAGE_PREFIX);
    this.#loops = Array.from({ length: at }, () => {
      const loop: PhaseLoop = new PhaseLoop(observer, () => this.#call(loop));
      return loop;
    });
  }

  /** `at` calls at a time. */
  static async open(path: string, messages: HookMessages, at: number, observer: PhaseObserver): Promise<GrpcConnection> {
    const connection = new GrpcConnection(messages, at, observer);
    const socket = await connectReading(path, {
      onChunk: (chunk, length) => connection.#receive(chunk.subarray(0, length)),
      onClose: (error) => connection.#fail(error),
    });
    connection.#socket = socket;
    const windows = [settingsOf(WINDOW_SETTING, LARGEST_WINDOW), windowUpdateOf(0, LARGEST_WINDOW - DEFAULT_WINDOW)];
    socket.write(Buffer.concat([PREFACE, ...windows]));
    return connection;
  }

  start(): void {
    this.#corked(() => this.#loops.forEach((loop) => loop.start()));
  }

  /** Resolves when no call runs. */
  async idle(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.idle()));
  }

  close(): void {
    for (const loop of this.#loops) loop.close();
    this.#socket?.destroy();
  }

  #call(loop: PhaseLoop): void {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    const call = { loop, sent: 0, window: this.#streamWindow, data: NOTHING };
    this.#calls.set(stream, call);
    this.#socket?.write(frameOf(FRAME.headers, FLAG.endHeaders, stream, this.#headers.next()));
    this.#send(stream, call);
  }

  /** As much of the request as the server takes now. */
  #send(stream: number, call: Call): void {
    while (call.sent < this.#request.length) {
      const size = Math.min(MAX_DATA, this.#request.length - call.sent, call.window, this.#window);
      if (size <= 0) return;
      const data = this.#request.subarray(call.sent, call.sent + size);
      call.sent += size;
      call.window -= size;
      this.#window -= size;
      const isLast = call.sent === this.#request.length;
      this.#socket?.write(frameOf(FRAME.data, isLast ? FLAG.endStream : 0, stream, data));
    }
  }

  #receive(chunk: Buffer): void {
    this.#corked(() => {
      try {
        const bytes = this.#part.length === 0 ? chunk : Buffer.concat([this.#part, chunk]);
        const taken = this.#take(bytes);
        // What is left is copied: the next read overwrites the chunk.
        this.#part = taken === bytes.length ? NOTHING : Buffer.from(bytes.subarray(taken));
      } catch (error) {
        this.#fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Returns how many of the bytes were whole frames. */
  #take(bytes: Buffer): number {
    let position = 0;
    while (bytes.length - position >= FRAME_HEADER) {
      const end = position + FRAME_HEADER + bytes.readUIntBE(position, 3);
      if (end > bytes.length) break;
      const [type = 0, flags = 0] = [bytes[position + 3], bytes[position + 4]];
      this.#frame(type, flags, bytes.readUInt32BE(position + 5), bytes.subarray(position + FRAME_HEADER, end));
      position = end;
    }
    return position;
  }

  #frame(type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === FRAME.data) this.#data(stream, payload);
    else if (type === FRAME.windowUpdate) this.#widen(stream, payload.readUInt32BE(0));
    else if (type === FRAME.settings && (flags & FLAG.ack) === 0) this.#settings(payload);
    else if (type === FRAME.ping && (flags & FLAG.ack) === 0) this.#socket?.write(frameOf(FRAME.ping, FLAG.ack, 0, payload));
    else if (type === FRAME.rstStream) throw new Error(`the server reset a call with the code ${payload.readUInt32BE(0)}`);
    else if (type === FRAME.goaway) throw new Error(`the server said goodbye: ${payload.subarray(8).toString()}`);
    if ((type === FRAME.data || type === FRAME.headers) && (flags & FLAG.endStream) !== 0) this.#over(stream);
  }

  #data(stream: number, payload: Buffer): void {
    const call = this.#calls.get(stream);
    if (call === undefined) throw new Error(`the server answers stream ${stream}, which is over`);
    call.data = call.data.length === 0 ? Buffer.from(payload) : Buffer.concat([call.data, payload]);
    this.#read += payload.length;
    if (this.#read < LARGEST_WINDOW / 2) return;
    this.#socket?.write(windowUpdateOf(0, this.#read));
    this.#read = 0;
  }

  /** A call that fails has no message: only its headers come. */
  #over(stream: number): void {
    const call = this.#calls.get(stream);
    this.#calls.delete(stream);
    if (call === undefined || call.data.length < MESSAGE_PREFIX) throw new Error("the server answered a call with an error");
    this.#messages.check(call.data.subarray(MESSAGE_PREFIX));
    call.loop.phaseOver();
  }

  #settings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== WINDOW_SETTING) continue;
      const window = payload.readUInt32BE(at + 2);
      for (const call of this.#calls.values()) call.window += window - this.#streamWindow;
      this.#streamWindow = window;
    }
    this.#socket?.write(frameOf(FRAME.settings, FLAG.ack, 0, NOTHING));
    this.#sendAll();
  }

  #widen(stream: number, size: number): void {
    const call = this.#calls.get(stream);
    if (stream === 0) this.#window += size;
    else if (call !== undefined) call.window += size;
    this.#sendAll();
  }

  #sendAll(): void {
    for (const [stream, call] of this.#calls) this.#send(stream, call);
  }

  /** All that is written meanwhile goes out as one: a gateway's connection writes so too. */
  #corked(write: () => void): void {
    this.#socket?.cork();
    write();
    this.#socket?.uncork();
  }

  #fail(error: Error): void {
    for (const loop of this.#loops) loop.fail(error);
    this.#socket?.destroy();
  }
}
