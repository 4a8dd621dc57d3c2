// Which configurations fit a schema, and what is hidden when one is shown.
import { describe, expect, it } from "vitest";
import { checkConfig, redactConfig } from "../../../src/schema/index.js";

const FIELDS = [
  { host: { type: "string", required: true, len_min: 2, len_max: 5 } },
  { filled: { type: "string", required: true, default: "x" } },
  { port: { type: "integer", between: [1, 65535] } },
  { ratio: { type: "number", gt: 0 } },
  { on: { type: "boolean" } },
  { mode: { type: "string", one_of: ["a", "b"] } },
  { list: { type: "array", elements: { type: "number" } } },
  { names: { type: "map", keys: { type: "string" }, values: { type: "string", len_min: 1 } } },
  { deep: { type: "record", fields: [{ x: { type: "number", required: true } }] } },
];

const problems = (config: unknown): string[] => checkConfig(FIELDS, config).map(({ path, reason }) => `${path} ${reason}`);

describe("a configuration that fits", () => {
  it.each<[string, unknown]>([
    ["what is needed alone", { host: "abc" }],
    [
      "everything",
      { host: "abc", filled: "", port: 80, ratio: 0.5, on: false, mode: "b", list: [1, 2.5], names: { a: "b" }, deep: { x: 1 } },
    ],
    ["nulls for what is not set", { host: "abc", port: null, list: null, deep: null }],
    ["an empty list as an object, as Kong 2.0 sends it", { host: "abc", list: {} }],
    ["an empty map as an array", { host: "abc", names: [] }],
    ["the gateway's own fields", { host: "abc", __seq__: 1, __key__: "k", route_id: "r", unknown: { a: 1 } }],
  ])("%s", (_name, config) => {
    expect(problems(config)).toEqual([]);
  });
});

describe("a configuration that does not fit", () => {
  it.each<[unknown, string]>([
    [{}, "config.host is required"],
    [{ host: 5 }, "config.host is a number, not a string"],
    [{ host: "a" }, "config.host has a length of 1, at least 2 is needed"],
    [{ host: "abcdef" }, "config.host has a length of 6, at most 5 is allowed"],
    [{ host: "äöü" }, "config.host has a length of 6, at most 5 is allowed"],
    [{ host: "abc", port: 1.5 }, "config.port is a number, not an integer"],
    [{ host: "abc", port: 0 }, "config.port is not between 1 and 65535"],
    [{ host: "abc", ratio: 0 }, "config.ratio is not greater than 0"],
    [{ host: "abc", on: "yes" }, "config.on is a string, not a boolean"],
    [{ host: "abc", mode: "c" }, 'config.mode is none of "a", "b"'],
    [{ host: "abc", list: ["x"] }, "config.list[0] is a string, not a number"],
    [{ host: "abc", list: { a: 1 } }, "config.list is an object, not an array"],
    [{ host: "abc", names: { a: "" } }, "config.names.a has a length of 0, at least 1 is needed"],
    [{ host: "abc", deep: {} }, "config.deep.x is required"],
    [[1], "config is an array, not an object"],
    ["text", "config is a string, not an object"],
  ])("%j: %s", (config, problem) => {
    expect(problems(config)).toEqual([problem]);
  });

  it("is told field by field, without a value", () => {
    const found = problems({ host: ["secret"], port: "secret" });
    expect(found).toHaveLength(2);
    expect(found.join()).not.toContain("secret");
  });
});

it("a schema that is not understood checks nothing and breaks nothing", () => {
  const odd = [null, "x", { a: 1 }, { b: { type: 7 } }, { c: { type: "array", elements: "odd" } }, { d: { type: "record" } }];
  expect(checkConfig(odd, { a: 1, b: 2, c: [1], d: {} })).toEqual([]);
  expect(redactConfig(odd, { a: 1, b: 2, c: [1], d: { e: 1 } })).toEqual({ a: 1, b: 2, c: [1], d: { e: 1 } });
});

it("secrets are hidden at any depth, the rest is shown", () => {
  const secret = { type: "string", encrypted: true };
  const fields = [
    { key: secret },
    { url: { type: "string", referenceable: true } },
    { keys: { type: "array", elements: secret } },
    { users: { type: "map", keys: { type: "string" }, values: secret } },
    { deep: { type: "record", fields: [{ password: secret }, { user: { type: "string" } }] } },
  ];
  const config = {
    key: "s",
    url: "s",
    keys: ["s", "s"],
    users: { a: "s" },
    deep: { password: "s", user: "u" },
    other: 1,
    __seq__: 2,
  };
  expect(redactConfig(fields, config)).toEqual({
    key: "(redacted)",
    url: "(redacted)",
    keys: ["(redacted)", "(redacted)"],
    users: { a: "(redacted)" },
    deep: { password: "(redacted)", user: "u" },
    other: 1,
    __seq__: 2,
  });
});
