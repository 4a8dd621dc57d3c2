// What a gateway does with the replies of request hooks, over real HTTP and gRPC.
import { afterEach, describe, expect, it } from "vitest";
import { Fixture, type Setting } from "./fixture.js";
import type { Fields, HookAnswer, HookCall } from "./scripted-server.js";

let t: Fixture | undefined;
afterEach(async () => {
  await t?.close();
  t = undefined;
});

const PRE = { pre: [{ name: "hook" }] };

async function start(setting: Setting = {}): Promise<Fixture> {
  t = await Fixture.start({ ...setting, api: { ...PRE, ...setting.api } });
  return t;
}

/** A hook that sends the object back with other fields in the request; undefined leaves one out. */
const changing =
  (change: (request: Fields) => Fields) =>
  (call: HookCall): HookAnswer => ({ ...call, request: { ...call.request, ...change(call.request) } });

const overriding = (overrides: Fields) => changing(() => ({ return_overrides: overrides }));

describe("a reply that is the call", () => {
  it("changes nothing", async () => {
    const { send, upstream } = withSend(await start());
    expect(await send("/t/get?x=1", { headers: ["X-A", "1"] })).toMatchObject({ status: 200, body: "up" });
    expect(upstream).toEqual([expect.objectContaining({ method: "GET", url: "/get?x=1", body: "" })]);
    expect(upstream[0]?.headers).toMatchObject({ "x-a": "1" });
  });
});

describe("a reply without", () => {
  it.each(["the request", "return_overrides"])("%s makes the gateway drop the client", async (what) => {
    const script = what === "the request" ? () => ({}) : changing(() => ({ return_overrides: undefined }));
    const { send, upstream } = withSend(await start({ script }));
    await expect(send("/t/get")).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(upstream).toEqual([]);
  });

  it.each([undefined, "", "other"])("a URL that can be read, such as %s, is a 500 of the gateway", async (url) => {
    const { send } = withSend(await start({ script: changing(() => ({ url })) }));
    const { status, body, headers } = await send("/t/get");
    expect([status, JSON.parse(body)]).toEqual([500, { error: "Middleware error" }]);
    expect(headers).toMatchObject({ "x-generator": "tyk.io", "content-type": "application/json" });
  });

  it("a method leaves the client's", async () => {
    const { send, upstream } = withSend(await start({ script: changing(() => ({ method: "" })) }));
    await send("/t/get", { method: "DELETE" });
    expect(upstream[0]?.method).toBe("DELETE");
  });

  it("raw_body has no body", async () => {
    const { send, upstream } = withSend(await start({ script: changing(() => ({ raw_body: undefined })) }));
    await send("/t/get", { method: "POST", body: "hello" });
    expect(upstream[0]).toMatchObject({ body: "" });
    expect(upstream[0]?.headers).toMatchObject({ "content-length": "0" });
  });
});

describe("the body", () => {
  it("is raw_body, and never body", async () => {
    const { send, upstream } = withSend(await start({ script: changing(() => ({ body: "changed" })) }));
    await send("/t/get", { method: "POST", body: "hello" });
    expect(upstream[0]?.body).toBe("hello");
  });

  it("is replaced with its length", async () => {
    const script = changing(() => ({ raw_body: Buffer.from("replaced") }));
    const { send, upstream } = withSend(await start({ script }));
    await send("/t/get", { method: "POST", body: "hello" });
    expect(upstream[0]).toMatchObject({ body: "replaced" });
    expect(upstream[0]?.headers).toMatchObject({ "content-length": "8" });
  });

  it("is in the call twice as text, and once with raw_body_only or where it is no text", async () => {
    const both = await start();
    await both.send("/t/get", { method: "POST", body: "hello" });
    await both.send("/t/get", { method: "POST", body: Buffer.from([0xff, 0xfe]) });
    expect(both.plugins.calls.map(({ request }) => [request["body"], request["raw_body"]])).toEqual([
      ["hello", Buffer.from("hello")],
      [undefined, Buffer.from([0xff, 0xfe])],
    ]);
    await both.close();
    const raw = await start({ api: { pre: [{ name: "hook", rawBodyOnly: true }] } });
    await raw.send("/t/get", { method: "POST", body: "hello" });
    expect(raw.plugins.calls[0]?.request).toMatchObject({ raw_body: Buffer.from("hello") });
    expect(raw.plugins.calls[0]?.request["body"]).toBeUndefined();
  });
});

