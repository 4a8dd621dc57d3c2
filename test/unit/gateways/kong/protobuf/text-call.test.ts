// What is written and read without the library is what the library makes of it.
import { describe, expect, it } from "vitest";
import { decodePdkResult, encodePdkCall, methodOfPdkCall } from "../../../../../src/gateways/kong/protobuf/index.js";
import { encodeProtobuf } from "../../../../../src/gateways/kong/protobuf/message-type.js";
import { encodeTextCall } from "../../../../../src/gateways/kong/protobuf/text-call.js";
import { frame } from "../../../../support/index.js";

const NAME_OF = {
  String: "kong.request.get_header",
  ByteString: "kong.service.request.set_raw_body",
  KV: "kong.response.set_header",
};

const letters = (count: number): string => "abcdefghijklmnopqrstuvwxyz".repeat(Math.ceil(count / 26)).slice(0, count);

const TEXTS = [
  ["an empty text", ""],
  ["one letter", "x"],
  ["a short text", "host"],
  ["control characters", "\0\u007f"],
  ["a letter of two bytes", "é"],
  ["a letter of three bytes at the end", letters(60) + "€"],
  ["a surrogate pair", "😀"],
  ["half a surrogate pair", "\ud800"],
  ["32 letters", letters(32)],
  ["33 letters", letters(33)],
  ["125 letters", letters(125)],
  ["126 letters", letters(126)],
  ["127 letters", letters(127)],
  ["128 letters", letters(128)],
  ["70,000 letters", letters(70_000)],
] as const;

const bytes = (text: string): Buffer => Buffer.from(text, "utf8");

const framesOf = (method: string, message: Uint8Array): string => Buffer.concat([frame(method), frame(message)]).toString("hex");

describe.each(TEXTS)("%s", (_what, text) => {
  it.each(["String", "ByteString"] as const)("is written as a %s", (type) => {
    const frames = encodePdkCall(NAME_OF[type], [text]);
    expect(frames.toString("hex")).toBe(framesOf(NAME_OF[type], encodeProtobuf(type, { v: bytes(text) })));
    expect(methodOfPdkCall(frames)).toBe(NAME_OF[type]);
  });

  it.each(TEXTS)("is written with %s as its value", (_of, value) => {
    const wanted = encodeProtobuf("KV", { k: bytes(text), v: { string_value: bytes(value) } });
    expect(encodePdkCall(NAME_OF.KV, [text, value]).toString("hex")).toBe(framesOf(NAME_OF.KV, wanted));
  });

  it("is read from a result", () => {
    const message = Buffer.from(encodeProtobuf("String", { v: bytes(text) }));
    // A text of no bytes is not sent, and looks like nil.
    expect(decodePdkResult(NAME_OF.String, message)).toBe(text === "" ? undefined : bytes(text).toString());
  });
});

describe("what is left to the library", () => {
  const name = Buffer.from("any name");

  it.each([
    ["Empty", []],
    ["String", []],
    ["String", [null]],
    ["String", [1]],
    ["String", [bytes("x")]],
    ["String", ["x", "y"]],
    ["KV", ["x"]],
    ["KV", ["x", null]],
    ["KV", ["x", 1]],
    ["KV", ["x", true]],
    ["KV", ["x", ["y"]]],
    ["KV", [bytes("x"), "y"]],
    ["KV", ["x", "y", "z"]],
    ["KV", ["x", "é"]],
    ["KV", ["é", "x"]],
    ["Target", ["x", "y"]],
  ] as const)("%s %j", (takes, args) => {
    expect(encodeTextCall(name, takes, args)).toBeUndefined();
  });

  it.each([
    ["ff", "bytes that are no UTF-8", Buffer.from([0xff])],
    ["c3a9", "bytes that are not ASCII", "é"],
  ])("a result of the bytes %s: %s", (hex, _what, wanted) => {
    const message = Buffer.from(encodeProtobuf("String", { v: Buffer.from(hex, "hex") }));
    expect(decodePdkResult(NAME_OF.String, message)).toEqual(wanted);
  });

  it("a result with a field that a newer gateway may send", () => {
    const message = Buffer.concat([encodeProtobuf("String", { v: bytes("x") }), Buffer.from([0x10, 0x01])]);
    expect(decodePdkResult(NAME_OF.String, message)).toBe("x");
  });
});
