// What each release does with the reply of a response hook: headers with several values, lengths, failures.
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { type Answer, Fixture, type Setting } from "./fixture.js";
import type { Fields, HookAnswer, HookCall, Script } from "./scripted-server.js";

let t: Fixture | undefined;
afterEach(async () => {
  await t?.close();
  t = undefined;
});

const UPSTREAM = { headers: ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "X-Secret", "1"], body: "up" };

async function start(setting: Setting = {}): Promise<Fixture> {
  t = await Fixture.start({ upstream: UPSTREAM, ...setting, api: { response: [{ name: "hook" }], ...setting.api } });
  return t;
}

interface Header {
  key: string;
  values: string[];
}

/** Changes headers and multivalue_headers where they are. */
const changing =
  (change: (headers: Record<string, string>, all: Header[]) => Fields): Script =>
  (call: HookCall): HookAnswer => {
    const response = call.response as Fields;
    const headers = { ...(response["headers"] as Record<string, string>) };
    const all = ((response["multivalue_headers"] ?? []) as Header[]).map(({ key, values }) => ({ key, values: [...values] }));
    const changes = change(headers, all);
    return { ...call, response: { ...response, headers, ...(all.length === 0 ? {} : { multivalue_headers: all }), ...changes } };
  };

const setting = (all: Header[], key: string, values: string[]): void => {
  const at = all.findIndex((header) => header.key === key);
  all.splice(at === -1 ? all.length : at, at === -1 ? 0 : 1, { key, values });
};

async function ask(version: string, script: Script): Promise<Answer> {
  const fixture = await start({ version, script });
  const answer = await fixture.send("/t/x");
  await fixture.close();
  return answer;
}

const WITH_MULTIVALUE = ["5.0.4", "5.3.8", "5.3.10", "5.3.11", "5.7.0", "5.8.6", "5.14.0"];

describe("a reply that is the call", () => {
  it.each(WITH_MULTIVALUE)("keeps both cookies in %s", async (version) => {
    expect((await ask(version, (call) => call)).headers["set-cookie"]).toBe("a=1|b=2");
  });

  it.each(["4.0.14", "5.0.3", "5.1.0"])("loses one of two cookies in %s", async (version) => {
    expect((await ask(version, (call) => call)).headers["set-cookie"]).toBe("a=1");
  });
});

describe("a reply that changes headers alone", () => {
  const deleting = changing((headers) => (delete headers["X-Secret"], {}));

  it.each([
    ["5.14.0", "a=1|b=2"],
    ["5.3.11", "a=1|b=2"],
    ["5.3.10", "a=1"],
    ["5.0.4", "a=1"],
  ])("deletes one in %s, and leaves the cookies %s", async (version, cookies) => {
    const { headers } = await ask(version, deleting);
    expect(headers).not.toHaveProperty("x-secret");
    expect(headers["set-cookie"]).toBe(cookies);
  });

  it.each([
    ["5.14.0", "a=1|b=2"],
    ["5.3.8", "a=1"],
  ])("adds one in %s, and leaves the cookies %s", async (version, cookies) => {
    const { headers } = await ask(
      version,
      changing((own) => ((own["x-new"] = "1"), {})),
    );
    expect(headers).toMatchObject({ "x-new": "1", "set-cookie": cookies });
  });

  it("makes two of one name in another case of letters", async () => {
    const { headers } = await ask(
      "5.14.0",
      changing((own) => ((own["x-secret"] = "2"), {})),
    );
    expect(headers["x-secret"]?.split("|").sort()).toEqual(["1", "2"]);
  });

  it("replaces the first value", async () => {
    const { headers } = await ask(
      "5.14.0",
      changing((own) => ((own["Set-Cookie"] = "c=3"), {})),
    );
    expect(headers["set-cookie"]).toBe("c=3|b=2");
  });
});

