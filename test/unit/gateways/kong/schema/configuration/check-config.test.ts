// Which configurations fit a schema, and what is hidden when one is shown.
import { describe, expect, it } from "vitest";
import { checkConfig, redactConfig, unknownFields, withNewDefaults } from "../../../../../../src/gateways/kong/schema/index.js";

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
    [{ host: "abc", names: { a: "" } }, "a value of config.names has a length of 0, at least 1 is needed"],
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

type Case = readonly [attributes: Record<string, unknown>, fitting: unknown[], problem: string, others: unknown[]];
const strings = { type: "string" } as const;
const list = { type: "array", elements: strings } as const;
const UUID = "5b8ab9c5-1c26-4E5b-9d3b-7ed8e6fa6d05";

describe("a value", () => {
  it.each<Case>([
    [{ ...strings, eq: "a" }, ["a"], 'is not "a"', ["b"]],
    [{ type: "boolean", eq: true }, [true], "is not true", [false]],
    [{ ...strings, ne: "a" }, ["b"], 'must not be "a"', ["a"]],
    [{ ...strings, not_one_of: ["a", "b"] }, ["c"], 'must be none of "a", "b"', ["a", "b"]],
    [{ type: "number", gt: 3 }, [3.5], "is not greater than 3", [3, -1]],
    [{ type: "integer", timestamp: true }, [1], "is no timestamp", [0, -1]],
    [{ ...strings, uuid: true }, [UUID], "is no UUID", [UUID.slice(1), `${UUID}0`, UUID.replaceAll("-", "_")]],
    [{ ...list, len_eq: 2 }, [["a", "b"]], "has a length of 1, not 2", [["a"]]],
    [
      { type: "map", keys: strings, values: strings, len_max: 1 },
      [{ a: "1" }],
      "has a length of 2, at most 1 is allowed",
      [{ a: "1", b: "2" }],
    ],
    [{ ...strings, starts_with: "/" }, ["/", "/a"], 'does not start with "/"', ["a", " /"]],
    [{ ...strings, match: "^%d+$" }, ["12"], 'does not match the pattern "^%d+$"', ["1a", "x"]],
    [{ ...strings, not_match: "%s" }, ["a"], 'must not match the pattern "%s"', ["a b"]],
    [{ ...strings, match_none: [{ pattern: "%s" }, { pattern: "^_", err: "starts with _" }] }, ["a"], "starts with _", ["_a"]],
    [
      { ...strings, match_all: [{ pattern: "%l", err: "lacks a letter" }, { pattern: "%d" }] },
      ["a1"],
      "lacks a letter",
      ["1", "A1"],
    ],
    [{ ...strings, match_any: { patterns: ["^a", "^b"] } }, ["a", "b"], 'matches none of the patterns "^a", "^b"', ["c"]],
    [{ ...strings, match_any: { patterns: ["^a"], err: "is no a" } }, ["a"], "is no a", ["c"]],
    [{ ...list, contains: "x" }, [["a", "x"]], 'does not contain "x"', [["a"], []]],
    [
      { ...list, mutually_exclusive_subsets: [["a", "b"], ["c"]] },
      [["a", "b"], ["c"], [], ["other", "c"]],
      'mixes what excludes each other: ["a", "b"], ["c"]',
      [["a", "c"]],
    ],
    [{ ...strings, match: "^a", err: "has to start with an a" }, ["a"], "has to start with an a", ["b"]],
    [{ type: "map", keys: { ...strings, match: "^x" }, values: strings }, [{ x1: "1" }], "a key of config.f", [{ a: "1" }]],
  ])("%j", (attributes, fitting, problem, others) => {
    const check = (value: unknown): string[] =>
      checkConfig([{ f: attributes }], { f: value }).map(({ path, reason }) => `${path} ${reason}`);
    for (const value of fitting) expect([value, check(value)]).toEqual([value, []]);
    for (const value of others) expect(check(value)).toEqual([expect.stringContaining(problem)]);
    for (const value of others) expect(check(value)[0]).toContain("config.f");
  });

  it.each([
    ["a regular expression, whose dialect only the gateway knows", { ...strings, is_regex: true }, "("],
    ["a pattern that Lua refuses", { ...strings, match: "[" }, "a"],
    ["a reference that was not resolved", { ...strings, match: "^a", referenceable: true }, "{vault://env/key}"],
    [
      "attributes that are not written as Kong has them",
      { ...strings, one_of: 1, match_all: 2, match_any: 3, match_none: [4], len_min: "5" },
      "a",
    ],
  ])("is taken for %s", (_what, attributes, value) => {
    expect(checkConfig([{ f: attributes }], { f: value })).toEqual([]);
  });

  it("in a list is there", () => {
    expect(checkConfig([{ f: list }], { f: ["a", null] })).toEqual([{ path: "config.f[1]", reason: "is required" }]);
  });
});

