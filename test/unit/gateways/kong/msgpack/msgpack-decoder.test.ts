// Values come out as the protocol means them, without a byte lost; what is malformed is refused by its code.
import { describe, expect, it } from "vitest";
import { decodeValue, MsgpackDecoder, WireError, type WireValue } from "../../../../../src/gateways/kong/msgpack/index.js";
import { hex, VALUES } from "./messages.js";

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  return "nothing was thrown";
};

const EXPECTED: Readonly<Record<string, WireValue | undefined>> = {
  "positive fixint": 127,
  "fixmap, empty": {},
  fixmap: { a: 1, b: null },
  "fixarray, empty": [],
  fixarray: [1, 2, [3]],
  "fixstr, empty": "",
  fixstr: "hello",
  nil: null,
  false: false,
  true: true,
  "bin 8, empty": Buffer.alloc(0),
  "bin 8": hex("00ff80"),
  "bin 16": Buffer.alloc(256, 0xc1),
  "bin 32": hex("abcd"),
  "float 32": 1.5,
  "float 64": 1.1,
  "uint 8": 255,
  "uint 16": 65_535,
  "uint 32": 4_294_967_295,
  "uint 64": 18_446_744_073_709_551_615n,
  "int 8": -128,
  "int 16": -32_768,
  "int 32": -2_147_483_648,
  "int 64": -9_223_372_036_854_775_808n,
  "str 8": "é",
  "str 16": "a".repeat(256),
  "str 32": "a",
  "array 16": [null, [null]],
  "array 32": ["a"],
  "map 16": { a: [1, 2, 3] },
  "map 32": new Map([[1, {}]]),
  "negative fixint": -32,
};

describe("each type", () => {
  it.each(VALUES.filter(([tag]) => !tag.includes("ext")))("%s", (tag, bytes) => {
    expect(Object.hasOwn(EXPECTED, tag), `no expectation for ${tag}`).toBe(true);
    expect(decodeValue(bytes)).toEqual(EXPECTED[tag]);
  });

  it.each(VALUES.filter(([tag]) => tag.includes("ext")))("%s is refused: no gateway sends extensions", (_tag, bytes) => {
    expect(codeOf(() => decodeValue(bytes))).toBe("WIRE_INVALID_BYTE");
  });

  it.each(VALUES)("%s: `raw` gives just its bytes", (_tag, bytes) => {
    const decoder = new MsgpackDecoder(Buffer.concat([hex("01"), bytes, hex("02")]), 1);
    expect(decoder.raw()).toEqual(bytes);
    expect(decoder.value()).toBe(2);
  });

  it("0xc1 is refused", () => {
    expect(codeOf(() => decodeValue(hex("c1")))).toBe("WIRE_INVALID_BYTE");
  });
});

describe("strings", () => {
  it.each([
    ["Latin-1", "a3 636166", hex("636166"), "caf"],
    ["UTF-8", "a4 f09f9880", hex("f09f9880"), "😀"],
  ])("%s that is valid text comes as text", (_name, encoded, _bytes, text) => {
    expect(decodeValue(hex(encoded))).toBe(text);
  });

  it.each([
    ["Latin-1 é", "a4 636166e9", "636166e9"],
    ["a lone continuation byte", "a1 80", "80"],
    ["a surrogate half", "a3 eda080", "eda080"],
    ["an overlong slash", "a2 c0af", "c0af"],
    ["a cut off character", "d9 03 f09f98", "f09f98"],
  ])("%s comes as the bytes it is", (_name, encoded, bytes) => {
    expect(decodeValue(hex(encoded))).toEqual(hex(bytes));
  });

  it("keeps zero bytes and a byte order mark", () => {
    expect(decodeValue(hex("a5 00 efbbbf 61"))).toBe("\0\uFEFFa");
  });

  it("bytes that are not UTF-8 do not keep the message they came in alive", () => {
    const message = hex("a1 80");
    const value = decodeValue(message);
    message.fill(0);
    expect(value).toEqual(hex("80"));
  });
});

describe("integers", () => {
  it.each([
    ["cf 001fffffffffffff", Number.MAX_SAFE_INTEGER],
    ["cf 0020000000000000", 2n ** 53n],
    ["cf 0000000000000001", 1],
    ["d3 ffe0000000000001", Number.MIN_SAFE_INTEGER],
    ["d3 ffe0000000000000", -(2n ** 53n)],
    ["d3 ffffffffffffffff", -1],
    ["d3 7fffffffffffffff", 2n ** 63n - 1n],
    ["cf 8000000000000000", 2n ** 63n],
  ])("%s is exact", (encoded, expected) => {
    expect(decodeValue(hex(encoded))).toBe(expected);
  });

  it.each(["d0 ff", "d1 ffff", "d2 ffffffff", "d3 ffffffffffffffff", "ff"])("%s is -1 in every width", (encoded) => {
    expect(decodeValue(hex(encoded))).toBe(-1);
  });
});

