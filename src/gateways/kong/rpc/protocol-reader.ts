// Cuts a connection's bytes into messages, in the protocol that it was told or that the first bytes show.
import { detectProtocol } from "./detect-protocol.js";
import { WireError, foreignBytes, MessageReader, type Protocol } from "../msgpack/index.js";
import { FrameReader } from "../protobuf/index.js";

/** Cuts chunks into messages. A message is valid only until `onMessage` returns. */
export interface MessageSource {
  /** Whether a message has come in part. */
  readonly hasPart: boolean;
  push(chunk: Buffer, onMessage: (message: Buffer) => void): void;
}

/** More than are needed to tell what a client speaks: what is held is looked at together with what follows. */
const BYTES_TO_HOLD = 8;

export class ProtocolReader implements MessageSource {
  readonly #given: Protocol | "auto";
  readonly #maxMessageSize: number;
  #protocol: Protocol | undefined;
  #source: MessageSource | undefined;
  #first: Buffer = Buffer.alloc(0);

  /** With "auto" the client's first bytes decide. */
  constructor(protocol: Protocol | "auto", maxMessageSize: number) {
    this.#given = protocol;
    this.#maxMessageSize = maxMessageSize;
    if (protocol !== "auto") this.#protocol = protocol;
  }

  get hasPart(): boolean {
    return this.#source?.hasPart ?? this.#first.length > 0;
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
    const seen = held === 0 ? chunk : Buffer.concat([this.#first, chunk.subarray(0, BYTES_TO_HOLD)]);
    const foreign = foreignBytes(seen);
    if (foreign !== undefined && foreign !== "undecided") throw new WireError("WIRE_FOREIGN", sample(foreign, seen));
    const protocol =
      foreign === "undecided" && this.#given !== "MsgPack:1"
        ? undefined
        : this.#given === "auto"
          ? detectProtocol(seen)
          : this.#given;
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

const SAMPLE = 40;

/** A request line of HTTP may hold secrets: of it there is the method alone. */
function sample(foreign: string, bytes: Buffer): string {
  if (foreign === "TLS") return "it speaks TLS";
  const text = bytes.toString("latin1", 0, SAMPLE);
  return foreign === "HTTP" ? `it speaks HTTP, ${text.split(/[ /]/, 1)[0] ?? ""}` : `it sends text, ${JSON.stringify(text)}`;
}
