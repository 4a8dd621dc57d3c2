// Owns the connections to one plugin server that all plugins of the stand-in gateway share, as in Kong: one call at a time on each.
import { connect, type Socket } from "node:net";
import { GatewayError } from "./errors.js";

export interface PooledConnection {
  readonly isClosed: boolean;
  close(): void;
}

export class ConnectionPool<Connection extends PooledConnection> {
  readonly #open: (onClose: (connection: Connection) => void) => Promise<Connection>;
  readonly #connections = new Set<Connection>();
  readonly #idle: Connection[] = [];
  #state: "open" | "closed" = "open";

  /** `open` makes a connection, and has `onClose` called when it has closed. */
  constructor(open: (onClose: (connection: Connection) => void) => Promise<Connection>) {
    this.#open = open;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** A connection that nobody uses, or a new one. @throws {GatewayError} where none can be had, or the pool is closed. */
  async acquire(): Promise<Connection> {
    this.#assertOpen();
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const connection = await this.#open((closed) => this.#forget(closed));
    this.#connections.add(connection);
    if (this.#state === "closed") connection.close();
    this.#assertOpen();
    return connection;
  }

  /** Its call is over. */
  release(connection: Connection): void {
    if (!connection.isClosed) this.#idle.push(connection);
  }

  close(): void {
    this.#state = "closed";
    for (const connection of [...this.#connections]) connection.close();
  }

  #assertOpen(): void {
    if (this.#state === "closed") throw new GatewayError("GATEWAY_RPC_LOST", "the gateway is closed");
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }
}

/** A socket that is connected to a plugin server. @throws {GatewayError} where nobody listens at `path`. */
export function connectToServer(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const onError = (error: Error): void =>
      reject(new GatewayError("GATEWAY_RPC_LOST", `cannot reach the plugin server at ${path}: ${error.message}`, error));
    socket.once("error", onError);
    socket.once("connect", () => {
      socket.off("error", onError);
      resolve(socket);
    });
  });
}