describe("a reply that leaves headers as they came and changes multivalue_headers", () => {
  it.each(WITH_MULTIVALUE)("is right in %s", async (version) => {
    const script = changing((_, all) => {
      all.splice(
        all.findIndex(({ key }) => key === "X-Secret"),
        1,
      );
      setting(all, "X-New", ["1", "2"]);
      setting(all, "Content-Length", ["8"]);
      return { raw_body: Buffer.from("new body") };
    });
    const { headers, body, isCut } = await ask(version, script);
    expect(headers).toMatchObject({ "set-cookie": "a=1|b=2", "x-new": "1|2", "content-length": "8" });
    expect(headers).not.toHaveProperty("x-secret");
    expect([body, isCut]).toEqual(["new body", false]);
  });
});

describe("another body", () => {
  const longer = changing(() => ({ raw_body: Buffer.from("new body"), status_code: 202, body: "ignored" }));

  it("is raw_body and never body, with a length of its own", async () => {
    const { status, body, headers } = await ask("5.14.0", longer);
    expect([status, body, headers["content-length"]]).toEqual([202, "new body", "8"]);
  });

  it.each([
    ["5.3.8", "2"],
    ["5.7.0", "2"],
  ])("is broken in %s, under the upstream's length", async (version, length) => {
    const { headers, body, isCut } = await ask(version, longer);
    expect([headers["content-length"], body, isCut]).toEqual([length, "", true]);
  });

  it("that is shorter is cut in 5.3.8", async () => {
    const { headers, body, isCut } = await ask(
      "5.3.8",
      changing(() => ({ raw_body: Buffer.from("n") })),
    );
    expect([headers["content-length"], body, isCut]).toEqual(["2", "n", true]);
  });
});

describe("a reply", () => {
  it("without a response is a 500, and nothing of the upstream's is sent", async () => {
    const { status, body, headers } = await ask("5.14.0", ({ request }) => ({ request }));
    expect([status, JSON.parse(body)]).toEqual([500, { error: "Middleware error" }]);
    expect(headers).not.toHaveProperty("x-secret");
  });

  it("without a status makes the gateway drop the client", async () => {
    const fixture = await start({ script: changing(() => ({ status_code: 0 })) });
    await expect(fixture.send("/t/x")).rejects.toThrow(/socket hang up|ECONNRESET/);
  });

  it("may have overrides and changes of the request, which are ignored", async () => {
    const overrides = { return_overrides: { response_code: 500 }, set_headers: { a: "b" } };
    const { status, body } = await ask("5.14.0", (call) => ({ ...call, request: { ...call.request, ...overrides } }));
    expect([status, body]).toEqual([200, "up"]);
  });

  it("that is a gRPC status is a 500", async () => {
    expect((await ask("5.14.0", () => ({ grpcStatus: 13, grpcMessage: "x" }))).status).toBe(500);
  });
});

describe("in 4.0.0, which calls no server on Node.js", () => {
  it("a header that is deleted would come back", async () => {
    const { applyResponseReply } = await import("../../../../../src/gateways/tyk/standin/hooks/response-reply.js");
    const { GoHeaders } = await import("../../../../../src/gateways/tyk/standin/http/go-headers.js");
    const { decodeObject, encodeObject } = await import("../../../../../src/gateways/tyk/messages/index.js");
    const { findTykRelease } = await import("../../../../../src/gateways/tyk/releases/index.js");
    const sent = { status: 200, headers: new GoHeaders([["X-Secret", "1"]]), body: Buffer.alloc(0) };
    const reply = decodeObject(encodeObject({ response: { status_code: 200, headers: new Map([["X-New", "1"]]) } }));
    const names = (version: string): string[] =>
      [...(applyResponseReply(sent, reply, findTykRelease(version))?.headers ?? [])].map(([name]) => name);
    expect([names("4.0.0"), names("4.0.7")]).toEqual([["X-Secret", "X-New"], ["X-New"]]);
  });
});

