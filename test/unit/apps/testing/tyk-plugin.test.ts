// testTykPlugin(): plugins run through the stand-in of the gateway, as each release treats their replies.
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { testTykPlugin } from "../../../../src/apps/testing/index.js";
import { definePlugin } from "../../../../src/gateways/kong/pdk/index.js";
import { defineTykPlugin } from "../../../../src/gateways/tyk/api/index.js";

/** The first and last patch releases that differ in what they make of response hooks, and the newest. */
const RELEASES = ["5.0.0", "5.0.3", "5.0.4", "5.3.8", "5.3.10", "5.3.11", "5.7.0", "5.8.6", "5.14.0"];

describe("request hooks", () => {
  const plugin = defineTykPlugin({
    pre: {
      addFooBar: (request) => request.headers.set("Foo", "Bar"),
      currentTime: (request, { respond }) =>
        request.query.get("get_time") === "1" ? respond(200, { current_time: "now" }) : undefined,
    },
    post: (request, { config }) => {
      request.query.set("added", String(config["greeting"]));
      request.body = request.text().toUpperCase();
    },
  });

  it("change what the upstream gets", async () => {
    const t = await testTykPlugin(plugin, {
      config: { greeting: "hello" },
      request: { method: "POST", path: "/x?a=1&a=2", body: "hi" },
    });
    const { response, upstreamRequest, errors } = await t.run();
    expect([response.status, errors]).toEqual([200, []]);
    expect(upstreamRequest).toMatchObject({ method: "POST", path: "/x", rawQuery: "a=1&a=2&added=hello", text: "HI" });
    expect(upstreamRequest?.headers["foo"]).toBe("Bar");
    expect(t.functions).toEqual(["pre/addFooBar", "pre/currentTime", "post/post"]);
  });

  it("end a request", async () => {
    const t = await testTykPlugin(plugin);
    const { response, upstreamRequest } = await t.run({ path: "/?get_time=1" });
    expect([response.status, response.headers["content-type"], response.json()]).toEqual([
      200,
      "application/json",
      { current_time: "now" },
    ]);
    expect(upstreamRequest).toBeUndefined();
    expect((await t.run()).upstreamRequest?.path).toBe("/");
  });

  it("fail closed, and say what they threw", async () => {
    const t = await testTykPlugin(defineTykPlugin({ pre: (request) => request.headers.set("Host", "x") }));
    const { response, upstreamRequest, errors } = await t.run();
    expect([response.status, upstreamRequest]).toEqual([500, undefined]);
    expect(errors).toMatchObject([{ code: "TYK_NOT_CARRIED" }]);
  });
});

describe("authCheck", () => {
  const plugin = defineTykPlugin({
    authCheck: (request, { deny, session }) =>
      request.headers.get("authorization") === "abc" ? session({ alias: "abc-session", cacheFor: "60s" }) : deny(403, "no"),
    post: (request, { session }) => request.headers.set("X-Alias", session?.alias ?? ""),
    events: { AuthFailure: (event, { log }) => log.warn("refused", { path: event.path }) },
  });

  it("accepts a key, whose session the later hooks see", async () => {
    const { response, upstreamRequest, session } = await (await testTykPlugin(plugin)).run({ headers: { authorization: "abc" } });
    expect([response.status, upstreamRequest?.headers["x-alias"], session?.session.alias]).toEqual([
      200,
      "abc-session",
      "abc-session",
    ]);
    expect(session?.token).toMatch(/^[0-9a-f]{64}$/);
  });

  it("refuses one with the gateway's page and event", async () => {
    const { response, events, logs, upstreamRequest } = await (await testTykPlugin(plugin)).run();
    expect([response.status, response.json(), upstreamRequest]).toEqual([403, { error: "no" }, undefined]);
    expect(events).toMatchObject([{ type: "AuthFailure" }]);
    expect(logs).toMatchObject([{ level: "warn", message: expect.stringContaining('refused {"api_id":"test"') as unknown }]);
  });

  it("is not called with a session of another method, and for id extractors that have one", async () => {
    let calls = 0;
    const counting = defineTykPlugin({
      authCheck: (_request, { session }) => {
        calls += 1;
        return session({ cacheFor: "60s" });
      },
      postAuthCheck: (request, { session }) => request.headers.set("X-Alias", session?.alias ?? ""),
    });
    const other = await testTykPlugin(counting, { session: { alias: "other" } });
    expect((await other.run()).upstreamRequest?.headers["x-alias"]).toBe("other");
    expect(calls).toBe(0);
    const idExtractor = { from: "header", with: "value", headerName: "Authorization" } as const;
    const t = await testTykPlugin(counting, { api: { idExtractor }, request: { headers: { authorization: "abc" } } });
    for (let i = 0; i < 3; i += 1) expect((await t.run()).response.status).toBe(200);
    expect(calls).toBe(1);
  });
});

