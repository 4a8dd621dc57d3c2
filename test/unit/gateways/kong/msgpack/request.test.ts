// The envelope of a request is read, its argument left encoded; anything else is a protocol fault.
import { describe, expect, it } from "vitest";
import { encodeValue, readRequest } from "../../../../../src/gateways/kong/msgpack/index.js";
import { hex } from "./messages.js";

const request = (...parts: unknown[]): Buffer => encodeValue(parts);

describe("a request", () => {
  it("has an id, a method and an argument that is still bytes", () => {
    const { messageId, method, argumentCount, argument } = readRequest(request(0, 7, "plugin.Step", [{ EventId: 1 }]));
    expect([messageId, method, argumentCount]).toEqual([7, "plugin.Step", 1]);
    expect(argument.value()).toEqual({ EventId: 1 });
  });

  it("may have no argument, or several", () => {
    expect(readRequest(request(0, 1, "m", [])).argumentCount).toBe(0);
    const { argument, argumentCount } = readRequest(request(0, 1, "m", ["a", "b"]));
    expect(argumentCount).toBe(2);
    expect([argument.value(), argument.value()]).toEqual(["a", "b"]);
  });
});

describe("a notification", () => {
  it("has no id", () => {
    expect(readRequest(request(2, "m", "x"))).toMatchObject({ messageId: undefined, method: "m" });
  });
});

describe("what is neither", () => {
  it.each([
    ["a response", request(1, 1, null, "ok"), "WIRE_NOT_A_MESSAGE"],
    ["a request that is too short", request(0, 1, "m"), "WIRE_NOT_A_MESSAGE"],
    ["a request that is too long", request(0, 1, "m", [], 1), "WIRE_NOT_A_MESSAGE"],
    ["a notification of four", request(2, "m", "x", "y"), "WIRE_NOT_A_MESSAGE"],
    ["another type", request(3, 1, "m", []), "WIRE_NOT_A_MESSAGE"],
    ["an id that is negative", request(0, -1, "m", []), "WIRE_UNEXPECTED_TYPE"],
    ["an id that is text", request(0, "1", "m", []), "WIRE_UNEXPECTED_TYPE"],
    ["an id that is nil", request(0, null, "m", []), "WIRE_UNEXPECTED_TYPE"],
    ["an id that is an array", request(0, [1], "m", []), "WIRE_UNEXPECTED_TYPE"],
    ["an id that is a fraction", request(0, 1.5, "m", []), "WIRE_UNEXPECTED_TYPE"],
    ["a type that is text", request("0", 1, "m", []), "WIRE_NOT_A_MESSAGE"],
    ["a method that is a number", request(0, 1, 5, []), "WIRE_UNEXPECTED_TYPE"],
    ["a method that is bytes", request(0, 1, Buffer.of(0xff), []), "WIRE_UNEXPECTED_TYPE"],
    ["arguments that are a map", request(0, 1, "m", {}), "WIRE_UNEXPECTED_TYPE"],
    ["arguments that are nil", request(0, 1, "m", null), "WIRE_UNEXPECTED_TYPE"],
    ["an empty array", hex("90"), "WIRE_TRUNCATED"],
    ["an array of a type and nothing else", hex("91 00"), "WIRE_NOT_A_MESSAGE"],
  ])("%s", (_name, message, code) => {
    expect(() => readRequest(message)).toThrow(expect.objectContaining({ name: "WireError", code }) as Error);
  });
});
