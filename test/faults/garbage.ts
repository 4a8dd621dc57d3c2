// Owns what a client might send that is no request: fixed cases, and random ones that a seed gives again.
import { encodeRequest } from "../support/index.js";

export interface Garbage {
  readonly name: string;
  readonly bytes: Buffer;
  /** Nothing that could follow would make a request of it: the server has to close the connection. */
  readonly hopeless: boolean;
}

const request = encodeRequest(1, "plugin.GetStatus", 0);

export const GARBAGE: readonly Garbage[] = [
  hopeless("a byte that MessagePack never uses", [0xc1]),
  hopeless("that byte inside a request", [0x94, 0x00, 0x01, 0xc1]),
  hopeless("that byte after a request", [...request, 0xc1]),
  hopeless("a line of HTTP", Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")),
  hopeless("a TLS hello", [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc]),
  hopeless("a number", [0x2a]),
  hopeless("nil", [0xc0]),
  hopeless("a map", [0x81, 0xa1, 0x61, 0x01]),
  hopeless("an empty array", [0x90]),
  hopeless("an array of one", [0x91, 0x00]),
  hopeless("a request of three", [0x93, 0x00, 0x01, 0xa1, 0x61]),
  hopeless("a type that is no type", [0x94, 0x09, 0x01, 0xa1, 0x61, 0x90]),
  hopeless("a method that is no text", [0x94, 0x00, 0x01, 0x07, 0x90]),
  hopeless("arguments that are no array", [0x94, 0x00, 0x01, 0xa1, 0x61, 0x07]),
  hopeless("an array in an array, 50,000 deep, ended", [...Array.from({ length: 50_000 }, () => 0x91), 0xc0]),
  {
    name: "an argument 50,000 arrays deep",
    bytes: Buffer.concat([
      Buffer.from([0x94, 0x00, 0x01, 0xb0]),
      Buffer.from("plugin.GetStatus"),
      Buffer.from([0x91]),
      Buffer.alloc(50_000, 0x91),
      Buffer.from([0xc0]),
    ]),
    hopeless: false,
  },
  { name: "50,000 arrays begun", bytes: Buffer.alloc(50_000, 0x91), hopeless: false },
  { name: "50,000 maps begun", bytes: Buffer.alloc(100_000, Buffer.from([0x81, 0x01])), hopeless: false },
  { name: "an array of 4 billion", bytes: Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff, 0x00]), hopeless: false },
  {
    name: "a map of 4 billion",
    bytes: Buffer.from([0x94, 0x00, 0x01, 0xa1, 0x61, 0x91, 0xdf, 0xff, 0xff, 0xff, 0xff]),
    hopeless: false,
  },
  { name: "4 GB of text announced", bytes: Buffer.from([0x94, 0x00, 0x01, 0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]), hopeless: false },
  {
    name: "4 GB of bytes announced",
    bytes: Buffer.from([0x94, 0x00, 0x01, 0xa1, 0x61, 0x91, 0xc6, 0xff, 0xff, 0xff, 0xff]),
    hopeless: false,
  },
  {
    name: "an extension of 4 GB",
    bytes: Buffer.from([0x94, 0x00, 0x01, 0xa1, 0x61, 0x91, 0xc9, 0xff, 0xff, 0xff, 0xff, 0x01]),
    hopeless: false,
  },
  {
    name: "an extension as the message id",
    bytes: Buffer.from([0x94, 0x00, 0xd4, 0x01, 0x00, 0xa1, 0x61, 0x91, 0x01]),
    hopeless: false,
  },
  { name: "text as the message id", bytes: Buffer.from([0x94, 0x00, 0xa1, 0x61, 0xa1, 0x61, 0x91, 0x01]), hopeless: false },
  { name: "a response nobody asked for", bytes: Buffer.from([0x94, 0x01, 0x01, 0xc0, 0xc0]), hopeless: false },
  { name: "half a request", bytes: request.subarray(0, request.length / 2), hopeless: false },
  { name: "a request and a half", bytes: Buffer.concat([request, request.subarray(0, 5)]), hopeless: false },
  { name: "a method of 100,000 characters", bytes: encodeRequest(1, "x".repeat(100_000), 1), hopeless: false },
  { name: "a method that is not UTF-8", bytes: Buffer.from([0x94, 0x00, 0x01, 0xa2, 0xff, 0xfe, 0x91, 0x01]), hopeless: false },
  {
    name: "100,000 arguments",
    bytes: encodeRequest(1, "plugin.GetStatus", ...Array.from({ length: 100_000 }, () => 0)),
    hopeless: false,
  },
  {
    name: "a map that repeats its keys",
    bytes: Buffer.from([0x94, 0x00, 0x01, 0xa1, 0x61, 0x91, 0x82, 0xa1, 0x61, 0x01, 0xa1, 0x61, 0x02]),
    hopeless: false,
  },
  {
    name: "a map with maps for keys",
    bytes: Buffer.from([0x94, 0x00, 0x01, 0xa1, 0x61, 0x91, 0x81, 0x81, 0x01, 0x02, 0x03]),
    hopeless: false,
  },
];

function hopeless(name: string, bytes: number[] | Buffer): Garbage {
  return { name, bytes: Buffer.from(bytes), hopeless: true };
}

/** Random bytes, and requests with some of their bytes changed; the same for the same seed. */
export function randomGarbage(seed: number, count: number): Buffer[] {
  const random = generator(seed);
  return Array.from({ length: count }, (_, i) => {
    if (i % 3 === 0) return Buffer.from(Array.from({ length: 1 + (random() % 200) }, () => random() & 0xff));
    const bytes = Buffer.concat([request, encodeRequest(2, "plugin.HandleEvent", { InstanceId: 1, EventName: "access" })]);
    for (let changes = 1 + (random() % 4); changes > 0; changes--) bytes[random() % bytes.length] = random() & 0xff;
    return i % 3 === 1 ? bytes : bytes.subarray(0, random() % bytes.length);
  });
}

/** xorshift32: small, and the same on every machine. */
function generator(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Frames of random bytes, and these commands with some of their bytes changed, some of them cut off. */
export function randomFrames(seed: number, count: number, commands: readonly Buffer[]): Buffer[] {
  const random = generator(seed);
  return Array.from({ length: count }, (_, i) => {
    const bytes = Buffer.concat([...commands, ...commands]);
    if (i % 3 === 0) {
      const content = Buffer.from(Array.from({ length: random() % 200 }, () => random() & 0xff));
      const header = Buffer.alloc(4);
      header.writeUInt32LE(content.length);
      return Buffer.concat([header, content, bytes]);
    }
    for (let changes = 1 + (random() % 4); changes > 0; changes--) bytes[random() % bytes.length] = random() & 0xff;
    return i % 3 === 1 ? bytes : bytes.subarray(0, random() % bytes.length);
  });
}
