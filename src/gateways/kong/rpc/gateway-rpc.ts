// Owns which protocol each connection speaks, and hands its messages to the dialect for it.
import type { Socket } from "node:net";
import { Connection, type ConnectionHandler } from "./connection.js";
import type { Protocol } from "../msgpack/index.js";
import { ProtocolReader } from "./protocol-reader.js";
import type { MsgpackRpc } from "./msgpack-rpc.js";
import type { ProtobufRpc } from "./protobuf/protobuf-rpc.js";

export interface GatewayRpcOptions {
  /** With "auto" each connection is answered in the protocol that it speaks. */
  readonly protocol: Protocol | "auto";
  /** Bytes. */
  readonly maxMessageSize: number;
  readonly msgpack: MsgpackRpc;
  readonly protobuf: ProtobufRpc;
  readonly onOpen: (connection: Connection) => void;
  readonly onClose: (connection: Connection, error: Error | undefined) => void;
}

export class GatewayRpc implements ConnectionHandler {
  readonly #options: GatewayRpcOptions;
  readonly #readers = new Map<Connection, ProtocolReader>();
  readonly #introduced = new WeakSet<Connection>();

  constructor(options: GatewayRpcOptions) {
    this.#options = options;
  }

  accept(socket: Socket): void {
    const { protocol, maxMessageSize, onOpen } = this.#options;
    const reader = new ProtocolReader(protocol, maxMessageSize);
    const connection = new Connection(socket, this, reader);
    this.#readers.set(connection, reader);
    onOpen(connection);
    if (protocol === "MsgPack:1") this.#introduce(connection);
  }

  onMessage(connection: Connection, message: Buffer): void {
    const { msgpack, protobuf } = this.#options;
    if (this.#readers.get(connection)?.protocol === "ProtoBuf:1") return protobuf.onMessage(connection, message);
    // A client of the other protocol must never get it, so that it waits until the client has shown which it speaks.
    // Gateways do not wait for it: they read it with their first answer.
    if (!this.#introduced.has(connection)) this.#introduce(connection);
    msgpack.onMessage(connection, message);
  }

  onClose(connection: Connection, error: Error | undefined): void {
    this.#readers.delete(connection);
    this.#options.protobuf.onClose(connection);
    this.#options.onClose(connection, error);
  }

  protocolOf(connection: Connection): Protocol | undefined {
    return this.#readers.get(connection)?.protocol;
  }

  /** Whether its client waits for nothing. */
  isIdle(connection: Connection): boolean {
    return this.#readers.get(connection)?.protocol === "ProtoBuf:1"
      ? this.#options.protobuf.isIdle(connection)
      : !connection.owesAnswer;
  }

  /** From now on clients of ProtoBuf:1 are told to leave with their next answer: others can be told at any time. */
  leave(): void {
    this.#options.protobuf.leave();
  }

  /** Gets the client of an idle connection to leave it. One that has said nothing yet is about to. */
  handOver(connection: Connection): void {
    const protocol = this.#readers.get(connection)?.protocol;
    if (protocol === "ProtoBuf:1") this.#options.protobuf.handOver(connection);
    else if (protocol === "MsgPack:1") this.#options.msgpack.introduce(connection);
  }

  #introduce(connection: Connection): void {
    this.#introduced.add(connection);
    this.#options.msgpack.introduce(connection);
  }
}
