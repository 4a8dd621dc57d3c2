// Whole objects both ways, against a second codec that reads coprocess.proto.
import { describe, expect, it } from "vitest";
import {
  decodeObject,
  encodeEvent,
  encodeObject,
  encodeRequestReply,
  encodeResponseReply,
  readEventPayload,
} from "../../../../../src/gateways/tyk/messages/index.js";
import { FULL } from "./objects.js";
import { peer, peerDecode, peerEncode } from "./peer.js";

/** Maps as plain objects and bytes in base64, as the peer gives and takes them. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Map) {
    const object: unknown = Object.fromEntries([...value].map(([key, each]) => [key, plain(each)]));
    return object;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

const plainFull = plain(FULL) as Record<string, unknown>;

describe("an object with every field", () => {
  it("is read by the other codec as it was written", () => {
    expect(peerDecode(encodeObject(FULL))).toEqual(plainFull);
  });

  it("is read as the other codec has written it", () => {
    expect(plain(decodeObject(peerEncode(plainFull)))).toMatchObject(plainFull);
  });

  it("keeps the order of maps and lists", () => {
    const { request, session } = decodeObject(encodeObject(FULL));
    expect([...(request?.headers.keys() ?? [])]).toEqual(["X-Request-Id", "Host", "__proto__", "7", "X-Umlaut"]);
    expect(session?.tags).toEqual(["t1", "t2"]);
  });

  it("has bytes that are a view of the message's", () => {
    const bytes = encodeObject(FULL);
    expect(decodeObject(bytes).response?.raw_body.buffer).toBe(bytes.buffer);
  });
});

describe("the table of fields", () => {
  it("has all fields of the file, and no other", () => {
    const names = (type: string): string[] => peer.lookupType(`coprocess.${type}`).fieldsArray.map(({ name }) => name);
    const { request, session, response } = decodeObject(encodeObject(FULL));
    expect(Object.keys(decodeObject(Buffer.alloc(0)))).toEqual(names("Object"));
    expect(Object.keys(request ?? {})).toEqual(names("MiniRequestObject"));
    expect(Object.keys(request?.return_overrides ?? {})).toEqual(names("ReturnOverrides"));
    expect(Object.keys(session ?? {})).toEqual(names("SessionState"));
    expect(Object.keys(session?.access_rights.get("") ?? {})).toEqual(names("AccessDefinition"));
    expect(Object.keys(response ?? {})).toEqual(names("ResponseObject"));
  });
});

describe("numbers", () => {
  const session = (fields: Record<string, unknown>): Buffer => peerEncode({ session: fields });

  it.each([0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, -1, -(2 ** 31), -(2 ** 53)])(
    "%d goes both ways in 64 bits",
    (value) => {
      expect(decodeObject(session({ quota_max: value })).session?.quota_max).toBe(value);
      expect(encodeObject({ session: { quota_max: value } })).toEqual(session({ quota_max: value }));
    },
  );

  it("the largest number of the wire stays the largest", () => {
    const { session: read } = decodeObject(session({ quota_max: "9223372036854775807" }));
    expect(encodeObject({ session: { quota_max: read?.quota_max } })).toEqual(session({ quota_max: "9223372036854775807" }));
  });

  it.each([Number.NaN, Infinity, -Infinity, 1e300, -0])("%d is a double", (value) => {
    expect(decodeObject(encodeObject({ session: { rate: value } })).session?.rate).toBe(value);
    expect(encodeObject({ session: { rate: value } })).toEqual(session({ rate: value }));
  });

  it("a list of doubles may come unpacked", () => {
    const double = (value: number): Buffer => {
      const bytes = Buffer.alloc(9, 0x09);
      bytes.writeDoubleLE(value, 1);
      return bytes;
    };
    const monitor = Buffer.concat([double(1.5), double(2)]);
    const state = Buffer.concat([Buffer.from([0xaa, 0x01, monitor.length]), monitor]);
    const bytes = Buffer.concat([Buffer.from([0x22, state.length]), state]);
    expect(decodeObject(bytes).session?.monitor?.trigger_limits).toEqual([1.5, 2]);
  });
});

describe("what proto3 leaves out", () => {
  it("is read as its default", () => {
    expect(decodeObject(Buffer.alloc(0))).toEqual({
      hook_type: 0,
      hook_name: "",
      request: undefined,
      session: undefined,
      metadata: new Map(),
      spec: new Map(),
      response: undefined,
    });
  });

  it("is not written, but for messages", () => {
    expect(encodeObject({ hook_name: "", spec: new Map(), request: { return_overrides: {} } }).toString("hex")).toBe("1a025200");
  });

  it("a message in two parts is one", () => {
    const parts = [{ request: { url: "/a", method: "GET" } }, { request: { url: "/b", return_overrides: {} } }];
    expect(decodeObject(Buffer.concat(parts.map(encodeObject))).request).toMatchObject({ url: "/b", method: "GET" });
  });
});

describe("texts and bytes of any size", () => {
  it.each([0, 1, 39, 40, 41, 127, 128, 511, 512, 4095, 4096, 70_000, 1_000_000])("%d bytes", (size) => {
    const text = "ü".repeat(size);
    const input = { request: { url: "x".repeat(size), body: text, raw_body: Buffer.alloc(size, 7) } };
    const { request } = decodeObject(encodeObject(input));
    expect(request?.url === input.request.url && request.body === text).toBe(true);
    expect(request?.raw_body.equals(input.request.raw_body)).toBe(true);
  });
});

describe("a reply", () => {
  it("of a request hook is the least that the gateway needs", () => {
    const reply = encodeRequestReply({
      url: "/t/get",
      method: "GET",
      rawBody: Buffer.alloc(0),
      setHeaders: new Map([["Foo", "Bar"]]),
    });
    const request = { set_headers: { Foo: "Bar" }, url: "/t/get", return_overrides: {}, method: "GET" };
    expect(peerDecode(reply)).toEqual({ request });
  });

  it("that ends the request says how", () => {
    const overrides = { response_code: 403, response_body: "no", override_error: true, headers: new Map([["A", "b"]]) };
    const reply = encodeRequestReply({ url: "/", method: "PUT", rawBody: Buffer.from("x"), overrides });
    const wanted = { url: "/", method: "PUT", raw_body: "eA==", return_overrides: plain(overrides) };
    expect(peerDecode(reply)).toEqual({ request: wanted });
  });

  it("of authentication has session and metadata", () => {
    const metadata = new Map([["token", "t"]]);
    const reply = encodeRequestReply({ url: "/", method: "GET", rawBody: Buffer.alloc(0), session: {}, metadata });
    expect(peerDecode(reply)).toMatchObject({ session: {}, metadata: { token: "t" } });
  });

  it("of a response hook has a request that parses", () => {
    const response = { status_code: 202, raw_body: Buffer.from("x"), multivalue_headers: [{ key: "A", values: ["1", "2"] }] };
    expect(peerDecode(encodeResponseReply({ url: "/t", response }))).toEqual({
      request: { url: "/t", return_overrides: {} },
      response: plain(response),
    });
  });

  it("with a large body is alone in its memory, which can be handed over", () => {
    const reply = encodeRequestReply({ url: "/", method: "GET", rawBody: Buffer.alloc(100_000) });
    expect(reply.buffer.byteLength).toBeLessThan(reply.length + 1024);
  });
});

describe("a value that a message cannot carry", () => {
  it.each([
    ["half a surrogate pair", { url: "/\ud800" }, "MiniRequestObject.url"],
    ["a number for a text", { url: 1 }, "MiniRequestObject.url"],
    ["a text for bytes", { raw_body: "x" }, "MiniRequestObject.raw_body"],
    ["an object for a map", { set_headers: { a: "b" } }, "MiniRequestObject.set_headers"],
    ["a number in a map", { set_headers: new Map([["a", 1]]) }, "MiniRequestObject.set_headers"],
    ["a text for a list", { delete_headers: "x" }, "MiniRequestObject.delete_headers"],
    ["a code with a fraction", { return_overrides: { response_code: 1.5 } }, "ReturnOverrides.response_code"],
    ["a code of more than 32 bits", { return_overrides: { response_code: 2 ** 31 } }, "ReturnOverrides.response_code"],
    ["a text for a flag", { return_overrides: { override_error: "yes" } }, "ReturnOverrides.override_error"],
    ["null for a message", { return_overrides: null }, "MiniRequestObject.return_overrides"],
  ])("%s is refused by its name", (_what, request, path) => {
    const encode = (): Buffer => encodeObject({ request } as never);
    expect(encode).toThrow(expect.objectContaining({ code: "COPROCESS_BAD_VALUE" }));
    expect(encode).toThrow(path);
  });

  it.each([Number.NaN, 0.5, 2 ** 64])("%d is no whole number of 64 bits", (quota_max) => {
    expect(() => encodeObject({ session: { quota_max } })).toThrow("SessionState.quota_max");
  });
});

it("an event is its payload", () => {
  expect(readEventPayload(encodeEvent('{"message":"ü"}'))).toBe('{"message":"ü"}');
  expect(readEventPayload(Buffer.alloc(0))).toBe("");
});
