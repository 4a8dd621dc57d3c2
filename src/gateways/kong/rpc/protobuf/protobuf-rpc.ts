// The ProtoBuf:1 dialect: one session per connection.
import type { Connection } from "../connection.js";
import { ProtobufSession, type SessionOptions } from "./protobuf-session.js";

export class ProtobufRpc {
  readonly #options: SessionOptions;
  readonly #sessions = new Map<Connection, ProtobufSession>();

  constructor(options: SessionOptions) {
    this.#options = options;
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

  /** Gets the client to leave; whoever serves the socket now is its next. */
  handOver(connection: Connection): void {
    // Nothing can be said unasked in this protocol.
    connection.end();
  }

  #session(connection: Connection): ProtobufSession {
    const known = this.#sessions.get(connection);
    if (known !== undefined) return known;
    const session = new ProtobufSession(connection, this.#options);
    this.#sessions.set(connection, session);
    return session;
  }
}
