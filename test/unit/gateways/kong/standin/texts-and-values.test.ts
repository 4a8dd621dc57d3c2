// The conversions between bytes, Lua values, queries, paths and bodies.

import { describe, expect, it } from "vitest";

import {
  ByteText,
  byteStringOf,
  textFromByteString,
  textFromBytes,
} from "../../../../../src/gateways/kong/pdk-functions/document/byte-text.js";
import { errorContentType } from "../../../../../src/gateways/kong/pdk-functions/document/error-responses.js";
import { argumentsFromWire, fromWire, luaJson } from "../../../../../src/gateways/kong/pdk-functions/document/lua-values.js";
import {
  formatQuery,
  parseQuery,
  queryMultiMap,
  queryTable,
} from "../../../../../src/gateways/kong/pdk-functions/document/query-string.js";
import { formatRequestBody, parseRequestBody } from "../../../../../src/gateways/kong/pdk-functions/document/request-body.js";
import { escapePath, normalizePath } from "../../../../../src/gateways/kong/pdk-functions/document/uri.js";

describe("text", () => {
  it("is a string where the bytes are UTF-8 and bytes where they are not", () => {
    expect(textFromByteString("caf\xc3\xa9")).toBe("café");
    expect(textFromByteString("caf\xe9")).toEqual(new ByteText(Buffer.from("caf\xe9", "latin1")));
    expect(byteStringOf("café")).toBe("caf\xc3\xa9");
    expect(byteStringOf(textFromBytes(Buffer.of(0xff)))).toBe("\xff");
  });
});

describe("values from the wire", () => {
  it("are what Lua sees", () => {
    expect(fromWire({ a: null, b: Buffer.from("x"), c: {}, d: [1, null] })).toEqual({ b: "x", c: [], d: [1, null] });
  });

  it("end, as arguments, at the first nil", () => {
    expect(argumentsFromWire([503, null, { "x-h": "1" }])).toEqual([503]);
    expect(argumentsFromWire({})).toEqual([]);
    expect(argumentsFromWire(undefined)).toEqual([]);
  });
});

describe("JSON", () => {
  it("escapes the slash, keeps bytes, and writes an empty table as it is told", () => {
    const value = { a: "/é", b: new ByteText(Buffer.of(0xff)), c: [] };
    expect(luaJson(value, { emptyTable: "{}" }).toString("latin1")).toBe('{"a":"\\/\xc3\xa9","b":"\xff","c":{}}');
    expect(luaJson([], { emptyTable: "[]" }).toString()).toBe("[]");
  });
});

describe("queries", () => {
  it.each([
    ["a=1&b=two%20words&b=3&flag&empty=", { a: ["1"], b: ["two words", "3"], flag: [], empty: [""] }],
    ["a=1&a", { a: ["1", true] }],
    ["=x&&", {}],
    ["a+b=c%2Bd", { "a b": ["c+d"] }],
    ["a=%zz", { a: ["%zz"] }],
    ["__proto__=1", JSON.parse('{"__proto__":["1"]}') as object],
  ])("%s", (query, expected) => {
    expect(queryMultiMap(parseQuery(query, 100))).toEqual(expected);
  });

  it("are limited", () => {
    expect(queryTable(parseQuery("x=1&y=2&z=3", 2))).toEqual({ x: "1", y: "2" });
  });

  it("are written in the order of their names", () => {
    expect(formatQuery({ c: true, b: ["2", "3"], a: "x y", d: false })).toBe("a=x%20y&b=2&b=3&c");
    expect(formatQuery(new Map([[1, "x"]]))).toBeUndefined();
  });
});

describe("paths", () => {
  it.each([
    ["/", "/"],
    ["/a/", "/a/"],
    ["/a/./b/../c//d", "/a/c/d"],
    ["/a/..", "/"],
    ["/../..", "/"],
    ["//", "/"],
    ["/a%2fb%41%ff", "/a%2FbA\xff"],
  ])("%s is %s", (path, expected) => expect(normalizePath(path)).toBe(expected));

  it("are escaped byte by byte", () => expect(escapePath("/other path/\xff%2F")).toBe("/other%20path/%FF%2F"));
});

describe("bodies", () => {
  it("are read by their type", () => {
    expect(parseRequestBody(Buffer.from('{"a":{},"b":null}'), "application/json; charset=utf-8", 100)).toEqual({
      a: [],
      b: null,
    });
    expect(parseRequestBody(Buffer.from("5"), "application/json", 100)).toBeUndefined();
    expect(parseRequestBody(Buffer.from("{broken"), "application/json", 100)).toBeUndefined();
    expect(parseRequestBody(Buffer.from("a=1&b&a=2"), "application/x-www-form-urlencoded", 100)).toEqual({
      a: ["1", "2"],
      b: true,
    });
    expect(parseRequestBody(Buffer.from("x"), "text/xml", 100)).toBeUndefined();
  });

  it("are written as multipart forms that read back", () => {
    const written = formatRequestBody({ a: "1", b: true }, 'multipart/form-data; boundary="XX"');
    expect(written?.contentType).toBe("multipart/form-data; boundary=XX");
    expect(parseRequestBody(written?.body ?? Buffer.alloc(0), written?.contentType ?? "", 100)).toEqual({ a: "1", b: "true" });
    expect(formatRequestBody({ a: "1" }, "text/plain")).toBeUndefined();
  });
});

describe("the format of errors", () => {
  it.each([
    ["", "application/json; charset=utf-8"],
    ["*/*", "application/json; charset=utf-8"],
    ["text/html", "text/html; charset=utf-8"],
    ["text/html;q=0.5, application/xml;q=0.9", "application/xml; charset=utf-8"],
    ["text/*", "text/plain; charset=utf-8"],
    ["image/png", "application/json; charset=utf-8"],
  ])("for Accept: %s is %s", (accept, expected) => expect(errorContentType([["Accept", accept]])).toBe(expected));
});
