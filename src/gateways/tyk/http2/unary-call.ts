// Owns one call: takes its one message from a stream, has it answered, and ends the stream with a status.
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { messageOf } from "../../../core/model/index.js";
import { PREFIX, respondWithMessage, respondWithStatus } from "./end-stream.js";
import { GrpcError, parseGrpcTimeout, type Status, STATUS } from "./grpc-status.js";

/** Why nobody waits for the answer any more. */
export type CancelReason = "the client has cancelled" | "the deadline has passed" | "the server ends";

/** What a method is told of a call beside its message. */
export interface UnaryContext {
  /** The request's headers, by names in lower case. */
  readonly metadata: IncomingHttpHeaders;
  /** When its first frame had come, on the clock of `performance.now()`. */
  readonly beganAt: number;
  /** When the client gives up, on the clock of `performance.now()`; `undefined` where it waits for ever, as gateways do. */
  readonly deadline: number | undefined;
  /** Whether nobody waits for the answer any more. */
  readonly isOver: boolean;
  /** Has the listener called once when nobody waits for the answer any more; the answer is then dropped. There is one listener. */
  onCancel(listener: (reason: CancelReason) => void): void;
}

/**
 * Answers one call with a message. The bytes of a small message may be a part of larger memory that others read from: who hands
 * memory over copies them first. An answer that is large is the call's own: its memory is freed when it was sent. What it throws ends the call: a {@link GrpcError} with its status, any other error with INTERNAL.
 */
export type UnaryMethod = (message: Buffer, call: UnaryContext) => Promise<Uint8Array> | Uint8Array;

/** What all calls of a server share. */
export interface CallLimits {
  readonly maxMessageSize: number;
  /** How often the server has looked for calls that make no progress. */
  readonly round: number;
  /** Takes memory for a message that is coming; false where too much is taken already. */
  reserve(size: number): boolean;
  release(size: number): void;
  /** A method has thrown what is no {@link GrpcError}. */
  failed(error: unknown): void;
}

/** Called once for each call, when its stream is closed, with the code of the reset if it was one. */
export type OnCallClosed = (call: UnaryCall, code: number) => void;

type State = "receiving" | "running" | "answered" | "closed";

/** Of all calls of this process. */
let lastId = 0;

export class UnaryCall implements UnaryContext {
  readonly id = (lastId += 1);
  readonly metadata: IncomingHttpHeaders;
  readonly beganAt = performance.now();
  readonly #stream: ServerHttp2Stream;
  readonly #method: UnaryMethod;
  readonly #limits: CallLimits;
  #state: State = "receiving";
  /** The round in which the client was waited for last. */
  #waitingSince: number;
  /** What came before the length of the message was known. */
  #chunks: Buffer[] | undefined;
  /** Gets a message that does not come in one piece, its prefix included. */
  #message: Buffer | undefined;
  #received = 0;
  #reserved = 0;
  #deadline: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #onCancel: ((reason: CancelReason) => void) | undefined;