describe("floats", () => {
  it.each([
    ["ca 7f800000", Infinity],
    ["cb fff0000000000000", -Infinity],
    ["cb 7ff8000000000000", NaN],
    ["cb 8000000000000000", -0],
  ])("%s", (encoded, expected) => {
    expect(decodeValue(hex(encoded))).toBe(expected);
  });
});

describe("maps", () => {
  it("with integer keys are a Map, in order: an array with a hole arrives so", () => {
    const value = decodeValue(hex("82 01 a161 03 a163"));
    expect(value).toBeInstanceOf(Map);
    expect([...(value as Map<WireValue, WireValue>)]).toEqual([
      [1, "a"],
      [3, "c"],
    ]);
  });

  it("with one other key are a Map as a whole", () => {
    expect(decodeValue(hex("82 a161 01 c3 02"))).toEqual(
      new Map<WireValue, WireValue>([
        ["a", 1],
        [true, 2],
      ]),
    );
  });

  it("a key that is not UTF-8 keeps its bytes", () => {
    const [[key] = []] = [...(decodeValue(hex("81 a1e9 01")) as Map<WireValue, WireValue>)];
    expect(key).toEqual(hex("e9"));
  });

  it("`__proto__` is stored and changes no prototype", () => {
    const value = decodeValue(hex("81 a95f5f70726f746f5f5f 81 a161 01"));
    expect(value).toEqual(new Map([["__proto__", { a: 1 }]]));
    expect(Object.hasOwn(Object.prototype, "a")).toBe(false);
  });

  it("`constructor` and `toString` are keys like any other", () => {
    const value = decodeValue(hex("82 ab636f6e7374727563746f72 01 a8746f537472696e67 02"));
    expect(Object.entries(value as object)).toEqual([
      ["constructor", 1],
      ["toString", 2],
    ]);
  });

  it("the last of two equal keys counts", () => {
    expect(decodeValue(hex("82 a161 01 a161 02"))).toEqual({ a: 2 });
  });
});

describe("depth", () => {
  const nested = (opening: string, depth: number): Buffer => hex(opening.repeat(depth) + "c0");

  it.each([
    ["arrays", "91"],
    ["maps", "81a161"],
  ])("%s are decoded down to 256 levels and refused below", (_name, opening) => {
    expect(decodeValue(nested(opening, 256))).toBeTypeOf("object");
    expect(codeOf(() => decodeValue(nested(opening, 257)))).toBe("WIRE_TOO_DEEP");
    expect(codeOf(() => decodeValue(nested(opening, 1_000_000)))).toBe("WIRE_TOO_DEEP");
  });

  it("counts levels, not values: siblings are not nested", () => {
    expect(decodeValue(Buffer.concat([hex("dc 0400"), Buffer.alloc(1024, 0x90)]))).toHaveLength(1024);
  });

  it("skips what is nested deeply without a stack", () => {
    const bytes = nested("91", 1_000_000);
    expect(new MsgpackDecoder(bytes).raw()).toHaveLength(bytes.length);
  });
});

describe("truncation", () => {
  it.each(VALUES)("%s: every shorter form of it is refused", (_tag, bytes) => {
    for (let length = 0; length < bytes.length; length += 1) {
      const cut = Buffer.from(bytes.subarray(0, length));
      expect(
        codeOf(() => decodeValue(cut)),
        `value of ${length} bytes`,
      ).toMatch(/^WIRE_(TRUNCATED|INVALID_BYTE)$/);
      expect(
        codeOf(() => new MsgpackDecoder(cut).raw()),
        `raw of ${length} bytes`,
      ).toBe("WIRE_TRUNCATED");
    }
  });

  it("a length far beyond the bytes allocates nothing", () => {
    for (const bytes of ["c6 ffffffff", "db ffffffff", "dd ffffffff", "df ffffffff"])
      expect(codeOf(() => decodeValue(hex(bytes)))).toBe("WIRE_TRUNCATED");
  });
});

describe("the parts of a message", () => {
  it.each(["93", "dc 0003", "dd 00000003"])("an array's length from %s", (tag) => {
    const decoder = new MsgpackDecoder(hex(`${tag} 01 02 03`));
    expect(decoder.arrayLength()).toBe(3);
    expect([decoder.value(), decoder.value(), decoder.value()]).toEqual([1, 2, 3]);
  });

  it.each(["81", "de 0001", "df 00000001"])("a map's length from %s", (tag) => {
    const decoder = new MsgpackDecoder(hex(`${tag} a161 02`));
    expect(decoder.mapLength()).toBe(1);
    expect([decoder.value(), decoder.value()]).toEqual(["a", 2]);
  });

  it("no array is a fault, no map is undefined and leaves the position", () => {
    expect(codeOf(() => new MsgpackDecoder(hex("81 a161 02")).arrayLength())).toBe("WIRE_UNEXPECTED_TYPE");
    const decoder = new MsgpackDecoder(hex("93 01 02 03"));
    expect(decoder.mapLength()).toBeUndefined();
    expect(decoder.value()).toEqual([1, 2, 3]);
  });
});
