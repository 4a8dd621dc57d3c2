// Owns getting the client of one ProtoBuf:1 connection to leave it without losing a command.
import { performance } from "node:perf_hooks";
import type { Connection } from "../connection.js";
import { PROBE } from "./gateway-lacks.js";

/**
 * Sent unasked: nginx drops a pooled connection on which something arrives. A gateway that has sent a command at the same moment
 * takes it for the first call of that event, and answers it.
 */
export const HINT = Buffer.from(PROBE);

/** After so many milliseconds a client that does not leave is left. */
const TIMEOUT = 1000;

export class LeaveHint {
  readonly #connection: Connection;
  #sentAt: number | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  send(): void {
    this.#sentAt = performance.now();
    this.#connection.sendSoon(HINT);
  }

  /** For a connection that is idle; called again while it is. */
  insist(): void {
    if (this.#sentAt === undefined) this.send();
    else if (performance.now() - this.#sentAt > TIMEOUT) this.#connection.end();
  }

  /** Whether a command has crossed it, which is then answered behind it. */
  takeCrossed(): boolean {
    const isCrossed = this.#sentAt !== undefined;
    this.#sentAt = undefined;
    return isCrossed;
  }
}
