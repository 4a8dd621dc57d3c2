import { describe, expect, it } from "vitest";
import { checkSchema } from "../../../../../src/gateways/kong/schema/check-schema.js";

const errorsOf = (fields: readonly unknown[]): string[] =>
  checkSchema(fields)
    .filter(({ severity }) => severity === "error")
    .map(({ path, reason }) => `${path}: ${reason}`);

const remarksOf = (fields: readonly unknown[], severity: string): string[] =>
  checkSchema(fields)
    .filter((problem) => problem.severity === severity)
    .map(({ path, reason }) => `${path}: ${reason}`);

describe("a schema that Kong takes", () => {
  it.each<[string, unknown[]]>([
    ["no fields", []],
    [
      "every scalar",
      [{ a: { type: "string" } }, { b: { type: "number" } }, { c: { type: "integer" } }, { d: { type: "boolean" } }],
    ],
    [
      "collections",
      [{ a: { type: "array", elements: { type: "string" } } }, { b: { type: "set", elements: { type: "integer" } } }],
    ],
    ["a map", [{ a: { type: "map", keys: { type: "string" }, values: { type: "number" } } }]],
    [
      "a record in a record",
      [{ a: { type: "record", fields: [{ b: { type: "record", fields: [{ c: { type: "string" } }] } }] } }],
    ],
    ["a record without fields, as Lua's empty table", [{ a: { type: "record", fields: {} } }]],
    ["validators", [{ a: { type: "string", match: "^a", len_min: 1, len_max: 9, one_of: ["ab", "ac"], not_match: "x" } }]],
    ["patterns", [{ a: { type: "string", match_all: [{ pattern: "a", err: "no a" }], match_any: { patterns: ["b", "c"] } } }]],
    ["limits", [{ a: { type: "integer", between: [1, 9], default: 3 } }, { b: { type: "number", gt: 0 } }]],
    [
      "defaults that fit",
      [
        { a: { type: "array", elements: { type: "string" }, default: [] } },
        { b: { type: "map", keys: { type: "string" }, values: { type: "string" }, default: {} } },
      ],
    ],
    ["an empty default where it is allowed", [{ a: { type: "string", len_min: 0, default: "" } }]],
    ["null, which is nothing", [{ a: { type: "string", default: null, one_of: null } }]],
    [
      "checks over several fields",
      [
        {
          r: {
            type: "record",
            fields: [{ a: { type: "string" } }, { b: { type: "string" } }],
            entity_checks: [{ at_least_one_of: ["a", "b"] }],
          },
        },
      ],
    ],
  ])("%s", (_case, fields) => {
    expect(checkSchema(fields)).toEqual([]);
  });
});