describe("headers", () => {
  it("that are set replace all values of their name", async () => {
    const script = changing(() => ({ set_headers: { "x-multi": "one" } }));
    const { send, upstream, plugins } = withSend(await start({ script }));
    await send("/t/get", { headers: ["X-Multi", "1", "X-Multi", "2"] });
    expect(plugins.calls[0]?.request["headers"]).toMatchObject({ "X-Multi": "1", Host: "api.example" });
    expect(upstream[0]?.headers).toMatchObject({ "x-multi": "one" });
  });

  it("that are deleted are gone in any case of letters, and User-Agent is then the gateway's", async () => {
    const script = changing(() => ({ delete_headers: ["user-agent", "X-a"] }));
    const { send, upstream } = withSend(await start({ script }));
    await send("/t/get", { headers: ["User-Agent", "me", "X-A", "1"] });
    expect(upstream[0]?.headers).toMatchObject({ "user-agent": "Tyk/v5.14.0" });
    expect(upstream[0]?.headers).not.toHaveProperty("x-a");
  });

  it("that are deleted and set have the set value", async () => {
    const script = changing(() => ({ delete_headers: ["X-A"], set_headers: { "X-A": "new" } }));
    const { send, upstream } = withSend(await start({ script }));
    await send("/t/get", { headers: ["X-A", "old"] });
    expect(upstream[0]?.headers).toMatchObject({ "x-a": "new" });
  });

  it("cannot change the upstream's Host", async () => {
    const { send, upstream } = withSend(await start({ script: changing(() => ({ set_headers: { Host: "evil.example" } })) }));
    await send("/t/get");
    expect(upstream[0]?.headers["host"]).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it("that are not UTF-8 are a 500 without a call", async () => {
    const { send, plugins } = withSend(await start());
    expect((await send("/t/get", { headers: ["X-A", "caf\xe9"] })).status).toBe(500);
    expect((await send("/t/get", { headers: ["X-A", Buffer.from("café").toString("latin1")] })).status).toBe(200);
    expect(plugins.calls.map(({ request }) => (request["headers"] as Fields)["X-A"])).toEqual(["café"]);
  });
});

describe("the query", () => {
  it("is the old one less what is deleted plus what is added, in the order of names", async () => {
    const script = changing(() => ({ add_params: { a: "new" }, delete_params: ["b"] }));
    const { send, upstream, plugins } = withSend(await start({ script }));
    await send("/t/x?c=3&a=1&a=2&b=1");
    expect(plugins.calls[0]?.request["params"]).toEqual({ a: "1", b: "1", c: "3" });
    expect(upstream[0]?.url).toBe("/x?a=new&c=3");
  });

  it("of the URL is ignored, and its path is not", async () => {
    const { send, upstream } = withSend(await start({ script: changing(() => ({ url: "/t/other?added=1" })) }));
    await send("/t/x?b=1&b=2");
    expect(upstream[0]?.url).toBe("/other?b=1&b=2");
  });

  it("keeps its spelling where it means the same", async () => {
    const { send, upstream } = withSend(await start());
    await send("/t/x?b=%7E&a");
    expect(upstream[0]?.url).toBe("/x?b=%7E&a");
  });

  it("that is not UTF-8 is a 500 without a call", async () => {
    const { send, plugins } = withSend(await start());
    expect((await send("/t/get?a=%FF")).status).toBe(500);
    expect(plugins.calls).toEqual([]);
  });
});

describe("a path", () => {
  it.each([
    ["/other", "/other"],
    ["http://elsewhere/t/x", "/x"],
  ])("%s goes to the API's own upstream as %s", async (url, path) => {
    const { send, upstream } = withSend(await start({ script: changing(() => ({ url })) }));
    await send("/t/y");
    expect(upstream[0]?.url).toBe(path);
  });
});

describe("after a URL rewrite", () => {
  const rewritten = { pre: [], post: [{ name: "hook" }] };

  it("a hook sees and sets the target, and the query of its URL counts", async () => {
    const script = changing(() => ({ url: "/new?from=url", add_params: { a: "lost" } }));
    const rewrites = [{ pattern: /^\/old\/(\w+)/, to: "/target/$1?r=1" }];
    const { send, upstream, plugins } = withSend(await start({ api: { ...rewritten, rewrites }, script }));
    await send("/t/old/x?b=1");
    expect(plugins.calls[0]?.request["url"]).toBe("/target/x?r=1");
    expect(upstream[0]?.url).toBe("/new?from=url");
  });

  it("to an absolute URL, a hook that makes it a path fails the request", async () => {
    const absolute = async (change: (url: string) => string): Promise<[number, unknown]> => {
      const script = changing(({ url }) => ({ url: change(String(url)) }));
      const rewrites = [{ pattern: /^\/old/, to: "http://localhost:1/target" }];
      const fixture = await start({ api: { ...rewritten, rewrites }, script });
      const { status } = await fixture.send("/t/old");
      await fixture.close();
      return [status, fixture.plugins.calls[0]?.request["url"]];
    };
    expect(await absolute(() => "/new")).toEqual([500, "http://localhost:1/target"]);
    expect(await absolute((url) => `${url}/new`)).toEqual([500, "http://localhost:1/target"]);
  });
});

describe("a hook that answers", () => {
  const teapot = { response_code: 418, response_body: "short and stout", headers: { "X-Pot": "1", "Content-Type": "text/html" } };

  it("with 400 or more gets Tyk's error page and an event", async () => {
    const { send, events, upstream } = withSend(await start({ script: overriding(teapot) }));
    const { status, headers, body } = await send("/t/get");
    expect([status, body]).toEqual([418, '{\n    "error": "short and stout"\n}']);
    expect(headers).toMatchObject({ "x-pot": "1", "content-type": "application/json", "x-generator": "tyk.io" });
    expect(events.map(({ type }) => type)).toEqual(["AuthFailure"]);
    expect(upstream).toEqual([]);
  });

  it.each([
    ["text/xml", "text/xml"],
    ["application/xml; charset=utf-8", "application/xml"],
    ["application/soap+xml", "application/soap+xml"],
  ])("gets a page in XML for a request in %s, with its text as it is", async (type, expected) => {
    const { send } = withSend(await start({ script: overriding({ ...teapot, response_body: "a<b" }) }));
    const { headers, body } = await send("/t/get", { headers: ["Content-Type", type] });
    expect(headers["content-type"]).toBe(expected);
    expect(body).toBe('<?xml version = "1.0" encoding = "UTF-8"?>\n<error>a<b</error>\n');
  });

  it.each([
    ["5.8.13", "application/json"],
    ["5.8.14", "application/soap+xml"],
    ["5.12.1", "application/json"],
    ["5.13.0", "application/soap+xml"],
  ])("in %s gets a page in %s for a request in SOAP", async (version, expected) => {
    const { send } = withSend(await start({ version, script: overriding(teapot) }));
    expect((await send("/t/get", { headers: ["Content-Type", "application/soap+xml"] })).headers["content-type"]).toBe(expected);
  });

  it("has its text escaped as for JavaScript: an apostrophe breaks the JSON", async () => {
    const { send } = withSend(
      await start({ script: overriding({ ...teapot, response_body: 'don\'t\n<b> & "x" = \u00fc\u00a0' }) }),
    );
    expect((await send("/t/get")).body).toBe(
      '{\n    "error": "don\\\'t\\u000A\\u003Cb\\u003E \\u0026 \\"x\\" \\u003D \u00fc\\u00A0"\n}',
    );
  });

  it("with override_error is answered as it says, without an event", async () => {
    const script = overriding({ response_code: 418, response_body: "short", override_error: true });
    const { send, events } = withSend(await start({ script }));
    const { status, headers, body } = await send("/t/get");
    expect([status, body]).toEqual([418, "short"]);
    expect(headers).toMatchObject({ "content-type": "text/plain; charset=utf-8" });
    expect(headers).not.toHaveProperty("x-generator");
    expect(events).toEqual([]);
  });

  it.each([
    ['{"a":1}', "text/plain; charset=utf-8"],
    ["<html>", "text/html; charset=utf-8"],
    ['<?xml version="1.0"?>', "text/xml; charset=utf-8"],
  ])("with %s and no Content-Type gets the one that Go guesses", async (response_body, type) => {
    const { send } = withSend(await start({ script: overriding({ response_code: 200, response_body }) }));
    expect((await send("/t/get")).headers["content-type"]).toBe(type);
  });

  it("with nothing has no Content-Type", async () => {
    const { send } = withSend(await start({ script: overriding({ response_code: 403, override_error: true }) }));
    expect(await send("/t/get")).toMatchObject({
      status: 403,
      body: "",
      headers: expect.not.objectContaining({ "content-type": expect.anything() as string }) as object,
    });
  });

  it("with response_error has that in place of its body", async () => {
    const script = overriding({ response_code: 200, response_body: "body", response_error: "error" });
    const { send } = withSend(await start({ script }));
    expect((await send("/t/get")).body).toBe("error");
  });

  it("with 400 or more and no text says that the key is not authorised", async () => {
    const { send } = withSend(await start({ script: overriding({ response_code: 403 }) }));
    expect(JSON.parse((await send("/t/get")).body)).toEqual({ error: "Key not authorised" });
  });

  it.each([42, 1000])("with %i makes the gateway drop the client", async (response_code) => {
    const { send } = withSend(await start({ script: overriding({ response_code }) }));
    await expect(send("/t/get")).rejects.toThrow(/socket hang up|ECONNRESET/);
  });

  it.each([0, -1])("with %i goes on", async (response_code) => {
    const { send } = withSend(await start({ script: overriding({ response_code, response_body: "no" }) }));
    expect((await send("/t/get")).body).toBe("up");
  });

  it("in post ends the request: no response hook runs", async () => {
    const script = overriding({ response_code: 404, response_body: "none", override_error: true });
    const { send, plugins } = withSend(
      await start({ script, api: { pre: [], post: [{ name: "p" }], response: [{ name: "r" }] } }),
    );
    expect(await send("/t/get")).toMatchObject({ status: 404, body: "none" });
    expect(plugins.calls.map(({ hook_name }) => hook_name)).toEqual(["p"]);
    expect(t?.records).toEqual([{ apiId: "test", method: "GET", path: "/t/get", status: 404 }]);
  });
});

describe("two hooks", () => {
  const two = { pre: [{ name: "first" }, { name: "second" }] };

  it("run one after the other, and the second sees what the first set", async () => {
    const script = (call: HookCall): HookAnswer =>
      call.hook_name === "first" ? changing(() => ({ set_headers: { "x-a": "1" } }))(call) : call;
    const { send, plugins } = withSend(await start({ script, api: two }));
    await send("/t/get");
    expect(plugins.calls.map(({ hook_name }) => hook_name)).toEqual(["first", "second"]);
    expect(plugins.calls[1]?.request["headers"]).toMatchObject({ "X-A": "1" });
  });

  it("end with the first that answers", async () => {
    const { send, plugins } = withSend(await start({ script: overriding({ response_code: 200 }), api: two }));
    await send("/t/get");
    expect(plugins.calls).toHaveLength(1);
  });
});

describe("a call", () => {
  it("has the request, and neither session nor response", async () => {
    const { send, plugins } = withSend(
      await start({ api: { id: "shop", orgId: "acme", bundle: "a.zip", configData: { a: 1 } } }),
    );
    await send("/t/get?x=1", { headers: ["x-a", "1"] });
    expect(plugins.calls[0]).toEqual({
      hook_type: 1,
      hook_name: "hook",
      request: {
        headers: { Host: "api.example", "X-A": "1", Connection: "close" },
        url: "/t/get?x=1",
        params: { x: "1" },
        return_overrides: { response_code: -1 },
        method: "GET",
        request_uri: "/t/get?x=1",
        scheme: "http",
      },
      spec: { OrgID: "acme", APIID: "shop", bundle_hash: "bebeee37288e699f78f2e4d27ac4ceed", config_data: '{"a":1}' },
    });
  });

  it.each([
    ["4.0.14", { config_data: "{}" }],
    ["5.0.3", {}],
  ])("of %s has config_data where there is none: %j", async (version, expected) => {
    const { send, plugins } = withSend(await start({ version }));
    await send("/t/get");
    const { config_data } = plugins.calls[0]?.spec ?? {};
    expect(config_data === undefined ? {} : { config_data }).toEqual(expected);
    expect(plugins.calls[0]?.spec["bundle_hash"]).toBe("d41d8cd98f00b204e9800998ecf8427e");
  });
});

/** The fixture's parts, with `send` as a function of its own. */
function withSend(fixture: Fixture): Pick<Fixture, "plugins" | "upstream" | "events" | "log"> & { send: Fixture["send"] } {
  const { plugins, upstream, events, log } = fixture;
  return { plugins, upstream, events, log, send: (...sending) => fixture.send(...sending) };
}
