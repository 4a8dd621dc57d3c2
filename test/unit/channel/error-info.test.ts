// Whatever a plugin throws becomes plain data that crosses threads, and never a second throw.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { RemoteError, toErrorInfo } from "../../../src/channel/index.js";

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
