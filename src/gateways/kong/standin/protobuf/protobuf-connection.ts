// One connection to a plugin server that speaks ProtoBuf:1: frames out, frames in, one conversation at a time.

import type { Socket } from "node:net";

import { connectToServer } from "../connection-pool.js";
import { GatewayError } from "../errors.js";
import { frame, FrameSplitter } from "./frame-splitter.js";

interface Waiter {
  readonly timer: NodeJS.Timeout;
  resolve(bytes: Buffer): void;
  reject(error: GatewayError): void;
}

export class ProtobufConnection {
  readonly #socket: Socket;
  readonly #onClose: (connection: ProtobufConnection) => void;
  readonly #splitter = new FrameSplitter();
  readonly #frames: Buffer[] = [];
  #state: "idle" | "talking" | "closed" = "idle";
  #reason = new GatewayError("GATEWAY_RPC_CLOSED", "lost the plugin server: it closed the connection");
  #waiter: Waiter | undefined;

  private constructor(socket: Socket, onClose: (connection: ProtobufConnection) => void) {
    this.#socket = socket;
    this.#onClose = onClose;
    socket.on("data", (chunk) => this.#onData(chunk));
    socket.on("error", (error) => {
      this.#reason = new GatewayError("GATEWAY_RPC_CLOSED", `lost the plugin server: ${error.message}`, error);
    });
    socket.on("close", () => this.close());
  }

  static async open(path: string, onClose: (connection: ProtobufConnection) => void): Promise<ProtobufConnection> {
    return new ProtobufConnection(await connectToServer(path), onClose);
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** From here on what comes is awaited. */
  begin(): void {
    if (this.#state === "idle") this.#state = "talking";
  }

  /** The connection can be used again. */
  rest(): void {
    if (this.#state !== "talking") return;
    this.#state = "idle";
    // Nothing may be left that nobody reads.
    if (this.#frames.length > 0) this.close();
  }

  write(bytes: Uint8Array): void {
    if (this.#state !== "closed") this.#socket.write(frame(bytes));
  }

  /** The next frame; rejects when there will be none, or none in time. */
  read(timeoutMs: number): Promise<Buffer> {
    const next = this.#frames.shift();
    if (next !== undefined) return Promise.resolve(next);
    if (this.#state === "closed") return Promise.reject(this.#reason);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiter = undefined;
        reject(new GatewayError("GATEWAY_RPC_TIMEOUT", `the plugin server did not answer within ${timeoutMs} ms`));
        this.close();
      }, timeoutMs);
      this.#waiter = { timer, resolve, reject };
    });
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#socket.destroy();
    this.#take()?.reject(this.#reason);
    this.#onClose(this);
  }

  #onData(chunk: Buffer): void {
    // nginx drops a pooled connection on which something arrives that nobody waits for.
    if (this.#state !== "talking") return this.close();
    for (const bytes of this.#splitter.push(chunk)) {
      const waiter = this.#take();
      if (waiter === undefined) this.#frames.push(bytes);
      else waiter.resolve(bytes);
    }
  }

  #take(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    clearTimeout(waiter?.timer);
    return waiter;
  }
}
