// Authentication: what session() fills in, what it refuses, and the session that later hooks see.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { AuthCheckContext, NewSession, Session } from "../../../../../src/gateways/tyk/api/index.js";
import type { ObjectInput } from "../../../../../src/gateways/tyk/messages/index.js";
import { HookHost, requestInput, responseInput } from "./hook-host.js";

const authorization = new Map([["Authorization", "abc"]]);

async function check(session: NewSession | undefined, headers = authorization) {
  const host = new HookHost({ authCheck: (_request, context) => context.session(session) });
  return host.run("authCheck", { object: { request: requestInput({ headers }) } });
}
const accepted = async (session?: NewSession) => {
  const { reply, error } = await check(session);
  if (reply?.session === undefined) throw new Error(error?.message ?? "no session");
  return { session: reply.session, metadata: reply.metadata };
};
const refused = async (session: unknown, headers = authorization): Promise<string> => {
  const { error } = await check(session as NewSession, headers);
  return `${error?.code ?? "done"}: ${error?.message ?? ""}`;
};
const digest = createHash("sha256").update("org1\nabc").digest("hex");
const now = (): number => Math.floor(Date.now() / 1000);

describe("session()", () => {
  it("has a token that is no credential, and a lifetime: without them the gateway refuses it, or keeps it for ever", async () => {
    const { session, metadata } = await accepted();
    expect(metadata).toEqual(new Map([["token", digest]]));
    expect([session.session_lifetime, session.id_extractor_deadline, session.org_id]).toEqual([3600, 0, "org1"]);
  });

  it("takes Tyk's own fields", async () => {
    const { session } = await accepted({
      alias: "abc-session",
      rate: 100,
      per: 1,
      quota_max: -1,
      tags: ["a"],
      metadata: { tyk_developer_id: "d", ["__proto__"]: "x" },
      monitor: { trigger_limits: [80, 90] },
      access_rights: { api1: { api_name: "one", versions: ["Default"], allowed_urls: [{ url: "/x", methods: ["GET"] }] } },
      apply_policies: ["p1"],
    });
    expect(session).toMatchObject({
      alias: "abc-session",
      rate: 100,
      per: 1,
      quota_max: -1,
      tags: ["a"],
      apply_policies: ["p1"],
    });
    expect([...session.metadata]).toEqual([
      ["tyk_developer_id", "d"],
      ["__proto__", "x"],
    ]);
    expect(session.monitor?.trigger_limits).toEqual([80, 90]);
    expect(session.access_rights.get("api1")).toEqual({
      api_name: "one",
      api_id: "api1",
      versions: ["Default"],
      allowed_urls: [{ url: "/x", methods: ["GET"] }],
    });
  });

  it("takes a token, and a time for id extractors", async () => {
    const before = now();
    const { session, metadata } = await accepted({ token: "key-1", cacheFor: "2h" });
    expect(metadata.get("token")).toBe("key-1");
    expect(session.id_extractor_deadline).toBeGreaterThanOrEqual(before + 7200);
    expect(session.id_extractor_deadline).toBeLessThanOrEqual(now() + 7200);
    expect(session.session_lifetime).toBe(7200);
    expect((await accepted({ cacheFor: 60 })).session.session_lifetime).toBe(3600);
    expect((await accepted({ session_lifetime: 5, cacheFor: "60s" })).session.session_lifetime).toBe(5);
  });

  it("lives as long as its quota: the count would begin anew", async () => {
    expect((await accepted({ quota_max: 10, quota_renewal_rate: 86_400 })).session.session_lifetime).toBe(86_400);
  });

  it("needs a token, or a credential to make one from", async () => {
    expect(await refused({}, new Map())).toMatch(/TYK_NO_TOKEN: session\(\).*no Authorization header.*give \{ token \}/);
    expect(await refused({ token: "" })).toMatch(/TYK_BAD_ARGUMENT.*token is text, and not empty/);
    expect(await refused({ metadata: { token: "x" } })).toMatch(/metadata.token: give it as token/);
  });

  it.each([
    ["another spelling", { quotaMax: 1 }, /TYK_BAD_ARGUMENT.*no field quotaMax: it is quota_max/],
    ["what there is not", { role: "x" }, /no field role$/],
    ["another organisation", { org_id: "default" }, /TYK_NOT_CARRIED.*org_id: it is the API's own/],
    ["a key's id", { key_id: "x" }, /TYK_NOT_CARRIED.*key_id/],
    ["no number", { rate: NaN, per: 1 }, /rate must be a number, not NaN/],
    ["a rate for no time", { rate: 100 }, /rate needs per/],
    ["milliseconds", { expires: 1_800_000_000_000 }, /expires is in seconds.*looks like milliseconds/],
    ["text for a number", { quota_max: "10" }, /quota_max must be a whole number, not "10"/],
    ["half a number", { quota_max: 1.5 }, /quota_max must be a whole number, not 1.5/],
    ["metadata that is no text", { metadata: { level: 3 } }, /metadata.level must be text, not 3/],
    ["a list of numbers", { tags: [1] }, /tags\[0\] must be text, not 1/],
    ["inside of a message", { monitor: { limits: [] } }, /no field monitor.limits/],
    ["two deadlines", { cacheFor: 1, id_extractor_deadline: 1 }, /the same: give one/],
    ["no length of time", { cacheFor: "soon" }, /cacheFor is seconds, or such as "60s"/],
    ["text", "abc", /it takes an object, not "abc"/],
  ])("refuses %s", async (_what, session, expected) => {
    expect(await refused(session)).toMatch(expected);
  });

  it("takes the API's own organisation", async () => {
    expect((await accepted({ org_id: "org1" } as NewSession)).session.org_id).toBe("org1");
  });
});

describe("authCheck", () => {
  it("fails where it returns nothing, or not its session: the request would be refused without a reason", async () => {
    const run = async (authCheck: (context: AuthCheckContext<unknown>) => unknown): Promise<string | undefined> => {
      const host = new HookHost({ authCheck: (_request, context) => authCheck(context) as never });
      return (await host.run("authCheck", { object: { request: requestInput({ headers: authorization }) } })).error?.message;
    };
    expect(await run(() => undefined)).toMatch(/it returned nothing: return session\(\), respond\(\) or deny\(\)/);
    expect(await run((context) => void context.session({}))).toMatch(/it called session\(\) and did not return/);
    expect(await run(() => ({ token: "abc" }))).toMatch(/returned an object: .*deny\(\) or session\(\) gives/);
  });

  it("may end the request, and has no session in its reply then", async () => {
    const host = new HookHost({ authCheck: (_request, { deny }) => deny(403, "no") });
    const { reply } = await host.run("authCheck");
    expect([reply?.session, reply?.metadata.size, reply?.request?.return_overrides?.response_error]).toEqual([
      undefined,
      0,
      "no",
    ]);
  });
});

describe("the session in later hooks", () => {
  const known: ObjectInput = {
    request: requestInput(),
    session: {
      alias: "abc-session",
      org_id: "org1",
      rate: 100,
      metadata: new Map([
        ["token", "old"],
        ["tyk_developer_id", "d"],
      ]),
      access_rights: new Map([["api1", { api_id: "api1", api_name: "one" }]]),
    },
    metadata: new Map([["token", "abc"]]),
  };
  const seenBy = async (object: ObjectInput, look: (session: Session | undefined) => void, hook = "post") => {
    const handler = (_subject: unknown, context: { readonly session?: unknown }) => look(context.session as Session | undefined);
    const { error } = await new HookHost({ [hook]: handler }).run(hook, { object });
    return error;
  };

  it("is there with every field, metadata of the call over its own", async () => {
    const error = await seenBy(known, (session) => {
      expect(session).toMatchObject({ alias: "abc-session", rate: 100, quota_max: 0, tags: [], jwt_data: { secret: "" } });
      expect({ ...session?.metadata }).toEqual({ token: "abc", tyk_developer_id: "d" });
      expect(session?.access_rights["api1"]?.api_name).toBe("one");
      expect(JSON.parse(JSON.stringify(session))).toMatchObject({ org_id: "org1" });
    });
    expect(error).toBeUndefined();
  });

  it.each([
    [
      "a field",
      (session: Session) => Object.assign(session, { alias: "x" }),
      /session.alias cannot be changed here.*authCheck alone/,
    ],
    ["metadata", (session: Session) => Object.assign(session.metadata, { a: "x" }), /session.metadata.a cannot be changed/],
    ["a list", (session: Session) => (session.tags as string[]).push("x"), /session.tags.0 cannot be changed/],
    ["by deleting", (session: Session) => Reflect.deleteProperty(session.metadata, "token"), /session.metadata.token cannot/],
  ])("cannot be changed: %s", async (_what, change, expected) => {
    const error = await seenBy(known, (session) => {
      if (session !== undefined) change(session);
    });
    expect([error?.code, error?.message]).toEqual(["TYK_READ_ONLY", expect.stringMatching(expected)]);
  });

  it("is not there before authentication, without a key, and where gateways send an empty one", async () => {
    const none: ObjectInput = { request: requestInput() };
    const empty = { ...none, session: { basic_auth_data: {}, jwt_data: {}, monitor: {} }, response: responseInput() };
    for (const [object, hook] of [
      [none, "post"],
      [known, "pre"],
      [empty, "response"],
    ] as const)
      expect(
        await seenBy(
          object,
          (session) => {
            expect(session).toBeUndefined();
          },
          hook,
        ),
      ).toBeUndefined();
  });
});