describe.each(RELEASES)("a response hook with gateway %s", (gatewayVersion) => {
  const carriesAll = !gatewayVersion.startsWith("5.0.0") && !gatewayVersion.startsWith("5.0.3");
  const upstream = { headers: { "Set-Cookie": ["a=1", "b=2"], "X-Secret": "s" }, body: "up" };
  const cookies = carriesAll ? ["a=1", "b=2"] : "a=1";

  it("keeps every header that it does not touch", async () => {
    const t = await testTykPlugin(defineTykPlugin({ response() {} }), { gatewayVersion, upstream });
    const { response } = await t.run();
    expect([response.headers["set-cookie"], response.headers["x-secret"], response.text]).toEqual([cookies, "s", "up"]);
  });

  it("deletes, adds and sets, with a body of another length", async () => {
    const plugin = defineTykPlugin({
      response(response) {
        response.headers.delete("x-secret");
        response.headers.set("x-new", "1");
        response.status = 202;
        response.body = { message: "a longer body" };
      },
    });
    const { response, errors } = await (await testTykPlugin(plugin, { gatewayVersion, upstream })).run();
    expect(errors).toEqual([]);
    expect(response.headers).toMatchObject({ "set-cookie": cookies, "x-new": "1", "content-length": "27" });
    expect([response.status, response.headers["x-secret"], response.json()]).toEqual([
      202,
      undefined,
      { message: "a longer body" },
    ]);
  });

  it("adds a second value, or says that the gateway cannot", async () => {
    const plugin = defineTykPlugin({ response: ({ headers }) => headers.append("Set-Cookie", "c=3") });
    const { response, errors } = await (await testTykPlugin(plugin, { gatewayVersion, upstream })).run();
    if (carriesAll) expect(response.headers["set-cookie"]).toEqual(["a=1", "b=2", "c=3"]);
    else expect([response.status, errors]).toMatchObject([500, [{ code: "TYK_NOT_CARRIED" }]]);
  });

  it("reads and writes an encoded body", async () => {
    const plugin = defineTykPlugin({
      async response(response) {
        response.body = gzipSync((await response.decoded()).toString().toUpperCase());
        response.headers.set("Content-Encoding", "gzip");
      },
    });
    const encoded = { headers: { "Content-Encoding": "gzip" }, body: gzipSync("hello ".repeat(50)) };
    const { response } = await (await testTykPlugin(plugin, { gatewayVersion, upstream: encoded })).run();
    expect(gunzipSync(response.body).toString()).toBe("HELLO ".repeat(50));
  });
});

describe("endpoints and definitions", () => {
  it("are for paths below the listen path of the definition", async () => {
    const plugin = defineTykPlugin({
      endpoints: { "GET /get": async (_request, { respond, api }) => respond(200, (await api.definition()).name) },
    });
    const t = await testTykPlugin(plugin, { api: { listenPath: "/my/" }, definition: { name: "one" } });
    expect((await t.run({ path: "/my/get" })).response.text).toBe("one");
    expect((await t.run({ path: "/my/x/get" })).upstreamRequest?.path).toBe("/x/get");
  });
});

describe("what a test gets wrong", () => {
  it("is said", async () => {
    await expect(testTykPlugin({ pre() {} })).rejects.toMatchObject({ code: "TESTING_BAD_PLUGIN" });
    const plugin = defineTykPlugin({ pre() {} });
    await expect(testTykPlugin(plugin, { gatewayVersion: "2.0" })).rejects.toMatchObject({ code: "TESTING_BAD_OPTION" });
    await expect(testTykPlugin(plugin, { session: { rate: 1 } })).rejects.toMatchObject({ code: "TESTING_BAD_OPTION" });
    const t = await testTykPlugin(plugin, {
      upstream: () => {
        throw new Error("an expectation");
      },
    });
    await expect(t.run()).rejects.toThrow("an expectation");
  });

  it("runs init and dispose", async () => {
    const done: string[] = [];
    const plugin = defineTykPlugin({ pre() {}, init: () => void done.push("init"), dispose: () => void done.push("dispose") });
    await (await testTykPlugin(plugin)).dispose();
    expect(done).toEqual(["init", "dispose"]);
  });
});

describe("a plugin for Kong", () => {
  const logged: unknown[] = [];
  const plugin = definePlugin({
    version: "1.0.0",
    schema: [{ message: { type: "string", default: "hello" } }],
    async rewrite(kong) {
      await kong.ctx.shared.set("seen", "rewritten");
    },
    async access(kong, { message }) {
      if ((await kong.request.getHeader("x-key")) === "bad") return kong.response.exit(401, { message: "no" });
      await kong.response.setHeader("x-hello", `${message} ${String(await kong.ctx.shared.get("seen"))}`);
    },
    async log(kong) {
      logged.push(await kong.response.getStatus());
    },
  });

  it.each(["post", "post_key_auth", "auth_check"] as const)("runs with its access handler under %s", async (access) => {
    logged.length = 0;
    const t = await testTykPlugin(plugin, { name: "hello", access, config: { message: "hi" }, upstream: { status: 204 } });
    const { response, session, errors } = await t.run();
    expect([response.status, response.headers["x-hello"], errors]).toEqual([204, "hi rewritten", []]);
    expect(session === undefined).toBe(access !== "auth_check");
    expect(logged).toEqual([204]);
    expect((await t.run({ headers: { "x-key": "bad" } })).response.json()).toEqual({ message: "no" });
    expect(logged).toEqual([204, 401]);
  });

  it("is told what is wrong with its configuration, and what Tyk does not have", async () => {
    const t = await testTykPlugin(plugin as unknown, { config: { message: 7 } });
    const { response, errors } = await t.run();
    expect([response.status, String(errors[0])]).toEqual([500, expect.stringContaining("message")]);
    const other = await testTykPlugin(
      definePlugin({
        async access(kong) {
          await kong.node.getId();
        },
      }),
    );
    expect(String((await other.run()).errors[0])).toContain("kong.node");
  });
});