describe("a schema that Kong refuses", () => {
  it.each<[string, unknown, RegExp]>([
    ["an unknown type", { a: { type: "strnig" } }, /^config\.a: has the type "strnig".*did you mean "string"\?$/],
    ["a type that is no text", { a: { type: 3 } }, /^config\.a: has the type 3/],
    ["no type", { a: {} }, /^config\.a: has no type/],
    ["no definition", { a: "string" }, /^config\.a: must be an object/],
    ["an unknown attribute", { a: { type: "string", requird: true } }, /^config\.a: .*"requird".*did you mean "required"\?$/],
    ["an attribute of JavaScript's own", { a: { type: "string", constructor: 1 } }, /"constructor"/],
    ["an array without elements", { a: { type: "array" } }, /^config\.a: is an array and does not say its "elements"$/],
    ["a set without elements", { a: { type: "set" } }, /is a set .*"elements"/],
    ["a map without keys", { a: { type: "map", values: { type: "string" } } }, /is a map .*"keys"/],
    ["a map without values", { a: { type: "map", keys: { type: "string" } } }, /is a map .*"values"/],
    ["a record without fields", { a: { type: "record" } }, /is a record .*"fields"/],
    [
      "fields that are no list",
      { a: { type: "record", fields: { b: { type: "string" } } } },
      /^config\.a: its fields must be a list/,
    ],
    ["two fields in one", { a: { type: "string" }, b: { type: "string" } }, /^config\.fields\[0\]: .*2 keys \(a, b\)/],
    ["a field without a name", { "": { type: "string" } }, /^config\.fields\[0\]: has no name/],
    [
      "an element of unknown type",
      { a: { type: "array", elements: { type: "text" } } },
      /^config\.a\.elements: has the type "text"/,
    ],
    [
      "a field deep inside",
      {
        a: {
          type: "record",
          fields: [
            { b: { type: "map", keys: { type: "string" }, values: { type: "record", fields: [{ c: { type: "int" } }] } } },
          ],
        },
      },
      /^config\.a\.b\.values\.c: has the type "int"/,
    ],
    [
      "an attribute of another type",
      { a: { type: "boolean", one_of: [true] } },
      /^config\.a: is of the type boolean, for which Kong has no "one_of"/,
    ],
    ["a length of a number", { a: { type: "integer", len_eq: 3 } }, /no "len_eq"/],
    ["limits of a text", { a: { type: "string", between: [1, 2] } }, /no "between"/],
    ["a pattern on a list", { a: { type: "array", elements: { type: "string" }, match: "a" } }, /no "match"/],
    [
      "required that is no boolean",
      { a: { type: "string", required: "yes" } },
      /^config\.a: "required" must be a boolean, not "yes"$/,
    ],
    ["a length that is no integer", { a: { type: "string", len_min: 1.5 } }, /"len_min" must be an integer, not 1\.5/],
    ["one_of that is no list", { a: { type: "string", one_of: "a" } }, /"one_of" must be a list/],
    [
      "one_of of another type",
      { a: { type: "integer", one_of: [1, "2"] } },
      /^config\.a: "one_of" has the value "2", which is no integer$/,
    ],
    ["limits that are one", { a: { type: "integer", between: [1] } }, /"between" must be a list of two numbers/],
    [
      "a description that is too short",
      { a: { type: "string", description: "short" } },
      /"description" must have 10 to 500 characters, and has 5/,
    ],
    ["an empty pattern", { a: { type: "string", match: "" } }, /"match" must be a text/],
    ["patterns that are texts", { a: { type: "string", match_all: ["a"] } }, /"match_all" must be a list such as/],
    ["a validator in Lua", { a: { type: "string", custom_validator: "return true" } }, /"custom_validator" needs a Lua function/],
    [
      "an unknown check",
      { r: { type: "record", fields: [], entity_checks: [{ at_least_one: ["a"] }] } },
      /^config\.r\.entity_checks\[0\]: .*"at_least_one"/,
    ],
    ["a default of another type", { a: { type: "integer", default: "3" } }, /^config\.a: its default does not fit: default /],
    ["a default out of its limits", { a: { type: "integer", between: [1, 3], default: 4 } }, /its default does not fit/],
    ["a default that is not one of", { a: { type: "string", one_of: ["a"], default: "b" } }, /its default does not fit/],
    ["an empty text as a default", { a: { type: "string", default: "" } }, /default is an empty text, which needs len_min: 0/],
    [
      "an empty text in a default",
      { a: { type: "array", elements: { type: "string" }, default: ["x", ""] } },
      /default\[1\] is an empty text/,
    ],
    [
      "a list with a wrong element as a default",
      { a: { type: "array", elements: { type: "string" }, default: ["x", 1] } },
      /default\[1\]/,
    ],
    [
      "a default with a field that is not there",
      { r: { type: "record", fields: [{ a: { type: "string" } }], default: { b: "x" } } },
      /default\.b is not a field of the record/,
    ],
    [
      "no default at all for a required field",
      { a: { type: "string", required: true, default: null } },
      /its default is null, and it is required/,
    ],
  ])("%s", (_case, field, reason) => {
    const errors = errorsOf([field]);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(reason);
  });

  it("has a name twice, at the top and inside", () => {
    const twice = [{ a: { type: "string" } }, { a: { type: "number" } }];
    expect(errorsOf(twice)).toEqual(["config.a: comes twice: one of the two would be lost"]);
    expect(errorsOf([{ r: { type: "record", fields: twice } }])).toEqual([
      "config.r.a: comes twice: one of the two would be lost",
    ]);
  });

  it("names every fault, not the first alone", () => {
    expect(errorsOf([{ a: { type: "x" } }, { b: { type: "array" } }, { c: { type: "string", d: 1 } }])).toHaveLength(3);
  });
});

describe("a schema with remarks", () => {
  it.each<[string, unknown, RegExp]>([
    ["a name of the gateway's", { service_id: { type: "string" } }, /^config\.service_id: is a name that the gateway writes/],
    ["a length of an integer", { a: { type: "integer", len_min: 3 } }, /^config\.a: "len_min" has no meaning/],
    ["limits that allow nothing", { a: { type: "integer", between: [3, 1] } }, /^config\.a: "between" allows nothing/],
    [
      "a check of a field that is missing",
      { r: { type: "record", fields: [{ a: { type: "string" } }], entity_checks: [{ distinct: ["a", "z"] }] } },
      /names the field "z"/,
    ],
  ])("warns of %s", (_case, field, reason) => {
    expect(errorsOf([field])).toEqual([]);
    expect(remarksOf([field], "warning").join("\n")).toMatch(reason);
  });

  it.each<[string, unknown, string]>([
    [
      "a description",
      { a: { type: "string", description: "what it is for" } },
      'config.a: "description" needs Kong 3.4 or newer',
    ],
    ["a secret", { a: { type: "string", referenceable: true } }, 'config.a: "referenceable" needs Kong 2.8 or newer'],
    [
      "limits with fractions",
      { a: { type: "number", between: [0.5, 1] } },
      'config.a: "between" with fractions needs Kong 3.4 or newer',
    ],
    ["what Kong 3 has no more", { a: { type: "string", legacy: true } }, 'config.a: "legacy" is refused by Kong 3.0 and newer'],
  ])("notes that %s is not for every gateway", (_case, field, note) => {
    expect(checkSchema([field])).toHaveLength(1);
    expect(remarksOf([field], "note")).toEqual([note]);
  });
});
