// What a gateway does with the session of auth_check: what it needs, keeps, counts and refuses.
import { afterEach, describe, expect, it } from "vitest";
import { Fixture, type Setting } from "./fixture.js";
import type { Fields, HookAnswer, HookCall, Script } from "./scripted-server.js";

let t: Fixture | undefined;
afterEach(async () => {
  await t?.close();
  t = undefined;
});

const PROTECTED = { keyless: false, orgId: "acme", id: "shop", authCheck: { name: "auth" }, post: [{ name: "post" }] };

async function start(setting: Setting = {}): Promise<Fixture> {
  t = await Fixture.start({ ...setting, api: { ...PROTECTED, ...setting.api } });
  return t;
}

/** The page's example: the key abc, else 403. */
const page: Script = (call) => {
  const key = (call.request["headers"] as Fields)["Authorization"];
  if (call.hook_name !== "auth") return call;
  if (key !== "abc")
    return { ...call, request: { ...call.request, return_overrides: { response_code: 403, response_error: "no" } } };
  return { ...call, session: { rate: 100, per: 1, alias: "abc-session" }, metadata: { token: "abc" } };
};

const withSession =
  (session: Fields | undefined, metadata: Fields = { token: "abc" }): Script =>
  (call: HookCall): HookAnswer =>
    call.hook_name === "auth" ? { ...call, ...(session === undefined ? {} : { session }), metadata } : call;

const names = (fixture: Fixture): string[] => fixture.plugins.calls.map(({ hook_name }) => hook_name);
const errorOf = (answer: { status: number; body: string }): unknown[] => [
  answer.status,
  (JSON.parse(answer.body) as Fields)["error"],
];
const ABC = { headers: ["Authorization", "abc"] };

describe("auth_check", () => {
  it("lets the right key in, and later hooks see its session", async () => {
    const fixture = await start({ script: page });
    expect((await fixture.send("/t/x", ABC)).status).toBe(200);
    const [auth, post] = fixture.plugins.calls;
    expect(auth).not.toHaveProperty("session");
    expect(post?.session).toMatchObject({
      rate: 100,
      alias: "abc-session",
      org_id: "acme",
      key_id: "abc",
      metadata: { token: "abc" },
    });
    expect(post?.metadata).toEqual({ token: "abc" });
  });

  it("keeps another key out with Tyk's page and an event, and is called without any key", async () => {
    const fixture = await start({ script: page });
    expect(errorOf(await fixture.send("/t/x", { headers: ["Authorization", "xyz"] }))).toEqual([403, "no"]);
    expect(errorOf(await fixture.send("/t/x"))).toEqual([403, "no"]);
    expect(fixture.events.map(({ type }) => type)).toEqual(["AuthFailure", "AuthFailure"]);
    expect(names(fixture)).toEqual(["auth", "auth"]);
  });

  it("needs a token, in the session's metadata or in the object's", async () => {
    for (const [session, metadata, status] of [
      [{}, {}, 403],
      [undefined, { token: "abc" }, 403],
      [{}, { token: "abc" }, 200],
      [{ metadata: { token: "abc" } }, {}, 200],
    ] as const) {
      const fixture = await start({ script: withSession(session, metadata) });
      const answer = await fixture.send("/t/x", ABC);
      expect(answer.status).toBe(status);
      if (status === 403) expect(errorOf(answer)).toEqual([403, "Forbidden"]);
      expect(fixture.events).toHaveLength(status === 403 ? 1 : 0);
      await fixture.close();
    }
  });

  it("that fails keeps the request out", async () => {
    const fixture = await start({ script: () => ({ grpcStatus: 13, grpcMessage: "secret reason" }) });
    const answer = await fixture.send("/t/x", ABC);
    expect(errorOf(answer)).toEqual([403, "Key not authorised"]);
    expect(answer.body).not.toContain("secret");
    expect(fixture.log.join()).toContain("secret reason");
  });

  it("is not called on a keyless API, and neither is post_key_auth", async () => {
    const fixture = await start({ api: { keyless: true, postKeyAuth: [{ name: "later" }] } });
    await fixture.send("/t/x");
    expect(names(fixture)).toEqual(["post"]);
    expect(fixture.plugins.calls[0]).not.toHaveProperty("session");
  });

  it("is not called for an ignored path; the other hooks are", async () => {
    const fixture = await start({ script: page, api: { pre: [{ name: "pre" }], ignored: [/^\/open/] } });
    expect((await fixture.send("/t/open/x")).status).toBe(200);
    expect(names(fixture)).toEqual(["pre", "post"]);
    expect(fixture.plugins.calls[1]).not.toHaveProperty("session");
  });

  it("without enable_coprocess_auth is not called: keys of the gateway's own count", async () => {
    const fixture = await start({ script: page, api: { customAuth: false } });
    expect(errorOf(await fixture.send("/t/x", ABC))).toEqual([403, "Access to this API has been disallowed"]);
    expect(errorOf(await fixture.send("/t/x"))).toEqual([401, "Authorization field missing"]);
    expect(names(fixture)).toEqual([]);
  });
});

