// What our encoder writes an independent codec reads, and the other way round, for any value the protocol can carry.
import fc from "fast-check";
import msgpack5 from "msgpack5";
import { describe, expect, it } from "vitest";
import { decodeValue, encodeValue, MessageReader, type WireValue } from "../../../../../src/gateways/kong/msgpack/index.js";

const codec = msgpack5({ forceFloat64: true });

const reference = {
  encode: (value: unknown): Buffer => codec.encode(value).slice(),
  decode: (bytes: Buffer): unknown => codec.decode(bytes),
};

/** Text only: msgpack5 reads every str as UTF-8. */
const text = fc.string({ unit: "binary", maxLength: 300 });
const key = text.filter((value) => value !== "__proto__");
const bytes = fc.uint8Array({ maxLength: 300 }).map((value) => Buffer.from(value));
const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.integer({ min: -200, max: 300 }),
  fc.constantFrom(2 ** 16, 2 ** 32 - 1, 2 ** 32, -(2 ** 31), -(2 ** 31) - 1),
);
/** -0 and NaN are tested by their hex: codecs differ in how they write them. */
const float = fc.double({ noNaN: true }).filter((value) => !Object.is(value, -0));
const leaf = fc.oneof(fc.constant(null), fc.boolean(), integer, float, text, bytes);

const { value } = fc.letrec<{ value: WireValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(key, tie("value"), { maxKeys: 20, noNullPrototype: true }),
  ),
}));

describe("any value", () => {
  const survives = (way: (original: WireValue) => unknown): void => {
    const property = fc.property(value, (original) => {
      expect(way(original)).toEqual(original);
    });
    fc.assert(property, { numRuns: 500 });
  };

  it("that msgpack5 encoded, our decoder reads", () => {
    survives((original) => decodeValue(reference.encode(original)));
  });

  it("that our encoder wrote, msgpack5 decodes", () => {
    survives((original) => reference.decode(encodeValue(original)));
  });

  it("survives the way through both of our own", () => {
    survives((original) => decodeValue(encodeValue(original)));
  });
});

describe("64 bit integers", () => {
  it("survive the way through both of our own, as numbers where they are safe", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (original) => {
        const decoded = decodeValue(encodeValue(original));
        expect(decoded).toBe(Number.isSafeInteger(Number(original)) ? Number(original) : original);
      }),
      { numRuns: 500 },
    );
  });
});

describe("any sequence of messages", () => {
  it("comes out the same, however it is cut", () => {
    const messages = fc.array(fc.array(value, { maxLength: 4 }), { minLength: 1, maxLength: 6 });
    const cuts = fc.array(fc.nat(), { maxLength: 20 });
    fc.assert(
      fc.property(messages, cuts, (originals, places) => {
        const stream = Buffer.concat(originals.map((original) => encodeValue(original)));
        const offsets = [0, ...places.map((place) => place % (stream.length + 1)), stream.length].sort((a, b) => a - b);
        const reader = new MessageReader(1 << 20);
        const read: WireValue[] = [];
        for (const [index, start] of offsets.entries())
          reader.push(stream.subarray(start, offsets[index + 1] ?? stream.length), (message) => read.push(decodeValue(message)));
        expect(read).toEqual(originals);
      }),
      { numRuns: 200 },
    );
  });
});
