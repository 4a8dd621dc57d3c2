// Owns one accepted socket: reads its messages in order, writes its replies, ends it.
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { MessageSource } from "./protocol-reader.js";
import { readInto, releaseMemory } from "../../../core/net/index.js";

/** What a connection tells its owner. */
export interface ConnectionHandler {
  /** One complete message, valid until this returns. A throw ends the connection. */
  onMessage(connection: Connection, message: Buffer): void;
  /** Called once, whoever closed; `error` where a fault of the peer or the socket did. */
  onClose(connection: Connection, error: Error | undefined): void;
}

/** How long a peer that broke the protocol may take to leave, in milliseconds. */
const LINGER = 1000;

export class Connection {
  readonly #socket: Socket;
  readonly #handler: ConnectionHandler;
  readonly #source: MessageSource;
  #state: "open" | "closed" = "open";
  #error: Error | undefined;
  #owed = 0;
  #readAt = 0;
  #messageBeganAt = 0;
  #soon: Buffer[] = [];
  #linger: NodeJS.Timeout | undefined;

  /** Takes the socket over: it is not to be used by others any more. */
  constructor(accepted: Socket, handler: ConnectionHandler, source: MessageSource) {
    const socket = readInto(accepted, (chunk) => this.#onData(chunk));
    this.#socket = socket;
    this.#handler = handler;
    this.#source = source;
    socket.on("drain", () => socket.resume());
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    socket.on("close", () => this.#onClose());
  }

  /** When the first byte of the message that is delivered now had been read, in the milliseconds of `performance.now`. */
  get messageBeganAt(): number {
    return this.#messageBeganAt;
  }

  /** Whether a message of the peer has had no answer yet. */
  get owesAnswer(): boolean {
    return this.#owed > 0;
  }

  /**
   * Sends a message, in one part or two; a no-op on a connection that is closed already, since its client waits for
   * nothing any more. The memory of `rest` is freed once it is written: it must be its own.
   */
  send(bytes: Buffer, rest?: Buffer): void {
    if (this.#state === "closed") return;
    this.#owed = Math.max(0, this.#owed - 1);
    // A client that sends but does not read gets no further request in until it does.
    if (!this.#write(bytes, rest)) this.#socket.pause();
  }

  #write(bytes: Buffer, rest: Buffer | undefined): boolean {
    const socket = this.#socket;
    if (rest === undefined) return socket.write(bytes);
    socket.cork();
    socket.write(bytes);
    const takesMore = socket.write(rest, () => releaseMemory(rest));
    socket.uncork();
    return takesMore;
  }

  /** Sends bytes together with all others that are sent so before the next turn of the event loop. */
  sendSoon(bytes: Buffer): void {
    if (this.#state === "closed") return;
    if (this.#soon.length === 0) process.nextTick(() => this.#sendGathered());
    this.#soon.push(bytes);
  }

  #sendGathered(): void {
    const [first, ...rest] = this.#soon;
    this.#soon = [];
    if (first !== undefined) this.send(rest.length === 0 ? first : Buffer.concat([first, ...rest]));
  }

  /** Ends at once, without waiting for what is still to be written. May be called twice. */
  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  /** Ends when everything sent so far is written. */
  end(): void {
    this.#sendGathered();
    this.#socket.end();
  }

  readonly #deliver = (message: Buffer): void => {
    // The handler of the message before this one may have ended the connection: nobody would get the answer.
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#owed += 1;
    this.#handler.onMessage(this, message);
    // The next one begins with what this read has brought.
    this.#messageBeganAt = this.#readAt;
  };

  /**
   * Ends because of `error` when everything sent so far is written. What the peer is still sending is read for a while: at
   * a connection that is closed on it, it would not read what it was sent.
   */
  endWith(error: Error): void {
    this.#error ??= error;
    this.end();
    this.#linger ??= setTimeout(() => this.#socket.destroy(), LINGER).unref();
  }

  #onData(chunk: Buffer): void {
    this.#readAt = performance.now();
    if (!this.#source.hasPart) this.#messageBeganAt = this.#readAt;
    try {
      this.#source.push(chunk, this.#deliver);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #onClose(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#linger);
    this.#handler.onClose(this, this.#error);
  }
}
