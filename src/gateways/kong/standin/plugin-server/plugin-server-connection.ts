// One connection to the plugin server's socket: one call at a time, as Kong does.

import type { Socket } from "node:net";

import { connectToServer } from "../connection-pool.js";
import { GatewayError } from "../errors.js";
import { MessageSplitter } from "./message-splitter.js";
import { decodeServerMessage, type ServerMessage } from "./rpc-message.js";

export interface ConnectionEvents {
  onNotification(name: unknown, argument: unknown): void;
  onClose(connection: PluginServerConnection): void;
}

interface PendingCall {
  readonly id: number;
  readonly method: string;
  readonly timer: NodeJS.Timeout;
  resolve(result: unknown): void;
  reject(error: GatewayError): void;
}

export class PluginServerConnection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #splitter = new MessageSplitter();
  #state: "idle" | "calling" | "closed" = "idle";
  #call: PendingCall | undefined;

  private constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on("data", (chunk) => this.#onData(chunk));
    socket.on("error", (error) => this.#close(lost(error.message, error)));
    socket.on("close", () => this.#close(lost("it closed the connection")));
  }

  static async open(path: string, events: ConnectionEvents): Promise<PluginServerConnection> {
    return new PluginServerConnection(await connectToServer(path), events);
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  call(id: number, method: string, request: Buffer, timeoutMs: number): Promise<unknown> {
    if (this.#state !== "idle") return Promise.reject(lost(`the connection is ${this.#state}`));
    this.#state = "calling";
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // Kong gives the connection back to its pool even though the answer may still come.
        this.#settle()?.reject(
          new GatewayError("GATEWAY_RPC_TIMEOUT", `the plugin server did not answer ${method} within ${timeoutMs} ms`),
        );
      }, timeoutMs);
      this.#call = { id, method, timer, resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#close(lost("the gateway closed the connection"));
  }

  #onData(chunk: Buffer): void {
    // nginx drops a pooled connection on which something arrives that nobody waits for.
    if (this.#state !== "calling") {
      this.close();
      return;
    }
    try {
      for (const bytes of this.#splitter.push(chunk)) this.#onMessage(decodeServerMessage(bytes));
    } catch (error) {
      this.#close(
        error instanceof GatewayError
          ? error
          : new GatewayError("GATEWAY_BAD_REPLY", "the plugin server sent bytes that are no MessagePack", error),
      );
    }
  }

  #onMessage(message: ServerMessage): void {
    if (message.kind === "notification") {
      this.#events.onNotification(message.name, message.argument);
      return;
    }
    const call = this.#call;
    if (call === undefined || message.id !== call.id) {
      throw new GatewayError(
        "GATEWAY_BAD_REPLY",
        `unexpected RPC response ID ${String(message.id)} from the plugin server (expected ${call?.id ?? "none"})`,
      );
    }
    this.#settle();
    if (message.error === undefined) call.resolve(message.result);
    else call.reject(remoteError(call.method, message.error));
  }

  #settle(): PendingCall | undefined {
    const call = this.#call;
    clearTimeout(call?.timer);
    this.#call = undefined;
    if (this.#state === "calling") this.#state = "idle";
    return call;
  }

  #close(reason: GatewayError): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#socket.destroy();
    this.#settle()?.reject(reason);
    this.#events.onClose(this);
  }
}

function remoteError(method: string, error: unknown): GatewayError {
  const text = Buffer.isBuffer(error) ? error.toString("utf8") : error;
  if (typeof text === "string") return new GatewayError("GATEWAY_RPC_ERROR", text);
  return new GatewayError("GATEWAY_BAD_REPLY", `the plugin server answered ${method} with an error that is not a text`);
}

function lost(why: string, cause?: unknown): GatewayError {
  return new GatewayError("GATEWAY_RPC_LOST", `lost the plugin server: ${why}`, cause);
}
