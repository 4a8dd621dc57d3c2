// Owns the connections of a server: which of them are taken, and what is counted and logged of each.
import type { Socket } from "node:net";
import type { LimitedLog } from "../../../core/log/index.js";
import { Descriptors } from "../../../core/net/index.js";
import type { GatewayTelemetry } from "../../../core/telemetry/index.js";
import { WireError } from "../msgpack/index.js";
import type { Connection } from "../rpc/index.js";
import type { Siblings } from "./takeover/siblings.js";

export interface ConnectionGateOptions {
  readonly maxConnections: number;
  /** Servers that clients of the same path meet: the limit is for all of them together. */
  readonly siblings: Siblings | undefined;
  /** Of this gateway. */
  readonly counts: () => GatewayTelemetry;
  readonly log: LimitedLog;
}

export class ConnectionGate {
  readonly #options: ConnectionGateOptions;
  readonly #connections = new Set<Connection>();
  readonly #descriptors = new Descriptors();

  constructor(options: ConnectionGateOptions) {
    this.#options = options;
  }

  /** Those that are open. */
  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Whether there is room for a client. One that is refused is told by the end of its socket, and the operator in the log. */
  admits(socket: Socket): boolean {
    const { maxConnections, siblings } = this.#options;
    const count = siblings?.connectionCount ?? this.#connections.size;
    if (count >= maxConnections) this.#refuse(socket, `there are ${maxConnections} already, see -max-connections`);
    else if (this.#descriptors.areShort(socket))
      this.#refuse(socket, `the process may open only ${this.#descriptors.limit} file descriptors, see ulimit -n`);
    else return true;
    return false;
  }

  #refuse(socket: Socket, why: string): void {
    const { counts, log } = this.#options;
    counts().connectionsRefused();
    socket.destroy();
    log.log({ level: "warn", group: "refused connection", message: `a connection was refused: ${why}` });
  }

  opened(connection: Connection): void {
    this.#connections.add(connection);
    this.#options.counts().connectionOpened();
    this.#options.siblings?.connected(this.#connections.size);
  }

  closed(connection: Connection, error: Error | undefined): void {
    const { counts, siblings, log } = this.#options;
    if (this.#connections.delete(connection)) counts().connectionClosed();
    siblings?.connected(this.#connections.size);
    if (error === undefined) return;
    // A client that leaves is an everyday event; one that breaks the protocol is not.
    const level = error instanceof WireError ? "warn" : "debug";
    log.log({ level, group: `${level} closed connection`, message: `a connection was closed: ${error.message}` });
  }
}
