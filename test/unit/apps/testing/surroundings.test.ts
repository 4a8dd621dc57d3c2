// What a test can say of the gateway around its plugin: entities, what other plugins did, stubs, and its own clock.
import { afterEach, describe, expect, it, vi } from "vitest";
import { definePlugin, PdkError } from "../../../../src/gateways/kong/pdk/index.js";
import type { KongVersion } from "../../../../src/gateways/kong/pdk-functions/index.js";
import { testPlugin, type TestSettings } from "../../../../src/apps/testing/index.js";

/** Runs `ask` in access and gives what it returned. */
async function answerTo<T>(
  ask: NonNullable<Parameters<typeof definePlugin>[0]["access"]> extends (kong: infer K, ...rest: never) => unknown
    ? (kong: K) => Promise<T>
    : never,
  options: TestSettings = {},
): Promise<T | undefined> {
  let answer: T | undefined;
  const t = await testPlugin(
    definePlugin({
      async access(kong) {
        answer = await ask(kong);
      },
    }),
    options,
  );
  await t.run();
  if (t.error !== undefined) throw t.error as Error;
  return answer;
}

describe("the gateway of a test", () => {
  it("knows who is there", async () => {
    const consumer = { username: "alice", custom_id: "c-1", tags: ["gold"] };
    const credential = { id: "fe43c3f2-e5e2-4165-ab45-64d6cb3cd5af", key: "secret" };
    expect(await answerTo((kong) => kong.client.getConsumer(), { consumer })).toMatchObject(consumer);
    expect(await answerTo((kong) => kong.client.getCredential(), { credential })).toEqual(credential);
    expect(await answerTo((kong) => kong.client.getConsumer())).toBeUndefined();
    const load = { consumer, consumers: [{ username: "bob" }] };
    expect(await answerTo((kong) => kong.client.loadConsumer("bob", true), load)).toMatchObject({ username: "bob" });
    expect(await answerTo((kong) => kong.client.loadConsumer("eve", true), load)).toBeUndefined();
    expect(await answerTo((kong) => kong.client.getConsumer(), { consumers: [{ username: "bob" }] })).toBeUndefined();
  });

  it("has the route and the service it is told to have", async () => {
    const route = { name: "items", paths: ["~/items/(?<id>\\d+)"], strip_path: false };
    const service = { name: "backend", host: "backend.test", port: 8080, path: "/base" };
    const options = { route, service, request: { path: "/items/42" } };
    expect(await answerTo((kong) => kong.router.getRoute(), options)).toMatchObject({ name: "items", strip_path: false });
    expect(await answerTo((kong) => kong.router.getService(), options)).toMatchObject(service);
    expect(await answerTo((kong) => kong.request.getUriCaptures(), options)).toEqual({
      named: { id: "42" },
      unnamed: ["/items/42", "42"],
    });
    const t = await testPlugin(definePlugin({ access: () => {} }), options);
    await t.run();
    expect(t.upstreamRequest?.url).toBe("http://backend.test:8080/base/items/42");
    expect(t.upstreamRequest?.headers["host"]).toBe("backend.test:8080");
  });

  it.each([
    [{ route: { paths: ["x"] } }, /^route\.paths: /],
    [{ service: { url: "nowhere" } }, /^service\.url: /],
    [{ consumer: {} }, /^consumer\.username: /],
  ])("refuses what it cannot have: %o", async (options, message) => {
    const refused = testPlugin(definePlugin({ access: () => {} }), options);
    await expect(refused).rejects.toMatchObject({ code: "TESTING_BAD_OPTION" });
    await expect(refused).rejects.toThrow(message);
  });

  it("has upstreams to choose", async () => {
    const t = await testPlugin(
      definePlugin({
        async access(kong) {
          await kong.log.info(String(await kong.service.setUpstream("spare")), String(await kong.service.setUpstream("none")));
        },
      }),
      { upstreams: { spare: ["10.0.0.7:8080"] } },
    );
    await t.run();
    expect(t.upstreamRequest?.url).toBe("http://10.0.0.7:8080/");
    expect(t.logs[0]?.message).toBe("trueundefined");
  });

  it("believes only those whom it trusts", async () => {
    const request = { headers: { "x-real-ip": "203.0.113.9" }, client: { ip: "10.0.0.1" } };
    expect(await answerTo((kong) => kong.client.getForwardedIp(), { request })).toBe("10.0.0.1");
    const options = { request, trustedNetworks: ["10.0.0.0/8"] };
    expect(await answerTo((kong) => kong.client.getForwardedIp(), options)).toBe("203.0.113.9");
  });

  it("carries what other plugins left for this one, and what it leaves for them", async () => {
    const t = await testPlugin(
      definePlugin({
        async access(kong) {
          await kong.ctx.shared.set("after", [await kong.ctx.shared.get("before"), 1]);
        },
      }),
      { shared: { before: { user: "alice" } } },
    );
    await t.run();
    expect(t.shared.get("after")).toEqual([{ user: "alice" }, 1]);
  });

  it("answers as it is told where it could not", async () => {
    const pdk = {
      "kong.vault.get": (reference: unknown) => `secret of ${String(reference)}`,
      "kong.client.getIp": "1.2.3.4",
      "kong.router.getRoute": () => Promise.resolve({ id: "gold" }),
      "kong.nginx.getVar": () => undefined,
    } as const;
    expect(await answerTo((kong) => kong.vault.get("{vault://env/x}"), { pdk })).toBe("secret of {vault://env/x}");
    expect(await answerTo((kong) => kong.client.getIp(), { pdk })).toBe("1.2.3.4");
    expect(await answerTo((kong) => kong.router.getRoute(), { pdk })).toEqual({ id: "gold" });
    expect(await answerTo((kong) => kong.nginx.getVar("host"), { pdk })).toBeUndefined();
  });
});