describe("a record", () => {
  const record = {
    a: strings,
    b: strings,
    policy: strings,
    redis: { type: "record", fields: [{ host: strings }, { port: { type: "integer" } }] },
  };
  const reasons = (check: unknown, value: unknown): string[] =>
    checkConfig(
      [
        {
          r: {
            type: "record",
            fields: Object.entries(record).map(([name, field]) => ({ [name]: field })),
            entity_checks: [check],
          },
        },
      ],
      {
        r: value,
      },
    ).map(({ path, reason }) => `${path} ${reason}`);

  it.each<[check: unknown, fitting: unknown[], problem: string, others: unknown[]]>([
    [
      { at_least_one_of: ["a", "b"] },
      [{ a: "1" }, { a: "1", b: "1" }],
      'needs at least one of "a", "b"',
      [{}, { a: "" }, { a: null }],
    ],
    [
      { at_least_one_of: ["a", "redis.host"] },
      [{ redis: { host: "h" } }],
      'needs at least one of "a", "redis.host"',
      [{ redis: {} }],
    ],
    [{ only_one_of: ["a", "b"] }, [{ a: "1" }], 'needs exactly one of "a", "b"', [{}, { a: "1", b: "1" }]],
    [{ mutually_exclusive: ["a", "b"] }, [{}, { a: "1" }], 'may have only one of "a", "b"', [{ a: "1", b: "1" }]],
    [{ mutually_required: ["a", "b"] }, [{}, { a: "1", b: "1" }], 'needs all or none of "a", "b"', [{ a: "1" }]],
    [
      { distinct: ["a", "b"] },
      [{}, { a: "1", b: "2" }, { a: "", b: "" }],
      'needs different values in "a", "b"',
      [{ a: "1", b: "1" }],
    ],
    [
      { mutually_exclusive_sets: { set1: ["a"], set2: ["b", "policy"] } },
      [{ a: "1" }, { b: "1", policy: "1" }],
      'may have "a" or "b", "policy", not both',
      [{ a: "1", policy: "1" }],
    ],
    [
      {
        conditional: { if_field: "policy", if_match: { eq: "redis" }, then_field: "redis.host", then_match: { required: true } },
      },
      [{}, { policy: "local" }, { policy: "redis", redis: { host: "h" } }],
      'does not fit, given the value of "policy": redis.host is required',
      [{ policy: "redis" }, { policy: "redis", redis: {} }],
    ],
    [
      {
        conditional: {
          if_field: "a",
          if_match: { match: "^x" },
          then_field: "b",
          then_match: { len_min: 2 },
          then_err: "b is too short for %s",
        },
      },
      [{ a: "y", b: "1" }, { a: "x", b: "12" }, { a: "x" }],
      "b is too short for a",
      [{ a: "x", b: "1" }],
    ],
    [
      {
        conditional_at_least_one_of: {
          if_field: "policy",
          if_match: { one_of: ["redis"] },
          then_at_least_one_of: ["a", "b"],
          then_err: "must set one of %s when redis is used",
          else_match: { eq: "x" },
          else_then_at_least_one_of: ["redis"],
        },
      },
      [{}, { policy: "local" }, { policy: "redis", a: "1" }, { policy: "x", redis: { port: 1 } }],
      "must set one of 'a', 'b' when redis is used",
      [{ policy: "redis" }, { policy: "redis", redis: { port: 1 } }],
    ],
  ])("with %j", (check, fitting, problem, others) => {
    for (const value of fitting) expect([value, reasons(check, value)]).toEqual([value, []]);
    for (const value of others) expect([value, reasons(check, value)]).toEqual([value, [`config.r ${problem}`]]);
  });

  it("of which a check is not understood passes", () => {
    for (const check of [
      null,
      1,
      { at_least_one_of: "a" },
      { conditional: {} },
      { unknown: ["a"] },
      { custom_entity_check: {} },
      { constructor: [] },
    ])
      expect(reasons(check, {})).toEqual([]);
  });
});

