// Calls to the plugin server over a pool of connections that all plugins share.

import { GatewayError } from "../errors.js";
import { PluginServerConnection } from "./plugin-server-connection.js";
import { encodeRequest } from "./rpc-message.js";

export interface PluginServerClientOptions {
  readonly socketPath: string;
  /** How long one call may take; Kong's default is 60 s. */
  readonly timeoutMs?: number;
  /** Told when a server with another process id answers than before. */
  readonly onServerChange?: (pid: number) => void;
}

const DEFAULT_TIMEOUT_MS = 60_000;

// Lua numbers and MessagePack allow more, but Kong's ids stay small too.
const LAST_MESSAGE_ID = 0x7fffffff;

export class PluginServerClient {
  readonly #options: PluginServerClientOptions;
  readonly #connections = new Set<PluginServerConnection>();
  readonly #idle: PluginServerConnection[] = [];
  #lastMessageId = 0;
  #serverPid: number | undefined;
  #state: "open" | "closed" = "open";

  constructor(options: PluginServerClientOptions) {
    this.#options = options;
  }

  get serverPid(): number | undefined {
    return this.#serverPid;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Calls a method such as `plugin.HandleEvent`; rejects with a GatewayError. */
  async call(method: string, argument: unknown): Promise<unknown> {
    const request = this.#encode(method, argument);
    const connection = await this.#acquire();
    try {
      return await connection.call(request.id, method, request.bytes, this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    } finally {
      if (!connection.isClosed) this.#idle.push(connection);
    }
  }

  close(): void {
    this.#state = "closed";
    for (const connection of [...this.#connections]) connection.close();
  }

  #encode(method: string, argument: unknown): { id: number; bytes: Buffer } {
    const id = this.#lastMessageId >= LAST_MESSAGE_ID ? 1 : this.#lastMessageId + 1;
    this.#lastMessageId = id;
    return { id, bytes: encodeRequest(id, method, argument) };
  }

  async #acquire(): Promise<PluginServerConnection> {
    this.#assertOpen();
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const connection = await PluginServerConnection.open(this.#options.socketPath, {
      onNotification: (name, argument) => this.#onNotification(name, argument),
      onClose: (closed) => this.#forget(closed),
    });
    this.#connections.add(connection);
    if (this.#state === "closed") connection.close();
    this.#assertOpen();
    return connection;
  }

  #assertOpen(): void {
    if (this.#state === "closed") throw new GatewayError("GATEWAY_RPC_LOST", "the gateway is closed");
  }

  #forget(connection: PluginServerConnection): void {
    this.#connections.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  #onNotification(name: unknown, argument: unknown): void {
    if (name !== "serverPid" || typeof argument !== "number") return;
    const isOther = this.#serverPid !== undefined && this.#serverPid !== argument;
    this.#serverPid = argument;
    if (isOther) this.#options.onServerChange?.(argument);
  }
}
