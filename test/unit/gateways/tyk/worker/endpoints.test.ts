// Endpoints of a plugin: functions by method and path, on one post hook.
import { describe, expect, it } from "vitest";
import type { Endpoints, TykConfig } from "../../../../../src/gateways/tyk/api/index.js";
import { readAsk } from "../../../../../src/gateways/tyk/messages/index.js";
import { readPlugin } from "../../../../../src/gateways/tyk/worker/index.js";
import { defineTykPlugin } from "../../../../../src/gateways/tyk/api/index.js";
import { HookHost, requestInput } from "./hook-host.js";

/** Each answers with its own pattern and its parameters. */
function host(...patterns: string[]): HookHost {
  const endpoints: Endpoints<TykConfig> = Object.fromEntries(
    patterns.map((pattern) => [pattern, (_request, { respond, params }) => respond(200, { pattern, params })]),
  );
  return new HookHost({ endpoints });
}

async function answer(of: HookHost, method: string, url: string, config = "{}"): Promise<unknown> {
  of.onAsk ??= (callId) => of.host.answer(callId, false, undefined);
  const { reply, error } = await of.run("post/endpoints", { object: { request: requestInput({ method, url }) }, config });
  if (error !== undefined) return error.message;
  const text = reply?.request?.return_overrides?.response_body ?? "";
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}
const LISTEN = '{"listen_path":"/my/"}';
const all = ["GET /get", "* /bar/{id}", "GET /bar/{id}/deep", "POST /files/*", "GET /caf\u00e9"];

describe("with the API's listen path", () => {
  it.each([
    ["GET", "/my/get", "GET /get", {}],
    ["GET", "/my/get/?x=1", "GET /get", {}],
    ["DELETE", "/my/bar/a%2Fb", "* /bar/{id}", { id: "a/b" }],
    ["GET", "/my/bar/1/deep", "GET /bar/{id}/deep", { id: "1" }],
    ["POST", "/my/files/a/b", "POST /files/*", { "*": "a/b" }],
    ["POST", "/my/files", "POST /files/*", { "*": "" }],
    ["GET", "/my/caf%C3%A9", "GET /caf\u00e9", {}],
  ])("%s %s is for %s", async (method, url, pattern, params) => {
    expect(await answer(host(...all), method, url, LISTEN)).toEqual({ pattern, params });
  });

  it.each([
    ["POST", "/my/get"],
    ["GET", "/my/x/get"],
    ["GET", "/my/getter"],
    ["GET", "/my/bar/"],
    ["GET", "/my/bar/1/2"],
    ["GET", "/myother/x"],
  ])("%s %s goes on to the upstream", async (method, url) => {
    expect(await answer(host(...all), method, url, LISTEN)).toBeUndefined();
  });

  it("the first that matches runs, and the root is a path", async () => {
    const two = host("GET /{any}", "GET /get", "GET /");
    expect(await answer(two, "GET", "/my/get", LISTEN)).toMatchObject({ pattern: "GET /{any}" });
    expect(await answer(two, "GET", "/my/", LISTEN)).toMatchObject({ pattern: "GET /" });
    expect(await answer(two, "GET", "/my", LISTEN)).toMatchObject({ pattern: "GET /" });
  });
});

describe("without one", () => {
  it("the end of the path counts, at a slash", async () => {
    expect(await answer(host(...all), "GET", "/any/prefix/get")).toMatchObject({ pattern: "GET /get" });
    expect(await answer(host(...all), "GET", "/any/target")).toBeUndefined();
    expect(await answer(host(...all), "POST", "/any/files/a")).toEqual({ pattern: "POST /files/*", params: { "*": "a" } });
  });
});

describe("with the API's definition", () => {
  it("its listen path counts, asked for once", async () => {
    const one = host("GET /get");
    one.onAsk = (callId, data) => {
      expect(readAsk(data)).toEqual({ ask: "definition", apiId: "api1" });
      one.host.answer(callId, false, Buffer.from('{"listenPath":"/my/"}'));
    };
    expect(await answer(one, "GET", "/my/get")).toMatchObject({ pattern: "GET /get" });
    expect(await answer(one, "GET", "/my/x/get")).toBeUndefined();
    expect(one.asks.length).toBe(1);
  });

  it("the call fails where the server should have it and has not: another path would be another function's", async () => {
    const one = host("GET /get");
    one.onAsk = (callId) => one.host.answer(callId, true, Buffer.from("there is no definition of this API: api1"));
    expect(await answer(one, "GET", "/my/get")).toMatch(/gives no definition: there is no definition of this API: api1/);
  });
});

describe("a list of endpoints", () => {
  it("takes regular expressions, whose groups are parameters", async () => {
    const one = new HookHost({
      endpoints: [
        { method: "get", path: /^\/v(?<major>\d+)\//, handler: (_request, { respond, params }) => respond(200, { params }) },
        { method: "*", path: "/x", handler: ({ headers }) => headers.set("X-Seen", "1") },
      ],
    });
    expect(await answer(one, "GET", "/my/v2/x", LISTEN)).toEqual({ params: { major: "2" } });
    const { reply } = await one.run("post/endpoints", { object: { request: requestInput({ url: "/my/x" }) }, config: LISTEN });
    expect(reply?.request?.set_headers).toEqual(new Map([["X-Seen", "1"]]));
  });
});

describe("what is no endpoint", () => {
  const refused = (endpoints: unknown): unknown => {
    try {
      return readPlugin({ default: defineTykPlugin({ endpoints } as never) });
    } catch (error) {
      return (error as Error).message;
    }
  };
  it.each([
    ["a path alone", { "/get": () => {} }, /endpoints\["\/get"\].*a method and a path/],
    ["no slash", { "GET get": () => {} }, /a method and a path/],
    ["no method", { "G@T /x": () => {} }, /"G@T" is no method/],
    ["part of a part", { "GET /x-{id}": () => {} }, /"x-\{id\}" is no part/],
    ["a star inside", { "GET /*/x": () => {} }, /"\*" is no part/],
    ["one name twice", { "GET /{a}/{a}": () => {} }, /has \{a\} twice/],
    ["no function", { "GET /x": 1 }, /its handler is a function, not 1/],
    ["none", {}, /it has none/],
    ["text", "GET /x", /functions by method and path/],
    ["an expression with a state", [{ method: "GET", path: /x/g, handler: () => {} }], /endpoints\[0\].*flag g or y/],
  ])("is refused: %s", (_what, endpoints, expected) => {
    expect(refused(endpoints)).toMatch(expected);
  });
});
