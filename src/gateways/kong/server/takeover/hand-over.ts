// Gets clients to leave a server whose path another has taken over, without losing a call.
import { performance } from "node:perf_hooks";
import type { GatewayRpc, Connection } from "../../rpc/index.js";

/** Milliseconds between two looks, and between two hints to clients that stay. */
const CHECK = 2;
const EARLY_CHECK = 10;
const REPEAT = 100;

export interface HandOverOptions {
  readonly rpc: GatewayRpc;
  readonly connections: ReadonlySet<Connection>;
  /** Whether no event runs that a client may go on with over any connection. */
  readonly areQuiet: () => boolean;
}

/**
 * A gateway drops a pooled connection on which something arrives unasked, while one that is in use reads past it and still gets
 * its answer: unlike closing, this loses no call.
 */
export class HandOver {
  readonly #options: HandOverOptions;
  /** Connections of servers that ask for the events of this one. */
  readonly #successors = new Set<Connection>();
  readonly #told = new WeakMap<Connection, number>();
  #early: NodeJS.Timeout | undefined;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /** A successor is ready, and gets the steps of events that run here passed on: clients may go at any time. */
  begin(successor: Connection): void {
    this.#successors.add(successor);
    this.#early ??= setInterval(() => this.#tellIdle(0), EARLY_CHECK).unref();
  }

  onClose(connection: Connection): void {
    this.#successors.delete(connection);
    if (this.#successors.size === 0) this.end();
  }

  /** Resolves when the last client has left, or after `timeout` milliseconds. */
  async finish(timeout: number): Promise<void> {
    const { connections, areQuiet, rpc } = this.#options;
    const until = performance.now() + timeout;
    rpc.leave();
    while (connections.size > this.#successors.size && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, CHECK));
      // Where nobody passes steps on, only in a moment without events.
      if (areQuiet() && [...connections].every((connection) => rpc.isIdle(connection))) this.#tellIdle(REPEAT);
      // These events stay on their connections.
      for (const connection of this.#idle("ProtoBuf:1")) rpc.handOver(connection);
    }
  }

  end(): void {
    clearInterval(this.#early);
    this.#early = undefined;
  }

  #tellIdle(repeat: number): void {
    const { rpc } = this.#options;
    const now = performance.now();
    for (const connection of this.#idle("MsgPack:1")) {
      if (now - (this.#told.get(connection) ?? -Infinity) < repeat) continue;
      this.#told.set(connection, now);
      rpc.handOver(connection);
    }
  }

  #idle(protocol: "MsgPack:1" | "ProtoBuf:1"): Connection[] {
    const { connections, rpc } = this.#options;
    return [...connections].filter(
      (connection) => !this.#successors.has(connection) && rpc.isIdle(connection) && rpc.protocolOf(connection) === protocol,
    );
  }
}