describe("a call", () => {
  it("has the response in both forms, the request as it was sent on, and a session of zeros", async () => {
    const fixture = await start();
    await fixture.send("/t/x?a=1", { method: "POST", body: "hello" });
    expect(fixture.plugins.calls[0]).toMatchObject({
      hook_type: 5,
      request: {
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/x\?a=1$/) as string,
        request_uri: "/t/x?a=1",
        method: "POST",
        raw_body: Buffer.from("hello"),
        headers: { Host: "api.example", "Content-Length": "5" },
      },
      session: {},
      response: {
        status_code: 200,
        body: "up",
        raw_body: Buffer.from("up"),
        headers: expect.objectContaining({ "Set-Cookie": "a=1", "X-Secret": "1" }) as object,
        multivalue_headers: expect.arrayContaining([{ key: "Set-Cookie", values: ["a=1", "b=2"] }]) as object,
      },
    });
    expect(fixture.plugins.calls[0]).not.toHaveProperty("metadata");
  });

  it("has a body as the upstream encoded it", async () => {
    const packed = gzipSync("hello");
    const fixture = await start({ upstream: { headers: ["Content-Encoding", "gzip"], body: packed } });
    await fixture.send("/t/x", { headers: ["Accept-Encoding", "gzip"] });
    expect(fixture.plugins.calls[0]?.response).toMatchObject({ raw_body: packed });
    expect(fixture.plugins.calls[0]?.response).not.toHaveProperty("body");
  });

  it("of the second hook has what the first made", async () => {
    const script: Script = (call, stream) =>
      call.hook_name === "first"
        ? changing((_, all) => (setting(all, "X-First", ["1"]), { raw_body: Buffer.from("first") }))(call, stream)
        : call;
    const fixture = await start({ script, api: { response: [{ name: "first" }, { name: "second" }] } });
    await fixture.send("/t/x");
    expect(fixture.plugins.calls[1]?.response).toMatchObject({
      body: "first",
      headers: expect.objectContaining({ "X-First": "1" }) as object,
    });
  });
});

describe("no response hook runs", () => {
  it("where the upstream cannot be asked", async () => {
    const fixture = await start({ api: { targetUrl: "http://127.0.0.1:1" } });
    const { status, body } = await fixture.send("/t/x");
    expect([status, JSON.parse(body)]).toEqual([500, { error: "There was a problem proxying the request" }]);
    expect(fixture.plugins.calls).toEqual([]);
  });

  it("for a page of the gateway's own", async () => {
    const fixture = await start({
      api: { keyless: false, authCheck: { name: "auth" } },
      script: () => ({ grpcStatus: 13, grpcMessage: "" }),
    });
    expect((await fixture.send("/t/x")).status).toBe(403);
    expect(fixture.plugins.calls.map(({ hook_name }) => hook_name)).toEqual(["auth"]);
  });

  it("for a response from the cache, and no post hook; pre does", async () => {
    const fixture = await start({ api: { pre: [{ name: "pre" }], post: [{ name: "post" }], caches: true } });
    expect([(await fixture.send("/t/x")).body, (await fixture.send("/t/x")).body]).toEqual(["up", "up"]);
    expect(fixture.plugins.calls.map(({ hook_name }) => hook_name)).toEqual(["pre", "post", "hook", "pre"]);
  });
});

describe("a mock", () => {
  const mocks = [{ path: /^\/x/, status: 201, headers: { "X-Mock": "1" }, body: "mock" }];
  const hooks = { pre: [{ name: "pre" }], post: [{ name: "post" }], mocks };

  it("meets pre and response hooks, and no post hook", async () => {
    const api = { ...hooks, keyless: false, authCheck: { name: "auth" } };
    const script: Script = (call) => (call.hook_name === "auth" ? { ...call, session: {}, metadata: { token: "abc" } } : call);
    const fixture = await start({ api, script });
    expect(await fixture.send("/t/x")).toMatchObject({ status: 201, body: "mock" });
    expect(fixture.plugins.calls.map(({ hook_name }) => hook_name)).toEqual(["pre", "auth", "hook"]);
    expect(fixture.upstream).toEqual([]);
  });

  it("makes the gateway drop the client of a keyless API with a response hook", async () => {
    const fixture = await start({ api: hooks });
    await expect(fixture.send("/t/x")).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(fixture.plugins.calls.map(({ hook_name }) => hook_name)).toEqual(["pre"]);
  });
});