describe("an older gateway", () => {
  it("lacks what came later", async () => {
    expect(await answerTo((kong) => kong.request.getRawPath(), { kongVersion: "2.8" })).toBeUndefined();
    expect(await answerTo((kong) => kong.request.getRawPath(), { kongVersion: "3.1" })).toBe("/");
    expect(await answerTo((kong) => kong.request.getRawPath(), { kongVersion: "3.0" })).toBeUndefined();
  });

  it("refuses what is allowed today", async () => {
    const lists = (kongVersion: KongVersion) => answerTo((kong) => kong.response.setHeader("x", ["1", "2"]), { kongVersion });
    await expect(lists("3.4")).rejects.toMatchObject({ code: "TESTING_CALL_REFUSED" });
    await expect(lists("3.8")).resolves.toBeUndefined();
    const logs = definePlugin({
      async log(kong) {
        await kong.client.getConsumer();
      },
    });
    for (const [kongVersion, outcome] of [
      ["2.8", "failed"],
      ["3.1", "returned"],
    ] as const) {
      // prettier-ignore
      expect(await (await testPlugin(logs, { kongVersion })).phase("log")).toBe(outcome);
    }
  });

  it("tells an error where a newer one has nothing", async () => {
    const choose = (kongVersion: KongVersion) => answerTo((kong) => kong.service.setUpstream("none"), { kongVersion });
    await expect(choose("2.8")).rejects.toMatchObject({
      name: "PdkError",
      code: "PDK_CALL_FAILED",
      method: "kong.service.set_upstream",
    });
    await expect(choose("2.8")).rejects.toThrow("could not find an Upstream named 'none'");
    expect(await choose("3.1")).toBeUndefined();
  });

  it("of 2.0 has no response phase, and is told to exit after response.error, which it lacks", async () => {
    const plugin = definePlugin({
      access(kong) {
        kong.response.error(503);
      },
      response() {
        throw new Error("never");
      },
    });
    const t = await testPlugin(plugin, { kongVersion: "2.0" });
    await t.run();
    expect([t.response.status, t.error]).toEqual([503, undefined]);
    expect(t.calls.map(({ method }) => method)).toEqual(["kong.response.error", "kong.response.exit"]);
    await expect(testPlugin(plugin, { kongVersion: "4.0" })).rejects.toMatchObject({ code: "TESTING_BAD_OPTION" });
  });
});

describe("what the PDK gives", () => {
  it("has the types that it has in a server", async () => {
    const headers = { a: ["1", "2"], b: "3" };
    expect(await answerTo((kong) => kong.request.getHeaders(), { request: { headers } })).toMatchObject({
      a: ["1", "2"],
      b: ["3"],
    });
    expect(await answerTo((kong) => kong.request.getQuery(), { request: { path: "/?a=1&b" } })).toEqual({ a: ["1"], b: [] });
    expect(await answerTo((kong) => kong.request.getQueryArg("b"), { request: { path: "/?a=1&b" } })).toBe(true);
    expect(await answerTo((kong) => kong.request.getHeader("none"))).toBeUndefined();
    expect(await answerTo((kong) => kong.request.getRawBody())).toEqual(Buffer.alloc(0));
    const bytes = { request: { headers: { "x-bin": "ÿ" } } };
    expect(await answerTo((kong) => kong.request.getHeader("x-bin"), bytes)).toBe("ÿ");
  });

  it("are errors of the PDK where an argument cannot be sent", async () => {
    const circular: unknown[] = [];
    circular.push(circular);
    const failing = answerTo((kong) => kong.ctx.shared.set("x", circular));
    await expect(failing).rejects.toBeInstanceOf(PdkError);
    await expect(failing).rejects.toMatchObject({ code: "PDK_BAD_ARGUMENT" });
  });
});

describe("a clock of the test's own", () => {
  afterEach(() => void vi.useRealTimers());

  it("may stand still, and is asked for nothing", async () => {
    const toFake = ["setTimeout", "setImmediate", "setInterval", "queueMicrotask", "Date", "performance"] as const;
    vi.useFakeTimers({ toFake: [...toFake], now: 1_700_000_000_000 });
    const t = await testPlugin(
      definePlugin({
        async access(kong) {
          await kong.request.getPath();
          await new Promise((resolve) => setTimeout(resolve, 60_000));
          await kong.response.setHeader("x-time", `${await kong.request.getStartTime()} ${Date.now()}`);
        },
        async response(kong) {
          await kong.response.getStatus();
        },
        log: (kong) => kong.log.info("logged"),
      }),
      { upstream: () => new Promise((resolve) => setTimeout(() => resolve({ status: 202 }), 1000)) },
    );
    const running = t.run();
    await vi.advanceTimersByTimeAsync(61_000);
    await running;
    expect(vi.getTimerCount()).toBe(0);
    expect(t.response).toMatchObject({ status: 202, headers: { "x-time": "1700000000000 1700000060000" } });
    expect(t.logs).toHaveLength(1);
  });
});
