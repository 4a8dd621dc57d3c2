// What a gateway is told that lacks response.error: the exit that does the same.
import { expect, it } from "vitest";
import { decodeValue, encodeCall } from "../../../../../../src/gateways/kong/msgpack/index.js";
import { ErrorCalls } from "../../../../../../src/gateways/kong/rpc/index.js";

const EVENT = 7;

function exitAfter(...args: readonly unknown[]): unknown {
  const calls = new ErrorCalls();
  calls.ended(EVENT, encodeCall("kong.response.error", args));
  const exit = calls.exitAfter(EVENT);
  return exit === undefined ? undefined : (decodeValue(exit) as { readonly Args: unknown }).Args;
}

it.each([
  [[418], [418, { message: "I'm a Teapot" }]],
  [
    [400, "no"],
    [400, { message: "no" }],
  ],
  [
    [400, "no", { "X-Why": "because" }],
    [400, { message: "no" }, { "X-Why": "because" }],
  ],
  [
    [400, "no", ""],
    [400, { message: "no" }],
  ],
  [
    [400, "no", null],
    [400, { message: "no" }],
  ],
  [
    [400, "no", ["x"]],
    [400, { message: "no" }],
  ],
])("response.error(%j) is response.exit(%j)", (args, exit) => {
  expect(exitAfter(...args)).toEqual(exit);
});

it("of an event that ended otherwise there is none, and of each one only once", () => {
  const calls = new ErrorCalls();
  calls.ended(EVENT, encodeCall("kong.response.exit", [200]));
  expect(calls.exitAfter(EVENT)).toBeUndefined();
  calls.ended(EVENT, encodeCall("kong.response.error", [400]));
  expect(calls.exitAfter(EVENT)).toBeDefined();
  expect(calls.exitAfter(EVENT)).toBeUndefined();
});
