// What a plugin passes to a PDK function, and what the gateway is sent for it.
import { describe, expect, it } from "vitest";
import { type AnyKong, RecordedHost } from "../recorded-host.js";

/** The arguments as a gateway decodes them. */
async function sent(call: (kong: AnyKong) => unknown): Promise<unknown> {
  const recorded = RecordedHost.running(call);
  const end = await recorded.play();
  if (end.kind === "failure") throw Object.assign(new Error(end.error.message), { code: end.error.code });
  expect(recorded.calls()).toHaveLength(1);
  return recorded.calls()[0]?.args;
}

const args = (...values: unknown[]): Promise<unknown> => sent((kong) => kong.ctx.shared.set(...values));

describe("undefined", () => {
  it("at the end is dropped, elsewhere it is nil", async () => {
    expect(await args("key", undefined)).toEqual(["key"]);
    expect(await args("key", undefined, "more")).toEqual(["key", null, "more"]);
    await expect(args(undefined, "value")).rejects.toThrow("key is missing");
  });

  it("in an object is left out, in an array it is nil", async () => {
    expect(await args({ a: undefined, b: 1 })).toEqual([{ b: 1 }]);
    expect(await args([1, undefined, 3])).toEqual([[1, null, 3]]);
  });

  it("null is nil everywhere", async () => {
    expect(await args("key", null)).toEqual(["key", null]);
    expect(await args({ a: null })).toEqual([{ a: null }]);
  });
});

describe("values", () => {
  it("numbers, booleans and text are themselves", async () => {
    expect(await args(1, -1.5, true, "é", "")).toEqual([1, -1.5, true, "é", ""]);
  });

  it("a BigInt is an integer", async () => {
    expect(await args(2n ** 53n, 5n, -(2n ** 63n))).toEqual([2n ** 53n, 5, -(2n ** 63n)]);
  });

  it("bytes stay bytes, wherever they are", async () => {
    expect(await args(Buffer.from([0xff, 0]), { deep: [Buffer.from("x")] })).toEqual([
      Buffer.from([0xff, 0]),
      { deep: [Buffer.from("x")] },
    ]);
    expect(await args(new Uint8Array([1, 2]).buffer)).toEqual([Buffer.from([1, 2])]);
  });

  it("a view is just its own part of its buffer", async () => {
    const large = new Uint8Array([0, 1, 2, 3, 4, 5]);
    expect(await args(large.subarray(2, 4))).toEqual([Buffer.from([2, 3])]);
    expect(await args(Buffer.from("abcdef").subarray(1, 3))).toEqual([Buffer.from("bc")]);
  });

  it("a Date is its ISO text, and objects with toJSON what that gives", async () => {
    expect(await args(new Date(0), { toJSON: () => ({ a: 1 }) }, new URL("http://x.test/"))).toEqual([
      "1970-01-01T00:00:00.000Z",
      { a: 1 },
      "http://x.test/",
    ]);
  });

  it("a Map is a map, a Set an array", async () => {
    expect(
      await args(
        new Map<unknown, unknown>([
          ["a", 1],
          [2, new Set([3, 3])],
        ]),
      ),
    ).toEqual([{ a: 1, 2: [3] }]);
  });

  it("objects without a prototype, and of a class, are their own fields", async () => {
    class Point {
      x = 1;
      get y(): number {
        return 2;
      }
    }
    expect(await args(Object.assign(Object.create(null) as object, { a: 1 }), new Point())).toEqual([{ a: 1 }, { x: 1 }]);
  });

  it("values may be shared, as long as they are not circular", async () => {
    const shared = { a: 1 };
    expect(await args([shared, shared])).toEqual([[shared, shared]]);
  });

  it("are taken when the call is made, not when it is sent", async () => {
    const headers = { a: "1" };
    expect(
      await sent((kong) => {
        void kong.response.setHeaders(headers);
        headers.a = "2";
      }),
    ).toEqual([{ a: "1" }]);
  });
});

