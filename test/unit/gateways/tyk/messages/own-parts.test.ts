// What this server adds to the gateway's messages: names of functions, asks of isolates, a trace.
import { describe, expect, it } from "vitest";
import {
  decodeObject,
  encodeAsk,
  encodeObject,
  hookFunction,
  parseHookFunction,
  readAsk,
  readTraceParent,
  withTraceParent,
} from "../../../../../src/gateways/tyk/messages/index.js";

describe("names of functions", () => {
  it("are read as they were made", () => {
    expect(parseHookFunction(hookFunction("pre", "addFooBar"))).toEqual({ kind: "pre", name: "addFooBar" });
    expect(parseHookFunction(hookFunction("events", "a/b"))).toEqual({ kind: "events", name: "a/b" });
    for (const other of ["", "pre", "/x", "MsgPack:1/access"]) expect(parseHookFunction(other)).toBeUndefined();
  });
});

describe("asks", () => {
  it("are read as they were made, and nothing else is", () => {
    expect(readAsk(encodeAsk({ ask: "definition", apiId: "api1" }))).toEqual({ ask: "definition", apiId: "api1" });
    for (const other of ["", "{}", '{"ask":"definition"}', '{"ask":"secret","apiId":"x"}', "null"])
      expect(() => readAsk(Buffer.from(other))).toThrow(/COPROCESS|there is not/);
  });
});

describe("a trace", () => {
  const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const object = encodeObject({ hook_name: "hello", hook_type: 1, request: { url: "/", return_overrides: {} } });

  it("goes with the message, which stays what it was", () => {
    const traced = withTraceParent(object, TRACE);
    expect(readTraceParent(traced)).toBe(TRACE);
    expect(decodeObject(traced)).toEqual(decodeObject(object));
    expect(readTraceParent(object)).toBeUndefined();
  });

  it("is left out where it is none", () => {
    for (const none of ["", "two words", "é", "x".repeat(257)]) expect(withTraceParent(object, none)).toEqual(object);
  });
});
