// The body functions of `kong`: which calls they make, and what their errors say.
import { describe, expect, it } from "vitest";
import { type AnyKong, RecordedHost } from "../recorded-host.js";

interface Played {
  readonly value: unknown;
  readonly calls: readonly (readonly [unknown, unknown])[];
}

async function play(
  call: (kong: AnyKong) => Promise<unknown>,
  answers: readonly unknown[],
  bodies?: "buffer" | "text",
): Promise<Played> {
  let value: unknown;
  const recorded = RecordedHost.running(async (kong) => {
    value = await call(kong).catch((error: unknown) => error);
  }, bodies);
  await recorded.play(answers);
  return { value, calls: recorded.calls().map(({ method, args }) => [method, args] as const) };
}

const RAW = "kong.request.get_raw_body";
const HEADER = "kong.request.get_header";

describe("getRawBody", () => {
  it("without options is the gateway's, of any size", async () => {
    expect((await play((kong) => kong.request.getRawBody(), [Buffer.from("x")])).calls).toEqual([[RAW, [0]]]);
    expect((await play((kong) => kong.request.getRawBody(5), [Buffer.from("x")])).calls).toEqual([[RAW, [5]]]);
    expect((await play((kong) => kong.request.getRawBody({}), [Buffer.from("x")])).calls).toEqual([[RAW, [0]]]);
  });

  it("with maxSize asks for any that is small enough", async () => {
    const { value, calls } = await play((kong) => kong.request.getRawBody({ maxSize: 10 }), ["3", Buffer.from("abc")]);
    expect(value).toEqual(Buffer.from("abc"));
    expect(calls).toEqual([
      [HEADER, ["content-length"]],
      [RAW, [0]],
    ]);
  });

  it("does not let a larger one travel, and does not give one that told no size", async () => {
    const announced = await play((kong) => kong.request.getRawBody({ maxSize: 10 }), ["11"]);
    expect(announced.calls).toHaveLength(1);
    expect(announced.value).toMatchObject({ code: "PDK_BODY_TOO_LARGE", method: RAW });
    const chunked = await play((kong) => kong.request.getRawBody({ maxSize: 2 }), [undefined, Buffer.from("abc")]);
    expect(chunked.value).toMatchObject({ message: `${RAW} got no body: it has 3 bytes, and maxSize is 2` });
  });

  it.each([0, -1, Number.NaN, "5"])("refuses a maxSize of %s", async (maxSize) => {
    expect((await play((kong) => kong.request.getRawBody({ maxSize }), [])).value).toMatchObject({ code: "PDK_BAD_ARGUMENT" });
  });
});

describe("getBody", () => {
  it("parses by the request's type, or by that which is given", async () => {
    const json = await play((kong) => kong.request.getBody(), ["application/json", Buffer.from('{"a":{},"b":null}')]);
    expect(json.value).toEqual({ a: {}, b: null });
    expect(json.calls).toEqual([
      [HEADER, ["content-type"]],
      [RAW, [0]],
    ]);
    const form = await play(
      (kong) => kong.request.getBody("application/x-www-form-urlencoded", { maxSize: 9 }),
      ["3", Buffer.from("a=1")],
    );
    expect({ ...(form.value as object) }).toEqual({ a: "1" });
  });

  it("has nothing without a body and a type, and says what is wrong", async () => {
    expect((await play((kong) => kong.request.getBody(), [undefined, Buffer.alloc(0)])).value).toBeUndefined();
    const untyped = await play((kong) => kong.request.getBody(), [undefined, Buffer.from("x")]);
    expect(untyped.value).toMatchObject({ code: "PDK_BAD_BODY", method: "kong.request.get_body" });
    const broken = await play((kong) => kong.request.getBody(), ["application/json", Buffer.from("5")]);
    expect((broken.value as Error).message).toBe(
      "kong.request.get_body cannot read the body: content type application/json: it is JSON, but no object and no list",
    );
  });

  it("is the gateway's own for plugins of kong-js-pdk", async () => {
    const { value, calls } = await play((kong) => kong.request.getBody(), [{ a: "1" }], "text");
    expect(value).toEqual({ a: "1" });
    expect(calls).toEqual([["kong.request.get_body", []]]);
  });
});

describe("setBody", () => {
  it("sends the bytes and the type", async () => {
    const { value, calls } = await play((kong) => kong.service.request.setBody({ a: [], b: null }), ["application/json"]);
    expect(value).toBe(true);
    expect(calls).toEqual([
      [HEADER, ["content-type"]],
      ["kong.service.request.set_header", ["content-type", "application/json"]],
      ["kong.service.request.set_raw_body", [Buffer.from('{"a":[],"b":null}')]],
    ]);
  });

  it("names the type and the field that it cannot write", async () => {
    const { value, calls } = await play(
      (kong) => kong.service.request.setBody({ a: { b: 1 } }, "application/x-www-form-urlencoded"),
      [],
    );
    expect(value).toMatchObject({ code: "PDK_BAD_ARGUMENT" });
    expect((value as Error).message).toMatch(/content type application\/x-www-form-urlencoded: field a has a value/);
    expect(calls).toEqual([]);
    expect((await play((kong) => kong.service.request.setBody({ a: 1 }), [undefined])).value).toMatchObject({
      code: "PDK_BAD_ARGUMENT",
    });
    expect((await play((kong) => kong.service.request.setBody({ a: 1 }), ["text/xml"])).value).toMatchObject({
      code: "PDK_BAD_ARGUMENT",
    });
  });
});

describe("getBody with arguments of another order or kind", () => {
  it.each([
    ["options first", [{ maxSize: 10 }]],
    ["a number", [5]],
    ["a boolean", [true]],
  ])("is refused with an error that can be caught: %s", async (_name, args) => {
    for (const bodies of ["buffer", "text"] as const) {
      const { value, calls } = await play((kong) => kong.request.getBody(...args), [], bodies);
      expect(value).toMatchObject({ name: "PdkError", code: "PDK_BAD_ARGUMENT", method: "kong.request.get_body" });
      expect(calls).toEqual([]);
    }
  });
});
