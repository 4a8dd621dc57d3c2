// Replies and calls, byte for byte: gateways answer HTTP 500 where a reply has another shape.
import { describe, expect, it } from "vitest";
import {
  decodeValue,
  encodeCall,
  encodeErrorReply,
  encodeNotification,
  encodeReply,
  encodeValue,
  type MessageId,
  PHASE_OVER,
  readRequest,
} from "../../../../../src/gateways/kong/msgpack/index.js";
import { sendEventReply } from "../../../../../src/gateways/kong/rpc/index.js";
import { hex } from "./messages.js";

const text = (bytes: Buffer): string => bytes.toString("hex");
const same = (actual: Buffer, expected: string): void => expect(text(actual)).toBe(text(hex(expected)));

/** The id of a request that has it in this encoding. */
function messageId(encoded: string): MessageId {
  const { messageId } = readRequest(Buffer.concat([hex("9400"), hex(encoded), hex("a16d 90")]));
  if (messageId === undefined) throw new Error("that was a notification");
  return messageId;
}

function eventReply(id: MessageId, eventId: number, data: Buffer): Buffer {
  const sent: Buffer[] = [];
  sendEventReply({ send: (...parts) => sent.push(...parts.filter((part) => part !== undefined)) }, id, eventId, data);
  return Buffer.concat(sent);
}

describe("replies", () => {
  it("a result", () => {
    same(encodeReply(messageId("07"), "ok"), "94 01 07 c0 a26f6b");
  });

  it("an error is a string, with nil as its result", () => {
    same(encodeErrorReply(messageId("07"), "no"), "94 01 07 a26e6f c0");
  });

  it("an event's call", () => {
    same(eventReply(messageId("07"), 5, PHASE_OVER), "94 01 07 c0 82 a74576656e744964 ce00000005 a444617461 a3726574");
  });

  it.each([
    "00",
    "07",
    "7f",
    "cc07",
    "ccff",
    "cd0100",
    "cd0001",
    "ce00000001",
    "ceffffffff",
    "cf0000000000000001",
    "cfffffffffffffffff",
  ])("a message id comes back in the encoding it came in: %s", (id) => {
    expect(text(encodeReply(messageId(id), null))).toBe(`9401${id}c0c0`);
    expect(text(encodeErrorReply(messageId(id), ""))).toBe(`9401${id}a0c0`);
    expect(text(eventReply(messageId(id), 0, hex("c0")))).toContain(`9401${id}c082`);
  });

  it.each([0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER, -1, Number.MIN_SAFE_INTEGER])(
    "an event id of %d survives",
    (id) => {
      expect(decodeValue(eventReply(messageId("01"), id, PHASE_OVER))).toEqual([1, 1, null, { EventId: id, Data: "ret" }]);
    },
  );

  it.each([65_535, 65_536, 1_000_000])("data of %d bytes comes whole, copied or not", (size) => {
    const value = "x".repeat(size);
    expect(decodeValue(eventReply(messageId("01"), 1, encodeValue(value)))).toEqual([1, 1, null, { EventId: 1, Data: value }]);
  });

  it("undefined is nil", () => {
    same(encodeReply(messageId("01"), undefined), "94 01 01 c0 c0");
  });
});

describe("notifications", () => {
  it("the first message of a connection", () => {
    same(encodeNotification("serverPid", 4242), "93 02 a9736572766572506964 cd1092");
  });
});

describe("calls", () => {
  it("a method and its arguments", () => {
    same(encodeCall("kong.log", ["a", 1]), "82 a64d6574686f64 a86b6f6e672e6c6f67 a441726773 92 a161 01");
  });

  it("no arguments are an empty array, not nil", () => {
    same(encodeCall("kong.log", []), "82 a64d6574686f64 a86b6f6e672e6c6f67 a441726773 90");
  });

  it("is the same the second time, when the method's prefix is at hand", () => {
    expect(encodeCall("kong.x.first", [1])).toEqual(encodeCall("kong.x.first", [1]));
  });

  it("is right for more methods than are kept at hand", () => {
    for (let i = 0; i < 2000; i += 1)
      expect(decodeValue(encodeCall(`kong.made.up_${i}`, [i]))).toEqual({ Method: `kong.made.up_${i}`, Args: [i] });
  });
});

