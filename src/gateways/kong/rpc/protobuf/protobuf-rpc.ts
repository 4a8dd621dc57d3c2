// The ProtoBuf:1 dialect: one session per connection.
import type { Connection } from "../connection.js";
import { ProtobufSession, type SessionOptions } from "./protobuf-session.js";

export class ProtobufRpc {
  readonly #options: SessionOptions;
  readonly #sessions = new Map<Connection, ProtobufSession>();
  #isLeaving = false;

  constructor(options: Omit<SessionOptions, "isLeaving">) {
    this.#options = { ...options, isLeaving: () => this.#isLeaving };
  }

  onMessage(connection: Connection, message: Buffer): void {
    this.#session(connection).receive(message);
  }

  onClose(connection: Connection): void {
    this.#sessions.get(connection)?.close();
    this.#sessions.delete(connection);
  }

  isIdle(connection: Connection): boolean {
    return this.#sessions.get(connection)?.isIdle ?? true;
  }

  /** Whoever serves the socket now is the next for all clients. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** Gets the client of an idle connection to leave it. */
  handOver(connection: Connection): void {
    this.#session(connection).handOver();
  }

  #session(connection: Connection): ProtobufSession {
    const known = this.#sessions.get(connection);
    if (known !== undefined) return known;
    const session = new ProtobufSession(connection, this.#options);
    this.#sessions.set(connection, session);
    return session;
  }
}
