// Bytes that are no message end with an error of their own, never with another one or with values that nobody sent.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeObject,
  encodeObject,
  MessageError,
  readEventPayload,
  readObjectHead,
  viewObject,
} from "../../../../../src/gateways/tyk/messages/index.js";
import { FULL } from "./objects.js";
import { peerDecode } from "./peer.js";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

function viewAll(bytes: Buffer): void {
  const view = viewObject(bytes);
  for (const name of ["hook_type", "hook_name", "session", "metadata", "spec"] as const) view.get(name);
  for (const name of ["headers", "raw_body", "url", "return_overrides"] as const) view.part("request")?.get(name);
  view.part("response")?.get("multivalue_headers");
}

describe.each([
  ["a length beyond the end", "12 05 61", "COPROCESS_MALFORMED"],
  ["a length of more than 32 bits", "12 ff ff ff ff ff 01 61", "COPROCESS_MALFORMED"],
  ["a tag without a value", "08", "COPROCESS_MALFORMED"],
  ["a number that does not end", "08 80", "COPROCESS_MALFORMED"],
  ["a number of eleven bytes", "08 80 80 80 80 80 80 80 80 80 80 01", "COPROCESS_MALFORMED"],
  ["the field number 0", "02 01 61", "COPROCESS_MALFORMED"],
  ["a group", "13 14", "COPROCESS_MALFORMED"],
  ["wire type 7", "17", "COPROCESS_MALFORMED"],
  ["a name that is a number", "10 01", "COPROCESS_MALFORMED"],
  ["a name that is the number 0", "10 00", "COPROCESS_MALFORMED"],
  ["a name that is not UTF-8", "12 01 ff", "COPROCESS_NOT_UTF8"],
  ["half a surrogate pair", "12 03 ed a0 80", "COPROCESS_NOT_UTF8"],
  ["a map entry that is cut off", "32 03 0a 05 61", "COPROCESS_MALFORMED"],
  ["a number of eight bytes that is cut off", "41 00", "COPROCESS_MALFORMED"],
])("%s", (_what, bytes, code) => {
  it("is refused by the whole decoder", () => {
    expect(() => decodeObject(hex(bytes))).toThrow(expect.objectContaining({ name: "MessageError", code }));
  });

  it("is refused by the view", () => {
    expect(() => {
      viewAll(hex(bytes));
    }).toThrow(expect.objectContaining({ name: "MessageError", code }));
  });
});

it("the replacement character itself is text", () => {
  expect(decodeObject(encodeObject({ hook_name: "a\ufffdb" })).hook_name).toBe("a\ufffdb");
  expect(decodeObject(encodeObject({ hook_name: "a\ufffdb".repeat(50) })).hook_name).toBe("a\ufffdb".repeat(50));
});

it("unknown fields are passed over", () => {
  const unknown = hex("b8 3e 96 01  c2 3e 03 61 62 63  cd 3e 01 02 03 04  d1 3e 01 02 03 04 05 06 07 08");
  const bytes = Buffer.concat([unknown, encodeObject(FULL), unknown]);
  expect(decodeObject(bytes)).toEqual(decodeObject(encodeObject(FULL)));
  expect(readObjectHead(bytes)).toEqual(readObjectHead(encodeObject(FULL)));
  expect(viewObject(bytes).part("request")?.get("url")).toBe("/t/get?x=1&x=2");
});

it("a message that is cut off anywhere is refused, or is one that the other codec takes too", () => {
  const bytes = encodeObject(FULL);
  for (let size = 0; size < bytes.length; size += 1) {
    const part = bytes.subarray(0, size);
    const taken = outcome(() => decodeObject(part));
    expect(taken, `${size} bytes`).toBe(outcome(() => peerDecode(part), Error));
    outcome(() => readObjectHead(part));
    outcome(() => {
      viewAll(part);
    });
  }
});

it("any bytes are a message or a typed error", () => {
  const full = encodeObject(FULL);
  const mutated = fc.array(fc.tuple(fc.nat(full.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }).map((changes) => {
    const bytes = Buffer.from(full);
    for (const [at, byte] of changes) bytes[at] = byte;
    return bytes;
  });
  const any = fc.oneof(
    mutated,
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
  );
  fc.assert(
    fc.property(any, (bytes) => {
      for (const read of [decodeObject, readObjectHead, readEventPayload, viewAll]) outcome(() => read(bytes));
    }),
    { numRuns: 3000 },
  );
});

describe("a message with too many fields", () => {
  const many = (tag: string): Buffer => Buffer.concat(new Array<Buffer>(300_000).fill(hex(tag)));

  it.each([
    ["unknown ones", many("78 00")],
    ["entries of a map", many("2a 00")],
    ["members of a list", encodeObject({ request: { delete_headers: new Array<string>(300_000).fill("") } })],
  ])("is refused: %s", (_what, bytes) => {
    expect(() => decodeObject(bytes)).toThrow(expect.objectContaining({ code: "COPROCESS_TOO_MANY_FIELDS" }));
    expect(() => {
      viewAll(bytes);
      viewObject(bytes).part("request")?.get("delete_headers");
    }).toThrow(expect.objectContaining({ code: "COPROCESS_TOO_MANY_FIELDS" }));
  });

  it("is refused by the head, which takes few entries of a spec", () => {
    expect(() => readObjectHead(many("78 00"))).toThrow(expect.objectContaining({ code: "COPROCESS_TOO_MANY_FIELDS" }));
    expect(() => readObjectHead(many("32 00").subarray(0, 600))).toThrow("Object.spec");
  });
});

/** Whether it went well; any other error than `known` goes on. */
function outcome(run: () => unknown, known: new (...args: never[]) => Error = MessageError): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof known) return false;
    throw error;
  }
}