describe("a session", () => {
  it.each([
    [{ expires: 1 }, 401, "Key has expired, please renew"],
    [{ is_inactive: true }, 403, "Key is inactive, please renew"],
    [{ access_rights: { other: { api_id: "other" } } }, 403, "Access to this API has been disallowed"],
    [{ apply_policies: ["none"] }, 403, "Forbidden"],
  ])("with %j is refused", async (session, status, message) => {
    const fixture = await start({ script: withSession(session) });
    expect(errorOf(await fixture.send("/t/x", ABC))).toEqual([status, message]);
    expect(names(fixture)).toEqual(["auth"]);
  });

  it.each([
    [{ expires: 0 }],
    [{ expires: -1 }],
    [{ access_rights: { shop: { api_id: "shop" } } }],
    [{ apply_policies: ["gold"] }],
    [{ rate: 0, per: 0 }],
    [{ rate: -1, per: -1 }],
    [{ quota_max: -1 }],
  ])("with %j is let in", async (session) => {
    const fixture = await start({ script: withSession(session), gateway: { policies: ["gold"] } });
    for (let count = 0; count < 3; count += 1) expect((await fixture.send("/t/x", ABC)).status).toBe(200);
  });

  it.each([
    ["5.3.8", "Rate limit exceeded"],
    ["5.4.0", "Rate Limit Exceeded"],
  ])("beyond its rate is refused in %s with %s", async (version, message) => {
    const fixture = await start({ version, script: withSession({ rate: 1, per: 60 }) });
    await fixture.send("/t/x", ABC);
    expect(errorOf(await fixture.send("/t/x", ABC))).toEqual([429, message]);
  });

  it("has its rate, which is refused with an event", async () => {
    const fixture = await start({ script: withSession({ rate: 1, per: 60 }) });
    expect((await fixture.send("/t/x", ABC)).status).toBe(200);
    expect(errorOf(await fixture.send("/t/x", ABC))).toEqual([429, "Rate Limit Exceeded"]);
    expect(fixture.events.map(({ type }) => type)).toEqual(["RatelimitExceeded"]);
    fixture.clock.ahead = 61_000;
    expect((await fixture.send("/t/x", ABC)).status).toBe(200);
  });

  it("has its quota, which goes on from the store whatever the hook says", async () => {
    const fixture = await start({ script: withSession({ quota_max: 2, quota_renewal_rate: 60, quota_remaining: 99 }) });
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await fixture.send("/t/x", ABC)).status);
    expect(statuses).toEqual([200, 200, 403]);
    expect(fixture.events.map(({ type }) => type)).toEqual(["QuotaExceeded"]);
    fixture.clock.ahead = 61_000;
    expect((await fixture.send("/t/x", ABC)).status).toBe(200);
  });

  it("stays in the store for its lifetime, for that of the API, or for ever", async () => {
    const lifetimes: readonly (readonly [own: number, ofApi: number, kept: number])[] = [
      [10, 60, 0],
      [0, 10, 0],
      [0, 0, 1],
    ];
    for (const [session_lifetime, sessionLifetime, kept] of lifetimes) {
      const fixture = await start({ script: withSession({ session_lifetime }), api: { sessionLifetime } });
      await fixture.send("/t/x", ABC);
      expect(fixture.gateway.store.get("abc")).toBeDefined();
      fixture.clock.ahead = 11_000;
      expect(fixture.gateway.store.get("abc") === undefined ? 0 : 1).toBe(kept);
      await fixture.close();
    }
  });

  it("that post_key_auth changes is not taken over", async () => {
    const script: Script = (call) =>
      call.hook_name === "later"
        ? { ...call, session: { alias: "changed" }, metadata: { token: "x" } }
        : withSession({ alias: "first" })(call, undefined as never);
    const fixture = await start({ script, api: { postKeyAuth: [{ name: "later" }] } });
    await fixture.send("/t/x", ABC);
    expect(fixture.plugins.calls.map(({ session }) => session?.["alias"])).toEqual([undefined, "first", "first"]);
  });

  it.each([
    ["5.8.0", undefined],
    ["5.9.0", "abc"],
  ])("of %s has the key_id %s", async (version, expected) => {
    const fixture = await start({ version, script: page });
    await fixture.send("/t/x", ABC);
    expect(fixture.plugins.calls[1]?.session?.["key_id"]).toBe(expected);
  });
});

