// Messages come out whole and in order, however their bytes were cut, and each byte is copied at most once.
import { afterEach, describe, expect, it, vi } from "vitest";
import { MessageReader, WireError } from "../../../../../src/gateways/kong/msgpack/index.js";
import { hex, MESSAGES } from "./messages.js";

const LIMIT = 1024 * 1024;

const CONVERSATION = Buffer.concat(MESSAGES.map(([, bytes]) => bytes));
const EXPECTED = MESSAGES.map(([, bytes]) => bytes.toString("hex"));

function pushed(reader: MessageReader, chunk: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  reader.push(chunk, (message) => messages.push(message));
  return messages;
}

/** Each chunk comes in the same memory, as those of a socket do. */
function read(chunks: readonly Buffer[], limit = LIMIT): string[] {
  const reader = new MessageReader(limit);
  const memory = Buffer.alloc(Math.max(0, ...chunks.map(({ length }) => length)));
  const messages: string[] = [];
  for (const chunk of chunks) {
    chunk.copy(memory);
    reader.push(memory.subarray(0, chunk.length), (message) => messages.push(message.toString("hex")));
    memory.fill(0xc1);
  }
  return messages;
}

const bytewise = (bytes: Buffer): Buffer[] => Array.from(bytes, (byte) => Buffer.of(byte));

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  return "nothing was thrown";
}

describe("a message of each tag", () => {
  it.each(MESSAGES)("%s: whole, byte by byte, and split at every place", (_name, bytes) => {
    const expected = [bytes.toString("hex")];
    expect(read([bytes])).toEqual(expected);
    expect(read(bytewise(bytes))).toEqual(expected);
    for (let at = 1; at < bytes.length; at += 1) expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected);
  });

  it.each(MESSAGES)("%s: nothing comes out before the last byte is in", (_name, bytes) => {
    const reader = new MessageReader(LIMIT);
    for (const byte of bytewise(bytes.subarray(0, -1))) expect(pushed(reader, byte)).toEqual([]);
    expect(pushed(reader, bytes.subarray(-1))).toHaveLength(1);
  });
});

describe("a conversation", () => {
  it("is cut into its messages when it comes in one chunk", () => {
    expect(read([CONVERSATION])).toEqual(EXPECTED);
  });

  it("is cut into its messages when it comes byte by byte", () => {
    expect(read(bytewise(CONVERSATION))).toEqual(EXPECTED);
  });

  it("is cut into its messages wherever it was split in two", () => {
    for (let at = 0; at <= CONVERSATION.length; at += 1) {
      expect(read([CONVERSATION.subarray(0, at), CONVERSATION.subarray(at)])).toEqual(EXPECTED);
    }
  });

  it.each([2, 3, 5, 7, 64, 255])("is cut into its messages in chunks of %i bytes", (size) => {
    const chunks: Buffer[] = [];
    for (let at = 0; at < CONVERSATION.length; at += size) chunks.push(CONVERSATION.subarray(at, at + size));
    expect(read(chunks)).toEqual(EXPECTED);
  });

  it("takes an empty chunk for what it is", () => {
    expect(read([Buffer.alloc(0), hex("91"), Buffer.alloc(0), hex("c0")])).toEqual(["91c0"]);
  });
});

describe("bytes that are no message", () => {
  it.each([
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\n")],
    ["a bare integer", hex("00")],
    ["a bare nil", hex("c0")],
    ["a bare map", hex("81a16101")],
    ["a bare string", hex("a161")],
    ["a TLS hello", hex("160301")],
    ["0xc1", hex("c1")],
  ])("%s is refused with its first byte", (_name, bytes) => {
    expect(codeOf(() => read([bytes.subarray(0, 1)]))).toBe("WIRE_NOT_A_MESSAGE");
  });

  it("0xc1 inside a message is refused", () => {
    expect(codeOf(() => read([hex("92 00 c1")]))).toBe("WIRE_INVALID_BYTE");
  });

  it("0xc1 inside a string or bytes is nothing special", () => {
    expect(read([hex("92 a2c1c1 c402c1c1")])).toEqual(["92a2c1c1c402c1c1"]);
  });

  it("the message after a good one is checked too", () => {
    expect(codeOf(() => read([hex("91c0 c0")]))).toBe("WIRE_NOT_A_MESSAGE");
  });

  it("names the byte it starts with", () => {
    expect(() => read([Buffer.from("G")])).toThrow("not a MessagePack-RPC message: it starts with byte 0x47");
  });
});