  constructor(
    stream: ServerHttp2Stream,
    metadata: IncomingHttpHeaders,
    method: UnaryMethod,
    limits: CallLimits,
    onClosed: OnCallClosed,
  ) {
    this.#stream = stream;
    this.metadata = metadata;
    this.#method = method;
    this.#limits = limits;
    this.#waitingSince = limits.round;
    stream.on("close", () => {
      this.#closed();
      onClosed(this, stream.rstCode);
    });
    stream.on("data", (chunk: Buffer) => this.#receive(chunk));
    stream.on("end", () => this.#ended());
    this.#watchDeadline();
  }

  get deadline(): number | undefined {
    return this.#deadline;
  }

  get isOver(): boolean {
    return this.#state === "answered" || this.#state === "closed";
  }

  onCancel(listener: (reason: CancelReason) => void): void {
    this.#onCancel = listener;
  }

  /** Ends the call, as the server does. */
  end(): void {
    this.#cancel(STATUS.UNAVAILABLE, "plugin server: it ends before the call does", "the server ends");
  }

  /** Ends the call with a status and tells the method. */
  #cancel(status: Exclude<Status, 0>, message: string, reason: CancelReason): void {
    const onCancel = this.#state === "running" ? this.#onCancel : undefined;
    this.#fail(status, message);
    onCancel?.(reason);
  }

  /** Ends the call with a status and without a message, whatever has come of it. */
  #fail(status: Exclude<Status, 0>, message: string): void {
    if (this.#state === "answered" || this.#state === "closed") return;
    const wasReceiving = this.#state === "receiving";
    this.#answered();
    const { closed, destroyed } = this.#stream;
    if (closed || destroyed) return;
    respondWithStatus(this.#stream, status, message);
    // What still comes of the message is not wanted.
    if (wasReceiving) this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }

  /** Ends the call where its client has neither sent its message nor taken the answer for as many rounds. */
  endStale(rounds: number): void {
    if (this.#state === "running" || this.#limits.round - this.#waitingSince < rounds) return;
    if (this.#state === "receiving") this.#fail(STATUS.DEADLINE_EXCEEDED, "grpc: the message did not come in time");
    else this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #receive(chunk: Buffer): void {
    if (this.#state !== "receiving") {
      // The method runs already.
      if (this.#state === "running") {
        this.#cancel(STATUS.UNIMPLEMENTED, "grpc: more than one message in a unary call", "the client has cancelled");
        this.#stream.close(constants.NGHTTP2_NO_ERROR);
      }
      return;
    }
    this.#received += chunk.length;
    if (this.#message !== undefined) {
      this.#fill(this.#message, chunk);
      return;
    }
    const chunks = this.#chunks;
    if (chunks === undefined && chunk.length >= PREFIX) this.#take(chunk);
    else {
      (this.#chunks ??= []).push(chunk);
      if (this.#received >= PREFIX) this.#take(undefined);
    }
  }

  /** Looks whether the message is there: in one chunk, or in those that were kept. */
  #take(whole: Buffer | undefined): void {
    const prefix = whole ?? this.#firstBytes();
    if (prefix[0] !== 0) {
      this.#fail(STATUS.UNIMPLEMENTED, "grpc: compressed messages are not taken: no grpc-encoding but identity");
      return;
    }
    const size = prefix.readUInt32BE(1);
    if (size > this.#limits.maxMessageSize) this.#refuseSize(size);
    else if (this.#received < PREFIX + size) this.#wait(whole, size);
    else if (this.#received > PREFIX + size) this.#fail(STATUS.UNIMPLEMENTED, "grpc: more than one message in a unary call");
    else this.#run((whole ?? Buffer.concat(this.#chunks ?? [])).subarray(PREFIX));
  }

  /** Chunks are copied as they come: memory that is garbage at once costs the collector least. */
  #wait(whole: Buffer | undefined, size: number): void {
    if (!this.#limits.reserve(size)) {
      this.#fail(STATUS.RESOURCE_EXHAUSTED, "plugin server: too many bytes of messages are under way");
      return;
    }
    this.#reserved = size;
    // Of its own, as large memory is. What is not written yet takes no room.
    const message = Buffer.allocUnsafeSlow(PREFIX + size);
    let end = 0;
    for (const chunk of whole === undefined ? (this.#chunks ?? []) : [whole]) end += chunk.copy(message, end);
    this.#message = message;
    this.#chunks = undefined;
  }

  #fill(message: Buffer, chunk: Buffer): void {
    if (this.#received > message.length) {
      this.#fail(STATUS.UNIMPLEMENTED, "grpc: more than one message in a unary call");
      return;
    }
    chunk.copy(message, this.#received - chunk.length);
    if (this.#received === message.length) this.#run(message.subarray(PREFIX));
  }

  #refuseSize(size: number): void {
    const max = this.#limits.maxMessageSize;
    this.#fail(
      STATUS.RESOURCE_EXHAUSTED,
      `grpc: received message larger than max (${size} vs. ${max}): raise -max-message-size of the plugin server`,
    );
  }

  /** Joins chunks that are shorter than a prefix. */
  #firstBytes(): Buffer {
    const chunks = this.#chunks ?? [];
    const [first] = chunks;
    if (first !== undefined && first.length >= PREFIX) return first;
    const joined = Buffer.concat(chunks);
    this.#chunks = [joined];
    return joined;
  }

  #run(message: Buffer): void {
    this.#state = "running";
    this.#message = undefined;
    let answer: Promise<Uint8Array> | Uint8Array;
    try {
      answer = this.#method(message, this);
    } catch (error) {
      this.#threw(error);
      return;
    }
    if (answer instanceof Uint8Array) this.#answer(answer);
    else
      answer.then(
        (bytes) => this.#answer(bytes),
        (error: unknown) => this.#threw(error),
      );
  }

  #answer(message: Uint8Array): void {
    if (this.#state !== "running") return;
    this.#answered();
    const stream = this.#stream;
    if (stream.closed || stream.destroyed) return;
    respondWithMessage(stream, message);
  }

  #threw(error: unknown): void {
    if (this.#state !== "running") return;
    if (error instanceof GrpcError) this.#fail(error.status, error.message);
    else {
      this.#limits.failed(error);
      this.#fail(STATUS.INTERNAL, `plugin server: ${messageOf(error)}`);
    }
  }

  #ended(): void {
    if (this.#state === "receiving") this.#fail(STATUS.INTERNAL, "grpc: the request ended before its message");
  }

  #closed(): void {
    const state = this.#state;
    const onCancel = this.#onCancel;
    this.#answered();
    this.#state = "closed";
    if (state === "running") onCancel?.("the client has cancelled");
  }

  /** From now on nothing is said any more. */
  #answered(): void {
    this.#state = "answered";
    this.#waitingSince = this.#limits.round;
    this.#chunks = undefined;
    this.#message = undefined;
    this.#onCancel = undefined;
    if (this.#reserved > 0) this.#limits.release(this.#reserved);
    this.#reserved = 0;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }

  #watchDeadline(): void {
    const timeout = this.metadata["grpc-timeout"];
    if (timeout === undefined) return;
    const left = typeof timeout === "string" ? parseGrpcTimeout(timeout) : undefined;
    if (left === undefined) {
      this.#fail(STATUS.INTERNAL, "grpc: malformed grpc-timeout");
      return;
    }
    this.#deadline = performance.now() + left;
    if (left <= MAX_TIMER)
      this.#timer = setTimeout(
        () =>
          this.#cancel(STATUS.DEADLINE_EXCEEDED, "grpc: the deadline that the client gave has passed", "the deadline has passed"),
        left,
      );
  }
}

/** Milliseconds: of a longer time a timer makes a short one. */
const MAX_TIMER = 2 ** 31 - 1;
