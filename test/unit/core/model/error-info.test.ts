// Whatever a plugin throws becomes plain data that crosses threads, and never a second throw.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { RemoteError, toErrorInfo } from "../../../../src/core/model/index.js";

/** What every description must be: strings, and cloneable. */
function expectPlain(thrown: unknown): ReturnType<typeof toErrorInfo> {
  const info = toErrorInfo(thrown);
  for (const field of [info.name, info.message, info.stack]) expect(field).toBeTypeOf("string");
  if (info.code !== undefined) expect(info.code).toBeTypeOf("string");
  expect(structuredClone(info)).toEqual(info);
  return info;
}

class CustomError extends Error {
  override readonly name = "CustomError";
  readonly code = "E_CUSTOM";
}

describe("errors", () => {
  it("keep name, message, code and stack", () => {
    const error = new CustomError("went wrong");
    expect(expectPlain(error)).toEqual({ name: "CustomError", message: "went wrong", code: "E_CUSTOM", stack: error.stack });
  });

  it("have no code where they have none", () => {
    expect(expectPlain(new TypeError("x"))).not.toHaveProperty("code");
    expect(expectPlain(Object.assign(new Error("x"), { code: 42 }))).not.toHaveProperty("code");
  });

  it("tell their causes", () => {
    const error = new Error("outer", { cause: new TypeError("middle", { cause: "the root" }) });
    const { stack } = expectPlain(error);
    expect(stack).toMatch(/outer[\s\S]*caused by TypeError: middle[\s\S]*caused by thrown value that is no Error: the root/);
  });

  it("tell a bounded number of causes, also where they go round", () => {
    const error = new Error("round");
    error.cause = error;
    expect(expectPlain(error).stack.match(/caused by/g)).toHaveLength(5);
  });

  it("have a stack to show where they lost theirs", () => {
    const error = new Error("bare");
    delete error.stack;
    expect(expectPlain(error).stack).toBe("Error: bare");
  });
});

describe("what is too long", () => {
  const LONG = 50 * 2 ** 20;
  const long = "x".repeat(LONG);
  const cause = (depth: number): Error => new Error(`${depth}`, depth === 0 ? {} : { cause: cause(depth - 1) });

  it.each<[string, unknown]>([
    ["a message", new Error(`cannot parse ${long}`)],
    ["a text that is thrown", long],
    ["an object that is thrown", { text: long, [`key ${long}`]: 1, list: Array<string>(1000).fill(long.slice(0, 1000)) }],
    ["a name", Object.assign(new Error("x"), { name: long })],
    ["a code", Object.assign(new Error("x"), { code: long })],
    ["a stack", Object.assign(new Error("x"), { stack: long })],
    ["the message of a cause", new Error("x", { cause: new Error(long) })],
    ["a cause that is no error", new Error("x", { cause: { long } })],
    ["causes without end", cause(1000)],
    ["what an AggregateError gathers", new AggregateError(Array<Error>(1000).fill(new Error(long)), "all failed")],
    ["a way of its own to be inspected", { [inspect.custom]: () => long }],
  ])("%s", (_name, thrown) => {
    const { name, message, code = "", stack } = expectPlain(thrown);
    expect(name.length).toBeLessThan(256);
    expect(code.length).toBeLessThan(256);
    expect(message.length).toBeLessThan(8192 + 64);
    expect(stack.length).toBeLessThan(16_384 + 64);
  });

  it("says how long it was, and leaves room for where it was thrown and for its cause", () => {
    const { message, stack } = expectPlain(new Error(`cannot parse ${long}`, { cause: new TypeError("not closed") }));
    expect(message).toMatch(/^cannot parse x+… \(52428813 characters\)$/);
    expect(stack).toMatch(
      /^Error: cannot parse x+… \(52428813 characters\)\n +at .*error-info\.test[\s\S]*caused by TypeError: not closed/,
    );
  });

  it("tells what an AggregateError gathers", () => {
    const errors = [new TypeError("first"), "second", new Error("third")];
    const { stack } = expectPlain(new AggregateError(errors, "all failed"));
    expect(stack).toMatch(
      /^AggregateError: all failed[\s\S]*gathers TypeError: first[\s\S]*no Error: second[\s\S]*gathers Error: third/,
    );
  });
});

const throwing = {
  get: (): never => {
    throw new Error("from a getter");
  },
};

describe("values that are no Error", () => {
  it.each([
    ["a string", "oops", "thrown value that is no Error: oops"],
    ["a number", 42, "thrown value that is no Error: 42"],
    ["undefined", undefined, "thrown value that is no Error: undefined"],
    ["null", null, "thrown value that is no Error: null"],
    ["an object", { status: 500 }, "thrown value that is no Error: { status: 500 }"],
    ["a symbol", Symbol("s"), "thrown value that is no Error: Symbol(s)"],
    ["a bigint", 1n, "thrown value that is no Error: 1n"],
  ])("%s", (_name, thrown, message) => {
    expect(expectPlain(thrown)).toEqual({ name: "NonError", message, stack: message });
  });

  it("that are circular, or have getters that throw", () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    expect(expectPlain(circular).message).toBe("thrown value that is no Error: <ref *1> { self: [Circular *1] }");
    expectPlain(Object.defineProperty({}, "x", { enumerable: true, ...throwing }));
  });

  it("that do not let themselves be inspected", () => {
    const thrown = { [inspect.custom]: throwing.get };
    expect(expectPlain(thrown).message).toBe("thrown value that cannot be read");
  });
});

describe("errors that resist", () => {
  it.each(["message", "stack", "name", "code", "cause"])("a getter of `%s` that throws", (field) => {
    expectPlain(Object.defineProperty(new Error("x"), field, throwing));
    // What can be read still is.
    if (field !== "message") expect(toErrorInfo(Object.defineProperty(new Error("told"), field, throwing)).message).toBe("told");
  });

  it.each(["message", "stack", "name"])("a `%s` that is no string", (field) => {
    for (const value of [() => {}, Symbol("s"), 42, null, undefined, {}, Object.create(null) as object]) {
      expectPlain(Object.defineProperty(new Error("x"), field, { value }));
    }
  });

  it("a cause that resists", () => {
    expectPlain(new Error("x", { cause: Object.defineProperty(new Error("y"), "stack", throwing) }));
  });

  it("a revoked proxy", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expectPlain(proxy);
  });

  it("a proxy of an error that throws for everything", () => {
    expectPlain(new Proxy(new Error("x"), { get: throwing.get, has: throwing.get }));
  });
});

describe("RemoteError", () => {
  it("stands for the error of the other thread, with its stack", () => {
    const original = new CustomError("there");
    const remote = new RemoteError(structuredClone(toErrorInfo(original)));
    expect(remote).toBeInstanceOf(Error);
    expect([remote.name, remote.message, remote.code, remote.stack]).toEqual([
      "CustomError",
      "there",
      "E_CUSTOM",
      original.stack,
    ]);
  });
});
