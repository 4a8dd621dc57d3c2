// The load generator takes what a server has to send, however it is cut, and nothing else.
import { describe, expect, it } from "vitest";
import { answerFrames, ExpectedFrames, expectedFrames, handleEventFrame } from "../../../benchmarks/load/protobuf-frames.js";
import { hello } from "../../../benchmarks/workloads/hello.js";
import { encodePdkCall, encodeRpcReturn, END_OF_EVENT } from "../../../src/gateways/kong/protobuf/index.js";

/** What the server sends in a phase of "hello", block by block. */
const PHASE = [
  ...hello.calls.map(({ method, args }) => encodePdkCall(method, args)),
  Buffer.concat([END_OF_EVENT, encodeRpcReturn(1)]),
];

const taken = (expected: ExpectedFrames, bytes: Buffer, start = 0): number => expected.lengthAt(bytes, start, bytes.length);

describe("what a server sends", () => {
  it("is taken call by call, the first time and every time after", () => {
    const expected = expectedFrames(hello);
    for (let round = 0; round < 3; round += 1) {
      expect(PHASE.map((block, index) => taken(expected[index] ?? new ExpectedFrames(undefined), block))).toEqual(
        PHASE.map(({ length }) => length),
      );
    }
  });

  it("is waited for until all of it is there", () => {
    for (const [index, block] of PHASE.entries()) {
      const expected = expectedFrames(hello)[index] ?? new ExpectedFrames(undefined);
      for (let end = 0; end < block.length; end += 1) expect(taken(expected, block.subarray(0, end))).toBe(0);
      expect(taken(expected, Buffer.concat([Buffer.from("before"), block, block]), 6)).toBe(block.length);
    }
  });

  it.each([
    ["another method", encodePdkCall("kong.request.get_query_arg", ["host"])],
    ["another argument", encodePdkCall("kong.request.get_header", ["hosts"])],
    ["the end too early", PHASE.at(-1) ?? Buffer.alloc(0)],
  ])("%s is refused, also by those that know the right one", (_name, wrong) => {
    const [expected] = expectedFrames(hello);
    if (expected === undefined) throw new Error("hello has no calls");
    expect(() => taken(expected, wrong)).toThrow(/instead of/);
    taken(expected, PHASE[0] ?? Buffer.alloc(0));
    expect(() => taken(expected, wrong)).toThrow(/instead of/);
  });

  it("a call too many, or what another command returned, is not the end", () => {
    const expected = new ExpectedFrames(undefined);
    expect(() => taken(expected, PHASE[0] ?? Buffer.alloc(0))).toThrow(/instead of the end of the event/);
    expect(() => taken(expected, Buffer.concat([END_OF_EVENT, encodeRpcReturn(2)]))).toThrow(/instead of the end of the event/);
  });
});

it("each call has an answer, and the end has none", () => {
  expect(answerFrames(hello)).toHaveLength(3);
  expect(answerFrames(hello)[0]?.toString()).toContain("example.com");
  expect(handleEventFrame(7)).not.toEqual(handleEventFrame(8));
});
