// What the gateway answers, and what a plugin gets for it, by the declared kind of the function's result.
import { describe, expect, it } from "vitest";
import { type AnyKong, RecordedHost } from "../recorded-host.js";

type Bodies = "buffer" | "text";

/** What a call gives when the gateway answers `answer`. */
async function result(call: (kong: AnyKong) => Promise<unknown>, answer: unknown, bodies: Bodies = "buffer"): Promise<unknown> {
  let value: unknown = "not called";
  const recorded = RecordedHost.running(async (kong) => {
    value = await call(kong);
  }, bodies);
  const end = await recorded.play([answer]);
  expect(end.kind).toBe("return");
  return value;
}

const text = (kong: AnyKong): Promise<unknown> => kong.request.getHeader("x");
const bytes = (kong: AnyKong): Promise<unknown> => kong.request.getRawBody();
const multimap = (kong: AnyKong): Promise<unknown> => kong.request.getHeaders();
const record = (kong: AnyKong): Promise<unknown> => kong.router.getRoute();
const captures = (kong: AnyKong): Promise<unknown> => kong.request.getUriCaptures();
const anyValue = (kong: AnyKong): Promise<unknown> => kong.ctx.shared.get("x");

describe("nil", () => {
  it.each([
    ["text", text],
    ["bytes", bytes],
    ["multimap", multimap],
    ["record", record],
    ["captures", captures],
    ["value", anyValue],
  ])("is undefined for %s, absent or nil", async (_kind, call) => {
    expect(await result(call, undefined)).toBeUndefined();
    expect(await result(call, null)).toBeUndefined();
  });
});

describe("text", () => {
  it("is a string, and bytes where it is not UTF-8", async () => {
    expect(await result(text, "é")).toBe("é");
    expect(await result(text, Buffer.from([0xe9]))).toEqual(Buffer.from([0xe9]));
  });

  it("numbers and booleans are themselves", async () => {
    expect(await result((kong) => kong.client.getPort(), 8000)).toBe(8000);
    expect(await result((kong) => kong.ip.isTrusted("x"), false)).toBe(false);
    expect(await result((kong) => kong.request.getQueryArg("flag"), true)).toBe(true);
  });
});

describe("bodies", () => {
  it("are bytes, whether they came as str or as bin", async () => {
    expect(await result(bytes, "é")).toEqual(Buffer.from("é"));
    expect(await result(bytes, Buffer.from([0xff, 0x00]))).toEqual(Buffer.from([0xff, 0x00]));
    expect(await result(bytes, "")).toEqual(Buffer.alloc(0));
  });

  it("are text for plugins that want text, and bytes only where they are none", async () => {
    expect(await result(bytes, "é", "text")).toBe("é");
    const binary = Buffer.from([0xff]);
    expect(await result(bytes, binary, "text")).toEqual(binary);
  });
});

describe("maps of many values", () => {
  it("have a list for each name", async () => {
    const value = await result(multimap, { host: ["a"], accept: ["b", "c"], one: "d", flag: [] });
    expect(value).toEqual({ host: ["a"], accept: ["b", "c"], one: ["d"], flag: [] });
  });

  it("are empty where the gateway's empty table came as an array", async () => {
    expect(await result(multimap, [])).toEqual({});
    expect(await result(multimap, {})).toEqual({});
  });

  it("have no names but those that were sent", async () => {
    const value = (await result(multimap, { host: ["a"] })) as Record<string, unknown>;
    expect("constructor" in value).toBe(false);
    expect("toString" in value).toBe(false);
  });

  it("hold a header that is called __proto__", async () => {
    const value = (await result(multimap, new Map([["__proto__", ["x"]]]))) as Record<string, unknown>;
    expect(Object.entries(value)).toEqual([["__proto__", ["x"]]]);
    expect(Object.hasOwn(Object.prototype, "0")).toBe(false);
  });
});

describe("records", () => {
  it("are objects, also when empty", async () => {
    expect(await result(record, { id: "1", paths: ["/"] })).toEqual({ id: "1", paths: ["/"] });
    expect(await result(record, [])).toEqual({});
  });
});

describe("captures", () => {
  it("named and unnamed: the whole match is at 0", async () => {
    const value = await result(captures, {
      named: { id: "5" },
      unnamed: new Map<number, string>([
        [0, "/x/5"],
        [1, "5"],
      ]),
    });
    expect(value).toEqual({ named: { id: "5" }, unnamed: ["/x/5", "5"] });
  });

  it("unnamed without a whole match start at 1", async () => {
    expect(await result(captures, { named: [], unnamed: ["a", "b"] })).toEqual({ named: {}, unnamed: [undefined, "a", "b"] });
  });

  it("none at all", async () => {
    expect(await result(captures, { named: {}, unnamed: [] })).toEqual({ named: {}, unnamed: [] });
    expect(await result(captures, {})).toEqual({ named: {}, unnamed: [] });
  });
});

describe("any other value", () => {
  it("is what it was", async () => {
    for (const value of [1, "a", false, [1, [2]], { a: { b: [null] } }]) expect(await result(anyValue, value)).toEqual(value);
  });

  it("an array with a hole has it again", async () => {
    const value = await result(
      anyValue,
      new Map<number, string>([
        [1, "a"],
        [3, "c"],
      ]),
    );
    expect(value).toEqual(["a", undefined, "c"]);
  });

  it("a map with other keys is an object", async () => {
    expect(
      await result(
        anyValue,
        new Map<unknown, unknown>([
          [0, "a"],
          ["b", 2],
        ]),
      ),
    ).toEqual({ 0: "a", b: 2 });
    expect(await result(anyValue, new Map<unknown, unknown>([[-1, "a"]]))).toEqual({ "-1": "a" });
  });

  it("a far index makes no huge array", async () => {
    const value = await result(anyValue, new Map([[2_000_000_000, "a"]]));
    expect(value).toEqual({ 2000000000: "a" });
  });

  it("holes and integer keys are read the same inside of others", async () => {
    const sparse = new Map<number, string>([
      [1, "a"],
      [3, "c"],
    ]);
    expect(await result(anyValue, { list: sparse, deep: [{ list: sparse }] })).toEqual({
      list: ["a", undefined, "c"],
      deep: [{ list: ["a", undefined, "c"] }],
    });
  });
});