it("a schema that is not understood checks nothing and breaks nothing", () => {
  const odd = [null, "x", { a: 1 }, { b: { type: 7 } }, { c: { type: "array", elements: "odd" } }, { d: { type: "record" } }];
  expect(checkConfig(odd, { a: 1, b: 2, c: [1], d: {} })).toEqual([]);
  expect(redactConfig(odd, { a: 1, b: 2, c: [1], d: { e: 1 } })).toEqual({ b: "(redacted)", c: ["(redacted)"], d: {} });
});

it("secrets are hidden at any depth, and so is what the schema does not have", () => {
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
    __seq__: 2,
  });
});

it.each([
  ["an array where a record is expected", { type: "record", fields: [{ a: { type: "string" } }] }, ["s"], "(redacted)"],
  ["a text where a record is expected", { type: "record", fields: [{ a: { type: "string" } }] }, "s", "(redacted)"],
  ["an object where an array is expected", { type: "array", elements: { type: "string" } }, { s: "s" }, "(redacted)"],
  ["a text where a number is expected", { type: "number" }, "s", "(redacted)"],
  ["an object where a text is expected", { type: "string" }, { s: "s" }, "(redacted)"],
  ["elements of another type", { type: "array", elements: { type: "integer" } }, [1, "s"], [1, "(redacted)"]],
  ["a field of a record that it does not have", { type: "record", fields: [{ a: { type: "string" } }] }, { s: "s" }, {}],
  ["a map without a word on its keys", { type: "map", values: { type: "integer" } }, { s: 1 }, { "(redacted 1)": 1 }],
  [
    "a map whose keys are secrets",
    { type: "map", keys: { type: "string", encrypted: true }, values: { type: "integer" } },
    { s: 1, t: 2 },
    { "(redacted 1)": 1, "(redacted 2)": 2 },
  ],
  ["an empty table of the other kind", { type: "array", elements: { type: "string" } }, {}, {}],
])("%s is hidden where the schema cannot tell", (_what, attributes, value, shown) => {
  expect(redactConfig([{ f: attributes }], { f: value, g: "s", __own__: { s: "s" } })).toEqual({ f: shown });
  expect(redactConfig([{ f: attributes }], "s")).toBe("(redacted)");
});

it("fields that are not in the schema any more are told, if they have a value, and never by a name inside", () => {
  const fields = [
    { deep: { type: "record", fields: [{ a: { type: "string" } }] } },
    { list: { type: "array", elements: { type: "record", fields: [] } } },
    { free: { type: "map", keys: { type: "string" }, values: { type: "string" } } },
  ];
  const told = (config: Record<string, unknown>): string[] =>
    unknownFields(fields, config).map(({ path, reason }) => `${path} ${reason}`);
  expect(told({ deep: { a: "x" }, free: { any: "x" }, list: [{}], gone: null, __seq__: 1, route_id: "r" })).toEqual([]);
  expect(told({ gone: 1, deep: { secret: 1 }, list: [{ secret: 1 }] })).toEqual([
    "config.gone is not in the schema any more",
    "config.deep has a field that is not in the schema any more",
    "config.list[0] has a field that is not in the schema any more",
  ]);
});

it("defaults of new fields are filled in, and of no others", () => {
  const before = [{ old: { type: "string", default: "o" } }, { deep: { type: "record", fields: [] } }];
  const after = [
    { old: { type: "string", default: "p" } },
    { fresh: { type: "array", elements: { type: "string" }, default: ["f"] } },
    { bare: { type: "string" } },
    { deep: { type: "record", fields: [{ inner: { type: "integer", default: 3 } }] } },
    { made: { type: "record", required: true, fields: [{ inner: { type: "integer", default: 4 } }] } },
  ];
  expect(withNewDefaults(before, after, {})).toEqual({ fresh: ["f"], made: { inner: 4 } });
  expect(withNewDefaults(before, after, { deep: {}, fresh: [], made: {} })).toEqual({ deep: { inner: 3 }, fresh: [], made: {} });
  const config = { old: "x" };
  expect(withNewDefaults(before, before, config)).toBe(config);
});
