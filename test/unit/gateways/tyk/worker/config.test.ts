// config_data of API definitions: parsed once, frozen, checked by the plugin's own table or by a schema of a library.
import { describe, expect, it } from "vitest";
import { defineTykPlugin } from "../../../../../src/gateways/tyk/api/index.js";
import { gatewayWorker } from "../../../../../src/gateways/tyk/worker/index.js";
import { HookHost } from "./hook-host.js";

async function read(config: unknown, text: string): Promise<unknown> {
  let seen: unknown;
  const host = new HookHost({ config, pre: (_request, context) => void (seen = context.config) });
  const { error } = await host.run("pre", { config: text });
  return error === undefined ? seen : `${error.code}: ${error.message}`;
}

describe("config without a schema", () => {
  it("is the object in config_data, frozen", async () => {
    const config = (await read(undefined, '{"a":{"b":[1]},"__proto__":{"x":1}}')) as { a: { b: number[] } };
    expect(config.a.b).toEqual([1]);
    expect([Object.isFrozen(config), Object.isFrozen(config.a.b), "x" in config]).toEqual([true, true, false]);
    expect(await read(undefined, "{}")).toEqual({});
    expect(await read(undefined, "null")).toEqual({});
  });

  it.each(["[1]", "5", "{"])("is refused where it is %s", async (text) => {
    expect(await read(undefined, text)).toMatch(/TYK_CONFIG_INVALID: config_data of the API definition does not fit.*it is no/);
  });
});

const table = {
  greeting: { type: "string", default: "hello", maxLength: 10 },
  limit: { type: "integer", required: true, minimum: 1, maximum: 9 },
  mode: { type: "string", enum: ["fast", "safe"] },
  ratio: { type: "number" },
  on: { type: "boolean" },
  tags: { type: "array", items: { type: "string" } },
  redis: { type: "object", properties: { host: { type: "string", required: true }, port: { type: "integer", default: 6379 } } },
  weights: { type: "map", values: { type: "number" } },
  rest: { type: "any" },
};

describe("config by a table", () => {
  it("has its fields and defaults, and no others", async () => {
    const text = '{"limit":3,"redis":{"host":"h","x":1},"weights":{"__proto__":2},"rest":{"y":[null]},"foreign":1,"on":null}';
    const config = (await read(table, text)) as Record<string, Record<string, unknown>>;
    expect(JSON.parse(JSON.stringify(config))).toEqual({
      greeting: "hello",
      limit: 3,
      redis: { host: "h", port: 6379 },
      weights: JSON.parse('{"__proto__":2}') as unknown,
      rest: { y: [null] },
    });
    expect(Object.isFrozen(config["redis"])).toBe(true);
  });

  it.each([
    ["{}", "limit is missing"],
    ['{"limit":0}', "limit must be 1 at least, not 0"],
    ['{"limit":10}', "limit must be 9 at most, not 10"],
    ['{"limit":1.5}', "limit must be a whole number, not 1.5"],
    ['{"limit":1,"greeting":"much too long"}', 'greeting must be 10 characters at most, not "much too long"'],
    ['{"limit":1,"mode":"slow"}', 'mode must be one of "fast", "safe", not "slow"'],
    ['{"limit":1,"ratio":"1"}', 'ratio must be a number, not "1"'],
    ['{"limit":1,"on":1}', "on must be true or false, not 1"],
    ['{"limit":1,"tags":["a",1]}', "tags[1] must be text, not 1"],
    ['{"limit":1,"redis":{}}', "redis.host is missing"],
    ['{"limit":1,"weights":{"a":"b"}}', 'weights.a must be a number, not "b"'],
    ['{"limit":1,"redis":[]}', "redis must be an object, not a list"],
  ])("%s fails its calls: %s", async (text, reason) => {
    expect(await read(table, text)).toBe(
      `TYK_CONFIG_INVALID: config_data of the API definition does not fit the plugin: ${reason}`,
    );
  });

  it("reports the binding too", async () => {
    const host = new HookHost({ config: table, pre() {} });
    await host.run("pre", { config: "{}" });
    expect(host.bindingErrors.map(({ code }) => code)).toEqual(["TYK_CONFIG_INVALID"]);
  });

  it.each([
    [{ a: { type: "text" } }, /config.a is no plugin: its type is one of string, number.*not "text"/],
    [{ a: "string" }, /config.a.*a field is an object with a type/],
    [{ a: { type: "array" } }, /config.a.items/],
    [{ a: { type: "integer", default: "1" } }, /config.a.*default does not fit/],
    ["x", /config is no plugin/],
    [{ "~standard": {} }, /no function validate/],
  ])("is refused where it is none: %j", (config, expected) => {
    expect(() => gatewayWorker.define({ default: defineTykPlugin({ config, pre() {} } as never) }, "x")).toThrow(expected);
  });
});

describe("config by a schema of a library", () => {
  const schema = (validate: (value: unknown) => unknown) => ({ "~standard": { version: 1, vendor: "test", validate } });

  it("is what the schema makes of it", async () => {
    expect(
      await read(
        schema((value) => ({ value: { made: value } })),
        '{"a":1}',
      ),
    ).toEqual({ made: { a: 1 } });
  });

  it("fails with the schema's reasons", async () => {
    const issues = [{ message: "too small", path: ["a", { key: "b" }] }, { message: "no" }];
    expect(
      await read(
        schema(() => ({ issues })),
        "{}",
      ),
    ).toMatch(/a.b: too small; no$/);
    expect(
      await read(
        schema(() => Promise.reject(new Error("late"))),
        "{}",
      ),
    ).toMatch(/its schema is asynchronous/);
  });
});
