// Cuts a connection's bytes into messages, in the protocol that it was told or that the first bytes show.
import { BYTES_TO_DETECT, detectProtocol, type Protocol } from "./detect-protocol.js";
import { FrameReader } from "./frame-reader.js";
import { MessageReader } from "./message-reader.js";

/** Cuts chunks into messages. A message is valid only until `onMessage` returns. */
export interface MessageSource {
  push(chunk: Buffer, onMessage: (message: Buffer) => void): void;
}

export class ProtocolReader implements MessageSource {
  readonly #maxMessageSize: number;
  #protocol: Protocol | undefined;
  #source: MessageSource | undefined;
  #first: Buffer = Buffer.alloc(0);

  /** With "auto" the client's first bytes decide. */
  constructor(protocol: Protocol | "auto", maxMessageSize: number) {
    this.#maxMessageSize = maxMessageSize;
    if (protocol !== "auto") this.#decide(protocol);
  }

  /** Undefined while the client has not shown it. */
  get protocol(): Protocol | undefined {
    return this.#protocol;
  }

  /** @throws {WireError} for bytes that are no message; it is of no use after that. */
  push(chunk: Buffer, onMessage: (message: Buffer) => void): void {
    if (this.#source !== undefined) this.#source.push(chunk, onMessage);
    else this.#pushFirst(chunk, onMessage);
  }

  #pushFirst(chunk: Buffer, onMessage: (message: Buffer) => void): void {
    const held = this.#first.length;
    const seen = held === 0 ? chunk : Buffer.concat([this.#first, chunk.subarray(0, BYTES_TO_DETECT)]);
    const protocol = detectProtocol(seen);
    if (protocol === undefined) {
      this.#first = Buffer.from(seen);
      return;
    }
    const first = this.#first;
    const source = this.#decide(protocol);
    if (held > 0) source.push(first, onMessage);
    source.push(chunk, onMessage);
  }

  #decide(protocol: Protocol): MessageSource {
    this.#protocol = protocol;
    this.#source = protocol === "ProtoBuf:1" ? new FrameReader(this.#maxMessageSize) : new MessageReader(this.#maxMessageSize);
    this.#first = Buffer.alloc(0);
    return this.#source;
  }
}