describe("what cannot be sent", () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = [circular];
  const circularMap = new Map<string, unknown>();
  circularMap.set("self", circularMap);

  it.each([
    ["a function", () => {}],
    ["a function inside", { callback: () => {} }],
    ["a symbol", Symbol("s")],
    ["a circular object", circular],
    ["a circular Map", circularMap],
    [
      "a toJSON that gives itself",
      {
        toJSON() {
          return this;
        },
      },
    ],
    ["a BigInt over 64 bits", 2n ** 64n],
    ["a BigInt over 64 bits inside", [{ a: -(2n ** 70n) }]],
    [
      "a getter that throws",
      {
        get a() {
          throw new Error("getter");
        },
      },
    ],
  ])("%s is a PdkError that names the function", async (_name, value) => {
    const made = sent((kong) => kong.ctx.shared.set("key", value));
    await expect(made).rejects.toMatchObject({
      code: "PDK_BAD_ARGUMENT",
      message: expect.stringContaining("kong.ctx.shared.set") as unknown,
    });
  });

  it("does not spoil the call after it", async () => {
    expect(
      await sent(async (kong) => {
        await kong.ctx.shared.set("a", 2n ** 64n).catch(() => {});
        await kong.ctx.shared.set("b", { c: 1 });
      }),
    ).toEqual(["b", { c: 1 }]);
  });
});

describe("kong.log", () => {
  const log = (...values: unknown[]): Promise<unknown> => sent((kong) => kong.log.info(...values));

  it("sends no more of a value than a gateway writes", async () => {
    const long = "x".repeat(50_000);
    const texts = (await log(long, { long }, new Error(long), long)) as string[];
    for (const text of texts) expect(text).toMatch(/^.{0,20}x{8000,8192}/);
    for (const text of texts) expect(text.length).toBeLessThan(8300);
    expect(await log(Buffer.from(long))).toEqual([Buffer.from("x".repeat(8192))]);
  });

  it("text, numbers, booleans and bytes are themselves", async () => {
    expect(await log("a", 1, false, Buffer.from("b"))).toEqual(["a", 1, false, Buffer.from("b")]);
  });

  it("objects are text: the gateway would write their address", async () => {
    expect(await log({ a: 1, b: [2] }, [1], new Map([["a", 1]]))).toEqual(["{ a: 1, b: [ 2 ] }", "[ 1 ]", "Map(1) { 'a' => 1 }"]);
  });

  it("nil in the middle is text: the gateway would stop there", async () => {
    expect(await log("a", undefined, null, "b", undefined)).toEqual(["a", "undefined", "null", "b"]);
  });

  it("an error is its stack", async () => {
    const error = new TypeError("bad");
    expect(await log("failed:", error)).toEqual(["failed:", error.stack]);
  });

  it("what could not be sent is text too", async () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const [object, fn, symbol] = (await log(circular, function named() {}, Symbol("s"))) as string[];
    expect(object).toContain("[Circular");
    expect(fn).toContain("named");
    expect(symbol).toBe("Symbol(s)");
    expect(await log(5n)).toEqual([5]);
  });

  it.each(["alert", "crit", "err", "warn", "notice", "info", "debug"])("%s does so", async (level) => {
    expect(await sent((kong) => (Reflect.get(kong.log, level) as AnyKong)({ a: 1 }))).toEqual(["{ a: 1 }"]);
  });
});

describe("kong.response.exit", () => {
  const exit = (...values: unknown[]): Promise<unknown> =>
    sent((kong) => {
      void kong.response.exit(...values);
    });

  it("without a body keeps its headers", async () => {
    expect(await exit(204, undefined, { a: "1" })).toEqual([204, "", { a: "1" }]);
    expect(await exit(204, null, { a: "1" })).toEqual([204, null, { a: "1" }]);
  });

  it("without headers needs no body", async () => {
    expect(await exit(204)).toEqual([204]);
    expect(await exit(204, undefined)).toEqual([204]);
    expect(await exit(204, undefined, undefined)).toEqual([204]);
  });

  it("sends objects, text and bytes as what they are", async () => {
    expect(await exit(200, { a: 1 }, { b: ["1", "2"] })).toEqual([200, { a: 1 }, { b: ["1", "2"] }]);
    expect(await exit(200, Buffer.from([0xff]))).toEqual([200, Buffer.from([0xff])]);
  });
});
