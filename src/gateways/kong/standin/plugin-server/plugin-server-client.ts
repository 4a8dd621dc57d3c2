// Calls to the plugin server over a pool of connections that all plugins share.

import { ConnectionPool } from "../connection-pool.js";
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
  readonly #pool: ConnectionPool<PluginServerConnection>;
  #lastMessageId = 0;
  #serverPid: number | undefined;

  constructor(options: PluginServerClientOptions) {
    this.#options = options;
    this.#pool = new ConnectionPool((onClose) =>
      PluginServerConnection.open(options.socketPath, {
        onNotification: (name, argument) => this.#onNotification(name, argument),
        onClose,
      }),
    );
  }

  get serverPid(): number | undefined {
    return this.#serverPid;
  }

  get connectionCount(): number {
    return this.#pool.size;
  }

  /** Calls a method such as `plugin.HandleEvent`; rejects with a GatewayError. */
  async call(method: string, argument: unknown): Promise<unknown> {
    const request = this.#encode(method, argument);
    const connection = await this.#pool.acquire();
    try {
      return await connection.call(request.id, method, request.bytes, this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    } finally {
      this.#pool.release(connection);
    }
  }

  close(): void {
    this.#pool.close();
  }

  #encode(method: string, argument: unknown): { id: number; bytes: Buffer } {
    const id = this.#lastMessageId >= LAST_MESSAGE_ID ? 1 : this.#lastMessageId + 1;
    this.#lastMessageId = id;
    return { id, bytes: encodeRequest(id, method, argument) };
  }

  #onNotification(name: unknown, argument: unknown): void {
    if (name !== "serverPid" || typeof argument !== "number") return;
    const isOther = this.#serverPid !== undefined && this.#serverPid !== argument;
    this.#serverPid = argument;
    if (isOther) this.#options.onServerChange?.(argument);
  }
}
