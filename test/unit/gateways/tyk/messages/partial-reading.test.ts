// The head that the main thread reads, and the view that an isolate reads from, say what the whole decoder says.
import { describe, expect, it } from "vitest";
import {
  decodeObject,
  encodeObject,
  type MiniRequestObject,
  readObjectHead,
  type SessionState,
  viewObject,
} from "../../../../../src/gateways/tyk/messages/index.js";
import { FULL } from "./objects.js";

const bytes = encodeObject(FULL);

describe("the head", () => {
  it("is hook, function and API", () => {
    expect(readObjectHead(bytes)).toEqual({
      hookType: "CustomKeyCheck",
      hookName: "auth:check",
      spec: {
        orgId: "org",
        apiId: "api1",
        bundleHash: "d41d8cd98f00b204e9800998ecf8427e",
        configData: '{"greeting":"hi"}',
      },
    });
  });

  it.each([
    [0, "Unknown"],
    [1, "Pre"],
    [2, "Post"],
    [3, "PostKeyAuth"],
    [4, "CustomKeyCheck"],
    [5, "Response"],
    [6, "Unknown"],
    [-1, "Unknown"],
  ])("hook type %d is %s", (hook_type, wanted) => {
    expect(readObjectHead(encodeObject({ hook_type })).hookType).toBe(wanted);
  });

  it("of an empty object has no names", () => {
    expect(readObjectHead(Buffer.alloc(0))).toEqual({
      hookType: "Unknown",
      hookName: "",
      spec: { orgId: "", apiId: "", bundleHash: "", configData: undefined },
    });
  });

  it.each([0, 1, 31, 33, 1000, 16_384, 16_385, 100_000])("has a configuration of %d letters each time anew", (size) => {
    for (const letter of ["a", "b", "ü", "a"]) {
      const config = letter.repeat(size);
      const head = readObjectHead(encodeObject({ spec: new Map([["config_data", config]]) }));
      expect(head.spec.configData === config).toBe(true);
    }
  });

  it("tells texts apart that differ in one byte anywhere", () => {
    const base = "x".repeat(200);
    for (let i = 0; i < base.length; i += 1) {
      const name = `${base.slice(0, i)}y${base.slice(i + 1)}`;
      expect(readObjectHead(encodeObject({ hook_name: name })).hookName).toBe(name);
    }
  });
});

describe("the view", () => {
  const view = viewObject(bytes);
  const whole = decodeObject(bytes);
  const request = view.part("request");
  const requestNames = Object.keys(whole.request ?? {}) as (keyof MiniRequestObject)[];

  it.each(requestNames)("has the request's %s", (name) => {
    expect(request?.get(name)).toEqual(whole.request?.[name]);
  });

  it("has session, metadata, spec and response", () => {
    expect(view.get("session")).toEqual(whole.session as SessionState);
    expect(view.get("metadata")).toEqual(whole.metadata);
    expect(view.get("spec")).toEqual(whole.spec);
    expect(view.part("response")?.get("multivalue_headers")).toEqual(whole.response?.multivalue_headers);
  });

  it("gives the same map each time", () => {
    expect(request?.get("headers")).toBe(request?.get("headers"));
  });

  it("knows what did not come", () => {
    const empty = viewObject(encodeObject({ request: { url: "/" } }));
    expect(empty.part("response")).toBeUndefined();
    expect(empty.has("session")).toBe(false);
    expect(empty.get("session")).toBeUndefined();
    expect(empty.part("request")?.has("raw_body")).toBe(false);
    expect(empty.part("request")?.get("raw_body")).toEqual(Buffer.alloc(0));
    expect(empty.part("request")?.get("headers")).toEqual(new Map());
  });

  it("puts the parts of a message together", () => {
    const parts = [{ request: { url: "/a", method: "GET" } }, { hook_name: "x" }, { request: { url: "/b" } }];
    const joined = viewObject(Buffer.concat(parts.map(encodeObject))).part("request");
    expect([joined?.get("url"), joined?.get("method")]).toEqual(["/b", "GET"]);
  });

  it("has the body as it lies in the message", () => {
    expect(request?.get("raw_body").buffer).toBe(bytes.buffer);
  });
});
