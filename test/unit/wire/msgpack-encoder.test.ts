// Replies and calls, byte for byte: gateways answer HTTP 500 where a reply has another shape.
import { describe, expect, it } from "vitest";
import {
  decodeValue,
  encodeCall,
  encodeErrorReply,
  encodeEventReply,
  encodeNotification,
  encodeReply,
  encodeValue,
  PHASE_OVER,
} from "../../../src/wire/index.js";
import { hex } from "./messages.js";

const text = (bytes: Buffer): string => bytes.toString("hex");
const same = (actual: Buffer, expected: string): void => expect(text(actual)).toBe(text(hex(expected)));

describe("replies", () => {
  it("a result", () => {
    same(encodeReply(hex("07"), "ok"), "94 01 07 c0 a26f6b");
  });

  it("an error is a string, with nil as its result", () => {
    same(encodeErrorReply(hex("07"), "no"), "94 01 07 a26e6f c0");
  });

  it("an event's call", () => {
    same(encodeEventReply(hex("07"), 5, PHASE_OVER), "94 01 07 c0 82 a74576656e744964 ce00000005 a444617461 a3726574");
  });

  it.each(["07", "cd0100", "ce00000001", "cf0000000000000001", "d3ffffffffffffffff", "cb3ff0000000000000", "c0", "a161"])(
    "a message id comes back in the encoding it came in: %s",
    (id) => {
      expect(text(encodeReply(hex(id), null))).toBe(`9401${id}c0c0`);
      expect(text(encodeErrorReply(hex(id), ""))).toBe(`9401${id}a0c0`);
      expect(text(encodeEventReply(hex(id), 0, hex("c0")))).toContain(`9401${id}c082`);
    },
  );

  it.each([0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER, -1, Number.MIN_SAFE_INTEGER])(
    "an event id of %d survives",
    (id) => {
      expect(decodeValue(encodeEventReply(hex("01"), id, PHASE_OVER))).toEqual([1, 1, null, { EventId: id, Data: "ret" }]);
    },
  );

  it("undefined is nil", () => {
    same(encodeReply(hex("01"), undefined), "94 01 01 c0 c0");
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

  it("owns its memory: the next value does not overwrite it", () => {
    const first = encodeValue("first");
    encodeValue("x".repeat(1000));
    expect(decodeValue(first)).toBe("first");
  });
});