describe("an id extractor", () => {
  const idExtractor = { from: "header", with: "value", headerName: "Authorization" } as const;
  const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

  it("ends a request without an id, and the hook is not called", async () => {
    const fixture = await start({ script: page, api: { idExtractor } });
    expect(errorOf(await fixture.send("/t/x"))).toEqual([400, "Authorization field missing"]);
    expect(fixture.plugins.calls).toEqual([]);
  });

  it("spares the hook until the session's deadline, and no longer", async () => {
    const fixture = await start({
      script: withSession({ id_extractor_deadline: inSeconds(60), alias: "kept" }),
      api: { idExtractor },
    });
    for (let count = 0; count < 3; count += 1) expect((await fixture.send("/t/x", ABC)).status).toBe(200);
    expect(names(fixture)).toEqual(["auth", "post", "post", "post"]);
    expect(fixture.plugins.calls.at(-1)?.session).toMatchObject({ alias: "kept" });
    fixture.clock.ahead = 61_000;
    await fixture.send("/t/x", ABC);
    expect(names(fixture).filter((name) => name === "auth")).toHaveLength(2);
  });

  it("calls the hook each time where the deadline is past, and the quota goes on", async () => {
    const session = { id_extractor_deadline: 1, quota_max: 2, quota_renewal_rate: 60 };
    const fixture = await start({ script: withSession(session), api: { idExtractor } });
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await fixture.send("/t/x", ABC)).status);
    expect(statuses).toEqual([200, 200, 403]);
    expect(names(fixture).filter((name) => name === "auth")).toHaveLength(3);
  });

  it.each([
    [{ from: "form", with: "value", formParameter: "key" }, "/t/x?key=abc", undefined],
    [{ from: "header", with: "regex", headerName: "Authorization", expression: "[a-c]+$" }, "/t/x", undefined],
    [{ from: "body", with: "regex", expression: "\\w+", matchIndex: 1 }, "/t/x", "user abc"],
  ] as const)("finds one id as %j", async (extractor, path, body) => {
    const script = withSession({ id_extractor_deadline: inSeconds(60) });
    const fixture = await start({ script, api: { idExtractor: extractor } });
    const sending = { ...ABC, ...(body === undefined ? {} : { body, method: "POST" }) };
    await fixture.send(path, sending);
    await fixture.send(path, sending);
    expect(names(fixture).filter((name) => name === "auth")).toHaveLength(1);
    expect(fixture.gateway.store.get("acme900150983cd24fb0d6963f7d28e17f72")).toBeDefined();
  });

  it("of the body as a value has one id for all: a kept session lets everybody in", async () => {
    const script: Script = (call, stream) =>
      (call.request["headers"] as Fields)["Authorization"] === "abc"
        ? withSession({ id_extractor_deadline: inSeconds(60) })(call, stream)
        : page(call, stream);
    const fixture = await start({ script, api: { idExtractor: { from: "body", with: "value" } } });
    const ask = async (key: string): Promise<number> => (await fixture.send("/t/x", { headers: ["Authorization", key] })).status;
    expect([await ask("xyz"), await ask("abc"), await ask("xyz")]).toEqual([403, 200, 200]);
  });

  it.each([
    { from: "header", with: "regex", headerName: "Authorization", expression: "\\d+" },
    { from: "header", with: "regex", headerName: "Authorization" },
  ] as const)("finds none as %j", async (extractor) => {
    const fixture = await start({ script: page, api: { idExtractor: extractor } });
    expect((await fixture.send("/t/x", ABC)).status).toBe(400);
  });
});