describe("the size limit", () => {
  const body = (size: number): Buffer => Buffer.concat([hex("91c6"), uint32(size), Buffer.alloc(size)]);
  const uint32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };

  it("lets through a message of just that size, and refuses one byte more", () => {
    const message = body(94);
    expect(message).toHaveLength(100);
    expect(read([message], 100)).toHaveLength(1);
    expect(read(bytewise(message), 100)).toHaveLength(1);
    expect(codeOf(() => read([message], 99))).toBe("WIRE_TOO_LARGE");
    expect(codeOf(() => read(bytewise(message), 99))).toBe("WIRE_TOO_LARGE");
  });

  it.each([
    ["bin 32", hex("91 c6 ffffffff")],
    ["str 32", hex("91 db ffffffff")],
    ["ext 32", hex("91 c9 ffffffff")],
    ["array 32", hex("dd ffffffff")],
    ["map 32", hex("91 df ffffffff")],
  ])("%s: refuses what a header announces before it arrives", (_name, header) => {
    expect(codeOf(() => read([header]))).toBe("WIRE_TOO_LARGE");
    expect(codeOf(() => read(bytewise(header)))).toBe("WIRE_TOO_LARGE");
  });

  it("counts each message for itself", () => {
    const message = body(50);
    expect(read([Buffer.concat([message, message, message])], 60)).toHaveLength(3);
  });

  it("takes deep nesting without a stack: the decoder is what limits depth", () => {
    const deep = Buffer.concat([Buffer.alloc(200_000, 0x91), hex("c0")]);
    expect(read([deep])).toHaveLength(1);
  });
});

describe("the work for a large body", () => {
  afterEach(() => vi.restoreAllMocks());

  const CHUNK = 64 * 1024;
  const MEGABYTE = 1024 * 1024;

  /** Bytes copied while a body comes in chunks: all copying goes through `copy`. */
  function copied(size: number): { bytes: number; message: Buffer | undefined } {
    const copy = vi.spyOn(Buffer.prototype, "copy");
    const header = Buffer.alloc(6, hex("91c6"));
    header.writeUInt32BE(size, 2);
    const reader = new MessageReader(64 * MEGABYTE);
    const messages: Buffer[] = [];
    messages.push(...pushed(reader, header));
    const chunk = Buffer.alloc(CHUNK, 0x90);
    for (let sent = 0; sent < size; sent += CHUNK) messages.push(...pushed(reader, chunk));
    const bytes = copy.mock.results.reduce((sum, { value }) => sum + Number(value), 0);
    copy.mockRestore();
    return { bytes, message: messages[0] };
  }

  it("is one copy of 50 MB and at most two thirds of that once more, not one per chunk", () => {
    const { bytes, message } = copied(50 * MEGABYTE);
    expect(message).toHaveLength(50 * MEGABYTE + 6);
    expect(bytes).toBeGreaterThanOrEqual(50 * MEGABYTE + 6);
    expect(bytes).toBeLessThan((50 * MEGABYTE * 5) / 3 + CHUNK);
  });

  it("grows as the body does", () => {
    expect(copied(40 * MEGABYTE).bytes / copied(10 * MEGABYTE).bytes).toBeCloseTo(4, 0);
  });

  it("is no room for what was only announced", () => {
    const reader = new MessageReader(64 * MEGABYTE);
    const before = process.memoryUsage().arrayBuffers;
    pushed(reader, hex("91c6 03000000"));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MEGABYTE);
  });

  it("is no copy at all where a message comes in one chunk", () => {
    const copy = vi.spyOn(Buffer.prototype, "copy");
    const chunk = hex("91c0 91c3");
    const messages = pushed(new MessageReader(LIMIT), chunk);
    expect(copy).not.toHaveBeenCalled();
    expect(messages.map((message) => message.buffer === chunk.buffer)).toEqual([true, true]);
  });
});
