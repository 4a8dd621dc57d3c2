// The first bytes of a client show which protocol it speaks, as few of them as there may be.
import { describe, expect, it } from "vitest";
import { encodeExact, encodeRequest } from "../../../../support/index.js";
import { BYTES_TO_DETECT, detectProtocol } from "../../../../../src/gateways/kong/rpc/detect-protocol.js";
import { FOREIGN_FRAME, OVERSIZED_FRAME } from "../../../../../src/gateways/kong/protobuf/index.js";
import { ProtocolReader } from "../../../../../src/gateways/kong/rpc/index.js";
import { WireError } from "../../../../../src/gateways/kong/msgpack/index.js";
import { hex } from "../msgpack/messages.js";

const REQUESTS: [string, Buffer][] = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0xffffffff, 2 ** 40].flatMap((id) => [
  [`message id ${id}`, encodeRequest(id, "plugin.StartInstance", {})],
  [`message id ${id}, in the longest form`, encodeExact([0, id, "plugin.StartInstance", [{}]])],
]);

/** A frame of this length, as far as it matters: its header and the first bytes of an RpcCall. */
const frame = (length: number, start: string): Buffer => {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(length);
  return Buffer.concat([header, hex(start)]);
};

// 0x90 to 0x9f, 0xdc and 0xdd open an array in MessagePack.
const LENGTHS = [
  2, 15, 0x90, 0x93, 0x94, 0x9f, 0xdc, 0xdd, 0x194, 0x293, 0x494, 0x10094, 0x7f0094, 0x1000094, 0x40000dc, 0x30000dd, 67_108_864,
];

describe("the first bytes", () => {
  it.each(REQUESTS)("of a request with %s", (_name, bytes) => {
    expect(detectProtocol(bytes)).toBe("MsgPack:1");
    // None of them is ever taken for the other protocol.
    for (let size = 0; size < bytes.length; size += 1) {
      const seen = detectProtocol(bytes.subarray(0, size));
      expect(size < BYTES_TO_DETECT ? [undefined, "MsgPack:1"] : ["MsgPack:1"]).toContain(seen);
    }
  });

  it("of a notification", () => {
    expect(detectProtocol(hex("93 02 a9"))).toBe("MsgPack:1");
  });

  it.each(LENGTHS.flatMap((length) => ["a2020a08", "08448a02", "fa010008"].map((start) => [length, start] as const)))(
    "of a frame of %i bytes that begins with %s",
    (length, start) => {
      const bytes = frame(length, start);
      expect(detectProtocol(bytes)).toBe("ProtoBuf:1");
      for (let size = 0; size < bytes.length; size += 1)
        expect([undefined, "ProtoBuf:1"]).toContain(detectProtocol(bytes.subarray(0, size)));
    },
  );

  it("are those of ProtoBuf:1 where they can be no request", () => {
    for (const text of ["GET / HTTP/1.1", "\0\0\0\0"]) expect(detectProtocol(Buffer.from(text))).toBe("ProtoBuf:1");
  });
});

describe("a reader that was not told the protocol", () => {
  const read = (reader: ProtocolReader, chunk: Buffer): string[] => {
    const messages: string[] = [];
    reader.push(chunk, (message) => messages.push(message.toString("hex")));
    return messages;
  };

  it.each([
    ["MsgPack:1", encodeRequest(300, "plugin.GetStatus", 0), 0],
    ["ProtoBuf:1", frame(0x94, "08").fill(7, 5), 4],
  ] as const)("reads %s, wherever it is cut", (protocol, start, header) => {
    const bytes = protocol === "ProtoBuf:1" ? Buffer.concat([start, Buffer.alloc(0x93, 7)]) : start;
    const expected = [bytes.subarray(header).toString("hex")];
    for (let at = 0; at <= bytes.length; at += 1) {
      const reader = new ProtocolReader("auto", 1000);
      expect([...read(reader, bytes.subarray(0, at)), ...read(reader, bytes.subarray(at))]).toEqual(expected);
      expect(reader.protocol).toBe(protocol);
    }
    const bytewise = new ProtocolReader("auto", 1000);
    expect(Array.from(bytes).flatMap((byte) => read(bytewise, Buffer.of(byte)))).toEqual(expected);
  });

  it("has none as long as nothing came", () => {
    expect(new ProtocolReader("auto", 1000).protocol).toBeUndefined();
    expect(new ProtocolReader("ProtoBuf:1", 1000).protocol).toBe("ProtoBuf:1");
  });
});

describe("what begins no message is told apart from one that is too large", () => {
  const fault = (chunks: readonly Buffer[], protocol: "auto" | "MsgPack:1" | "ProtoBuf:1"): string => {
    const reader = new ProtocolReader(protocol, 1 << 20);
    try {
      for (const chunk of chunks) reader.push(chunk, (frame) => expect([OVERSIZED_FRAME, FOREIGN_FRAME]).toContain(frame));
    } catch (error) {
      return error instanceof WireError ? `${error.code} ${error.message}` : String(error);
    }
    return "nothing";
  };
  const bytewise = (bytes: Buffer): Buffer[] => Array.from(bytes, (byte) => Buffer.of(byte));

  it.each([
    ["HTTP", "GET /?apikey=secret HTTP/1.1\r\nHost: localhost\r\n\r\n", "it speaks HTTP, GET"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "it speaks HTTP, PRI"],
    ["an answer of HTTP", "HTTP/1.1 400 Bad Request\r\n", "it speaks HTTP, HTTP"],
    ["TLS", Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc]), "it speaks TLS"],
    ["SSH", "SSH-2.0-OpenSSH_9.6\r\n", 'it sends text, "SSH-2.0-OpenSSH_9.6\\r\\n"'],
    ["a line of text", "hello there\n", 'it sends text, "hello there\\n"'],
  ])("%s", (_name, sent, told) => {
    const bytes = Buffer.from(sent);
    for (const protocol of ["auto", "ProtoBuf:1", "MsgPack:1"] as const)
      expect(fault([bytes], protocol)).toBe(`WIRE_FOREIGN its client speaks neither MsgPack:1 nor ProtoBuf:1: ${told}`);
    if (_name !== "TLS") expect(fault(bytewise(bytes), "auto")).toContain(told.slice(0, 14));
  });

  it.each([
    ["a command that is too large", Buffer.from("f0ffffff0800", "hex"), OVERSIZED_FRAME],
    ["other bytes", Buffer.from("f0ffffff3301", "hex"), FOREIGN_FRAME],
  ])("%s", (_name, bytes, expected) => {
    const frames: Buffer[] = [];
    new ProtocolReader("auto", 1 << 20).push(bytes, (frame) => frames.push(frame));
    expect(frames).toHaveLength(1);
    expect(frames[0]).toBe(expected);
  });
});