describe("values", () => {
  it("strings are str, bytes are bin", () => {
    same(encodeValue("a"), "a161");
    same(encodeValue(Buffer.from("a")), "c40161");
    same(encodeValue(new Uint8Array([0x61])), "c40161");
  });

  it("undefined is nil wherever it stands", () => {
    same(encodeValue(undefined), "c0");
    same(encodeValue([undefined, 1]), "92 c0 01");
    expect(decodeValue(encodeValue({ a: undefined }))).toEqual({ a: null });
  });

  it("objects are maps, with no extension of any codec", () => {
    expect(decodeValue(encodeValue({ a: 1, b: { c: [1.5, -1, true, null] } }))).toEqual({
      a: 1,
      b: { c: [1.5, -1, true, null] },
    });
    expect(decodeValue(encodeValue([{ a: 1 }, { a: 2 }, { a: 3 }]))).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  });

  it("an object without a prototype is a map", () => {
    expect(decodeValue(encodeValue(Object.assign(Object.create(null) as object, { a: 1 })))).toEqual({ a: 1 });
  });

  it("strings of every length class", () => {
    for (const length of [0, 1, 31, 32, 63, 64, 255, 256, 65_535, 65_536, 200_000]) {
      for (const letter of ["a", "é", "😀"]) expect(decodeValue(encodeValue(letter.repeat(length)))).toBe(letter.repeat(length));
    }
  });

  it.each([
    [0, "00"],
    [127, "7f"],
    [128, "cc80"],
    [255, "ccff"],
    [256, "cd0100"],
    [65_535, "cdffff"],
    [65_536, "ce00010000"],
    [4_294_967_295, "ceffffffff"],
    [4_294_967_296, "cb41f0000000000000"],
    [-1, "ff"],
    [-32, "e0"],
    [-33, "d0df"],
    [-128, "d080"],
    [-129, "d1ff7f"],
    [-32_769, "d2ffff7fff"],
    [-2_147_483_648, "d280000000"],
    [-2_147_483_649, "cbc1e0000000200000"],
    [1.5, "cb3ff8000000000000"],
    [-0, "cb8000000000000000"],
    [10n, "cf000000000000000a"],
    [-10n, "d3fffffffffffffff6"],
  ])("the number %s is as short as it can be", (value, expected) => {
    same(encodeValue(value), expected);
  });

  it.each([15, 16, 65_535, 65_536])("arrays and maps of %i", (size) => {
    const array = Array.from({ length: size }, (_, index) => index);
    expect(decodeValue(encodeValue(array))).toEqual(array);
    const map = Object.fromEntries(array.map((index) => [`k${index}`, index]));
    expect(decodeValue(encodeValue(map))).toEqual(map);
  });

  it.each([0, 255, 256, 65_535, 65_536, 200_000])("%i bytes", (size) => {
    const bytes = Buffer.alloc(size, 0xfe);
    expect(decodeValue(encodeValue(bytes))).toEqual(bytes);
  });

  it("what has no encoding is refused, and spoils nothing that comes after it", () => {
    expect(() => encodeValue(["before", () => 1])).toThrow(TypeError);
    expect(() => encodeValue([2n ** 64n])).toThrow(RangeError);
    same(encodeValue("a"), "a161");
  });

  it("what contains itself, or is nested too deeply, is refused, and spoils nothing that comes after it", () => {
    const circular: unknown[] = [];
    circular.push({ circular });
    const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
    for (const value of [circular, deep(257)]) expect(() => encodeValue(value)).toThrow("nested too deeply");
    expect(decodeValue(encodeValue(deep(256)))).toEqual(deep(256));
  });

  it("owns its memory: the next value does not overwrite it", () => {
    const first = encodeValue("first");
    encodeValue("x".repeat(1000));
    expect(decodeValue(first)).toBe("first");
  });
});
