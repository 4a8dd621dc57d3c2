// Owns one accepted socket: reads its messages in order, writes its replies, ends it.
import type { Socket } from "node:net";
import { MessageReader } from "./message-reader.js";

/** What a connection tells its owner. */
export interface ConnectionHandler {
  /** One complete message. A throw ends the connection. */
  onMessage(connection: Connection, message: Buffer): void;
  /** Called once, whoever closed; `error` where a fault of the peer or the socket did. */
  onClose(connection: Connection, error: Error | undefined): void;
}

export class Connection {
  readonly #socket: Socket;
  readonly #handler: ConnectionHandler;
  readonly #reader: MessageReader;
  #state: "open" | "closed" = "open";
  #error: Error | undefined;
  #owed = 0;

  constructor(socket: Socket, handler: ConnectionHandler, maxMessageSize: number) {
    this.#socket = socket;
    this.#handler = handler;
    this.#reader = new MessageReader(maxMessageSize);
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("drain", () => socket.resume());
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    socket.on("close", () => this.#onClose());
  }

  /** Whether a message of the peer has had no answer yet. */
  get owesAnswer(): boolean {
    return this.#owed > 0;
  }

  /** Sends bytes; a no-op on a connection that is closed already, since its client waits for nothing any more. */
  send(bytes: Buffer): void {
    if (this.#state === "closed") return;
    this.#owed = Math.max(0, this.#owed - 1);
    // A client that sends but does not read gets no further request in until it does.
    if (!this.#socket.write(bytes)) this.#socket.pause();
  }

  /** Ends at once, without waiting for what is still to be written. May be called twice. */
  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  /** Ends when everything sent so far is written. */
  end(): void {
    this.#socket.end();
  }

  #deliver(message: Buffer): void {
    this.#owed += 1;
    this.#handler.onMessage(this, message);
  }

  #onData(chunk: Buffer): void {
    try {
      for (const message of this.#reader.push(chunk)) {
        // The handler of the message before this one may have ended the connection.
        if (!this.#socket.destroyed) this.#deliver(message);
      }
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #onClose(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#handler.onClose(this, this.#error);
  }
}
