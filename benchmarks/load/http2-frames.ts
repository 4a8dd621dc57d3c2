// Writes the HTTP/2 frames of a client, and the headers of a unary gRPC call.

export const FRAME = { data: 0, headers: 1, rstStream: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const;
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const;
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** How much of a call's answer may come before it is read. */
export const WINDOW_SETTING = 4;

const FRAME_HEADER = 9;

export function frameOf(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  payload.copy(bytes, FRAME_HEADER);
  return bytes;
}

export function settingsOf(id: number, value: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(id, 0);
  payload.writeUInt32BE(value, 2);
  return frameOf(FRAME.settings, 0, 0, payload);
}

export function windowUpdateOf(stream: number, size: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(size, 0);
  return frameOf(FRAME.windowUpdate, 0, stream, payload);
}

/** `:method: POST` and `:scheme: http` of the static table. */
const STATIC = Buffer.from([0x83, 0x86]);
const LITERAL_TO_REMEMBER = 0x40;
const INDEXED = 0x80;
/** The first place behind the static table, where what was remembered last is. */
const NEWEST = 62;

/** The headers of the calls of one connection: whole the first time, then by their places in the other side's table. */
export class RequestHeaders {
  readonly #fields: readonly (readonly [string, string])[];
  #isFirst = true;
  readonly #later: Buffer;

  constructor(path: string) {
    this.#fields = [
      [":path", path],
      [":authority", "localhost"],
      ["content-type", "application/grpc"],
      ["user-agent", "grpc-go/1.72.0"],
      ["te", "trailers"],
    ];
    const places = this.#fields.map((_, i) => INDEXED | (NEWEST + this.#fields.length - 1 - i));
    this.#later = Buffer.concat([STATIC, Buffer.from(places)]);
  }

  next(): Buffer {
    if (!this.#isFirst) return this.#later;
    this.#isFirst = false;
    const literals = this.#fields.map(([name, value]) =>
      Buffer.concat([
        Buffer.from([LITERAL_TO_REMEMBER, name.length]),
        Buffer.from(name),
        Buffer.from([value.length]),
        Buffer.from(value),
      ]),
    );
    return Buffer.concat([STATIC, ...literals]);
  }
}
