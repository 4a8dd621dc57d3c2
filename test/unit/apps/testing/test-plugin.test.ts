// The way of a request through the kit: what comes in, what goes on, what comes back, and how it ends early.
import { describe, expect, it } from "vitest";
import { definePlugin } from "../../../../src/gateways/kong/pdk/index.js";
import { testPlugin } from "../../../../src/apps/testing/index.js";

const hello = definePlugin({
  schema: [{ message: { type: "string", default: "hello" } }],
  async access(kong, config) {
    const host = await kong.request.getHeader("host");
    await kong.response.setHeader("x-hello", `${config.message} to ${host ?? "nobody"}`);
    await kong.service.request.setHeader("x-user", "alice");
  },
});

describe("a request", () => {
  it("goes through the plugin to the service and back", async () => {
    const t = await testPlugin(hello, {
      config: { message: "hi" },
      request: { method: "POST", path: "/items?page=2&tag=a&tag=b&flag", headers: { host: "example.com" }, body: { n: 1 } },
      upstream: (request) => ({ status: 201, headers: { "X-Up": "yes" }, body: { page: request.query["page"] } }),
    });
    await t.run();
    expect(t.response.status).toBe(201);
    expect(t.response.headers).toMatchObject({
      "x-hello": "hi to example.com",
      "x-up": "yes",
      "content-type": "application/json",
    });
    expect(t.response.json()).toEqual({ page: "2" });
    expect(t.upstreamRequest).toMatchObject({
      method: "POST",
      url: "http://service.test/items?page=2&tag=a&tag=b&flag",
      path: "/items",
      rawQuery: "page=2&tag=a&tag=b&flag",
      query: { page: "2", tag: ["a", "b"], flag: true },
      headers: { host: "service.test", "x-user": "alice", "content-type": "application/json" },
      body: Buffer.from('{"n":1}'),
    });
    expect(t.error).toBeUndefined();
  });

  it("needs nothing said of it", async () => {
    const t = await testPlugin(hello);
    await t.run();
    expect(t.response).toMatchObject({ status: 200, headers: { "x-hello": "hello to localhost" }, body: Buffer.alloc(0) });
    expect(t.upstreamRequest?.method).toBe("GET");
  });

  it("leaves a record of every call, with what the plugin got", async () => {
    const t = await testPlugin(hello);
    await t.run();
    expect(t.calls).toEqual([
      { phase: "access", method: "kong.request.get_header", args: ["host"], result: "localhost" },
      { phase: "access", method: "kong.response.set_header", args: ["x-hello", "hello to localhost"], result: undefined },
      { phase: "access", method: "kong.service.request.set_header", args: ["x-user", "alice"], result: undefined },
    ]);
  });

  it("may be followed by others, through the same instance", async () => {
    const counter = {
      New: () => ({
        count: 0,
        async Access(this: { count: number }, kong: { response: { setHeader(name: string, value: number): Promise<void> } }) {
          this.count += 1;
          await kong.response.setHeader("x-count", this.count);
        },
      }),
    };
    const t = await testPlugin(counter, { request: { method: "PUT", path: "/a" } });
    await t.run();
    const second = await t.run({ path: "/b" });
    expect(second.response.headers["x-count"]).toBe("2");
    expect(second.upstreamRequest).toMatchObject({ method: "PUT", path: "/b" });
    const both = await Promise.all([t.run({ path: "/c" }), t.run({ path: "/d" })]);
    expect(both.map(({ upstreamRequest }) => upstreamRequest?.path)).toEqual(["/c", "/d"]);
    expect(t.upstreamRequest?.path).toBe("/d");
  });

  it("is made of a URL as well as of a path", async () => {
    const seen = definePlugin({
      async access(kong) {
        const { request } = kong;
        const told = [request.getScheme(), request.getHost(), request.getPort(), request.getPathWithQuery()];
        await kong.log.notice((await Promise.all(told)).join(" "));
      },
    });
    const t = await testPlugin(seen, {
      request: { url: "https://Example.com/a%20b?x=1", query: { y: ["1", "2"], z: true, n: 3 } },
    });
    await t.run();
    expect(t.logs.map(({ message }) => message)).toEqual(["https example.com 443 /a%20b?x=1&y=1&y=2&z&n=3"]);
    expect(t.upstreamRequest?.headers["x-forwarded-proto"]).toBe("https");
    await t.run({ path: "/c?d=1" });
    expect(t.logs[0]?.message).toMatch(/^https example.com 443 \/c\?d=1&y=1/);
    await t.run({ url: "http://127.0.0.1:8080/" });
    expect(t.logs[0]?.message).toMatch(/^http 127.0.0.1 8080 \//);
    await expect(t.run({ url: "ftp://x" })).rejects.toMatchObject({ code: "TESTING_BAD_OPTION" });
    await expect(testPlugin(seen, { request: { path: "x" } })).rejects.toMatchObject({ code: "TESTING_BAD_OPTION" });
  });

  it("carries bodies of any kind, byte for byte", async () => {
    const bytes = Buffer.from([0, 255, 128]);
    const echo = definePlugin({
      async access(kong) {
        await kong.service.request.setHeader("x-type", (await kong.request.getHeader("content-type")) ?? "none");
        await kong.service.request.setRawBody(await kong.request.getRawBody());
      },
    });
    const t = await testPlugin(echo, { upstream: ({ body }) => ({ body }) });
    const typed = async (body: Parameters<typeof t.run>[0]): Promise<unknown[]> => {
      const { upstreamRequest, response } = await t.run(body);
      expect(response.body).toEqual(upstreamRequest?.body);
      return [upstreamRequest?.headers["x-type"], upstreamRequest?.text];
    };
    expect(await typed({ body: "text" })).toEqual(["none", "text"]);
    expect(await typed({ body: { a: [1] } })).toEqual(["application/json", '{"a":[1]}']);
    expect(await typed({ body: new URLSearchParams({ a: "b c" }) })).toEqual(["application/x-www-form-urlencoded", "a=b+c"]);
    expect(await typed({ body: {}, headers: [["Content-Type", "application/x-own"]] })).toEqual(["application/x-own", "{}"]);
    expect((await t.run({ body: new Uint8Array(bytes) })).response.body).toEqual(bytes);
  });

  it.each([
    ["HEAD", { status: 200, body: "text" }],
    ["GET", { status: 204, body: "text" }],
    ["GET", { status: 304, body: "text" }],
  ])("of %s gets no body with %o", async (method, upstream) => {
    const t = await testPlugin(hello, { request: { method }, upstream });
    await t.run();
    expect(t.response).toMatchObject({ status: upstream.status, body: Buffer.alloc(0) });
  });
});

it("a HEAD request gets no body from the plugin either", async () => {
  const exits = definePlugin({ access: (kong) => kong.response.exit(200, "text") });
  const t = await testPlugin(exits, { request: { method: "HEAD" } });
  await t.run();
  expect(t.response).toMatchObject({ status: 200, body: Buffer.alloc(0) });
});

describe("a request that ends early", () => {
  const ran: string[] = [];
  const guard = definePlugin({
    async access(kong) {
      ran.push("access");
      if ((await kong.request.getHeader("x-key")) === undefined)
        kong.response.exit(401, { message: "who?" }, { "x-why": "no key" });
    },
    response: () => void ran.push("response"),
    async log(kong) {
      ran.push("log");
      await kong.log.info(`${await kong.response.getStatus()} from ${await kong.response.getSource()}`);
    },
  });

  it("asks no service and has no response phase, but is logged", async () => {
    ran.length = 0;
    const t = await testPlugin(guard);
    await t.run();
    expect(t.response).toMatchObject({
      status: 401,
      headers: { "x-why": "no key", "content-type": "application/json; charset=utf-8" },
    });
    expect(t.response.json()).toEqual({ message: "who?" });
    expect(t.upstreamRequest).toBeUndefined();
    expect(t.error).toBeUndefined();
    expect(ran).toEqual(["access", "log"]);
    expect(t.logs.map(({ message }) => message)).toEqual(["401 from exit"]);
  });

  it("has all its phases otherwise", async () => {
    ran.length = 0;
    const t = await testPlugin(guard, { request: { headers: { "x-key": "1" } } });
    await t.run();
    expect(ran).toEqual(["access", "response", "log"]);
    expect(t.logs.map(({ message }) => message)).toEqual(["200 from service"]);
  });

  it.each([
    ["refused", 502],
    ["timeout", 504],
  ] as const)("at a service that is %s", async (upstream, status) => {
    const t = await testPlugin(hello, { upstream });
    await t.run();
    expect(t.response.status).toBe(status);
    expect(t.upstreamRequest?.path).toBe("/");
    expect(t.logs).toMatchObject([{ level: "err" }]);
  });

  it("at no route, or a route without a service", async () => {
    const t = await testPlugin(hello, { route: { paths: ["/api"] }, request: { path: "/other" } });
    await t.run();
    expect(t.response).toMatchObject({ status: 404, json: expect.any(Function) as unknown });
    expect(t.calls).toEqual([]);
    const lonely = await testPlugin(hello, { service: null });
    await lonely.run();
    expect(lonely.response.status).toBe(503);
    expect(lonely.upstreamRequest).toBeUndefined();
  });

  it("hands on what the test's own service throws", async () => {
    const t = await testPlugin(hello, {
      upstream: () => {
        throw new Error("expected a header");
      },
    });
    await expect(t.run()).rejects.toThrow("expected a header");
  });
});

describe("a plugin that fails", () => {
  class OwnError extends Error {}
  const breaks = (onError?: "exit" | "continue") =>
    definePlugin({
      ...(onError === undefined ? {} : { onError }),
      async access(kong) {
        await kong.response.setHeader("x-half", "done");
        throw new OwnError("it broke");
      },
      log: () => {},
    });

  it("gives the client a 500, the log its reason, and the test the error itself", async () => {
    const t = await testPlugin(breaks(), { name: "breaks" });
    await t.run();
    expect(t.response.status).toBe(500);
    expect(t.response.json()).toMatchObject({ message: "An unexpected error occurred" });
    expect(t.response.headers["x-half"]).toBeUndefined();
    expect(t.upstreamRequest).toBeUndefined();
    expect(t.error).toBeInstanceOf(OwnError);
    expect(t.logs).toMatchObject([{ level: "err", plugin: "breaks", message: "plugin breaks failed in access: it broke" }]);
  });

  it("lets the request go on where it says so", async () => {
    const t = await testPlugin(breaks("continue"));
    await t.run();
    expect(t.response.status).toBe(200);
    expect(t.error).toBeInstanceOf(OwnError);
  });

  it("in its constructor fails every event", async () => {
    class Plugin {
      constructor() {
        throw new OwnError("no such file");
      }
      access(): void {}
    }
    const t = await testPlugin({ Plugin });
    await t.run();
    expect(t.response.status).toBe(500);
    expect((t.error as Error).message).toContain("no such file");
    expect((t.error as Error).cause).toBeInstanceOf(OwnError);
  });

  it("with a call that every gateway refuses gets an error that names it", async () => {
    const t = await testPlugin(definePlugin({ access: (kong) => kong.response.setStatus(7) }));
    await t.run();
    expect(t.response.status).toBe(500);
    expect(t.error).toMatchObject({ code: "PDK_BAD_ARGUMENT", method: "kong.response.set_status" });
    expect(t.calls.map(({ method }) => method)).not.toContain("kong.response.set_status");
  });

  it("with a call that the gateway refuses gets no answer, and the client a 500", async () => {
    const left: unknown[] = [];
    const t = await testPlugin(
      definePlugin({
        async response(kong) {
          try {
            await kong.request.getHost();
          } catch (error) {
            left.push(error);
            throw error;
          }
        },
        log: () => void left.push("log"),
      }),
      { kongVersion: "2.3" },
    );
    await t.run();
    expect(t.response.status).toBe(500);
    expect(t.error).toMatchObject({ code: "TESTING_CALL_REFUSED" });
    expect((t.error as Error).message).toMatch(/kong\.request\.get_host in the response phase: /);
    expect(left).toEqual([expect.objectContaining({ code: "PDK_EVENT_CANCELLED" }), "log"]);
  });

  it("after its end tells what it missed", async () => {
    let late: unknown;
    const t = await testPlugin(
      definePlugin({
        async access(kong) {
          const again = new Promise<void>((resolve) => setImmediate(resolve));
          void again.then(() => kong.request.getPath()).catch((error: unknown) => (late = error));
          await kong.request.getPath();
        },
      }),
    );
    await t.run();
    await expect.poll(() => late).toMatchObject({ code: "PDK_EVENT_ENDED" });
  });
});

describe("a phase by itself", () => {
  const phases = definePlugin({
    rewrite: (kong) => kong.service.request.setHeader("x-rewrite", "1"),
    access: (kong) => kong.service.request.setHeader("x-access", "1"),
    async response(kong) {
      await kong.response.setHeader("x-seen", `${await kong.service.response.getStatus()}`);
    },
    log: (kong) => kong.log.notice("logged"),
  });

  it("runs without those before it, and shows what would go to the service", async () => {
    const t = await testPlugin(phases, { upstream: { status: 202 } });
    expect(t.upstreamRequest).toBeUndefined();
    expect(await t.phase("access")).toBe("returned");
    expect(t.upstreamRequest?.headers).toMatchObject({ "x-access": "1" });
    expect(t.upstreamRequest?.headers["x-rewrite"]).toBeUndefined();
    expect(await t.phase("response")).toBe("returned");
    expect(t.response.headers["x-seen"]).toBe("202");
    expect(t.logs).toEqual([]);
    await t.run();
    expect(t.logs).toMatchObject([{ message: "logged" }]);
  });

  it("begins a new request where it lies behind", async () => {
    const t = await testPlugin(phases);
    await t.phase("access");
    const { calls } = t;
    await t.phase("access");
    expect(calls).toHaveLength(1);
    expect(t.calls).toHaveLength(1);
    expect(t.calls).not.toBe(calls);
  });

  it("says what became of it", async () => {
    const t = await testPlugin(
      definePlugin({
        access(kong) {
          kong.response.exit(403);
        },
        response: () => {},
        log() {
          throw new Error("no log");
        },
      }),
    );
    expect(await t.phase("rewrite")).toBe("skipped");
    expect(await t.phase("access")).toBe("exited");
    expect(t.upstreamRequest).toBeUndefined();
    expect(await t.phase("response")).toBe("skipped");
    expect(await t.phase("log")).toBe("failed");
    expect(t.response.status).toBe(403);
    await expect(t.phase("body_filter" as "log")).rejects.toMatchObject({ code: "TESTING_BAD_OPTION" });
  });

  it("may be one of a stream, where no request is known", async () => {
    const stream = definePlugin({
      preread: async (kong) => kong.log.info(await kong.client.getIp()),
      certificate: async (kong) => kong.log.info(String(await kong.ip.isTrusted("127.0.0.1"))),
    });
    const t = await testPlugin(stream, { request: { url: "https://x.test/", client: { ip: "10.0.0.1" } } });
    expect(await t.phase("certificate")).toBe("returned");
    expect(await t.phase("preread")).toBe("returned");
    expect(t.logs.map(({ message }) => message)).toEqual(["true", "10.0.0.1"]);
    const reads = { New: () => ({ Preread: (kong: { request: { getPath(): Promise<string> } }) => kong.request.getPath() }) };
    const refused = await testPlugin(reads);
    expect(await refused.phase("preread")).toBe("failed");
    expect(String(refused.error)).toMatch(/get_path.*preread/);
  });
});

describe("a refused call", () => {
  it("that nobody awaits fails the event, as it does in a server", async () => {
    const plugin = definePlugin({
      access(kong) {
        void kong.service.request.setMethod("BREW");
      },
    });
    const t = await testPlugin(plugin, {});
    await t.run();
    expect(t.response.status).toBe(500);
    expect(t.error).toMatchObject({ code: "PDK_BAD_ARGUMENT", method: "kong.service.request.set_method" });
    expect(t.upstreamRequest).toBeUndefined();
  });

  it("that is caught does not", async () => {
    const plugin = definePlugin({
      async access(kong) {
        await kong.service.request.setMethod("BREW").catch(() => {});
      },
    });
    const t = await testPlugin(plugin, {});
    await t.run();
    expect([t.response.status, t.error]).toEqual([200, undefined]);
  });

  it("of a gateway before 3.0, which says why, fails the event too", async () => {
    const plugin = definePlugin({
      access(kong) {
        void kong.service.setUpstream("none");
      },
    });
    for (const kongVersion of ["2.8", "3.4"] as const) {
      const t = await testPlugin(plugin, { kongVersion });
      await t.run();
      expect([t.response.status, t.error]).toMatchObject([500, { method: "kong.service.set_upstream" }]);
    }
  });
});

describe("a body that nginx has put into a file", () => {
  const body = Buffer.alloc(20_000, "b");
  const outcome = async (kongVersion: "2.8" | "3.4" | "3.8" | "3.9") => {
    const plugin = definePlugin({
      name: "reader",
      async access(kong) {
        const raw = await kong.request.getRawBody();
        await kong.service.request.setHeader("x-size", String(raw.length));
      },
    });
    const t = await testPlugin(plugin, { kongVersion, request: { method: "POST", body } });
    await t.run();
    return { status: t.response.status, error: t.error, size: t.upstreamRequest?.headers["x-size"] };
  };

  it.each(["3.8", "3.9"] as const)("is read from Kong %s on without a word about its size", async (kongVersion) => {
    expect(await outcome(kongVersion)).toEqual({ status: 200, error: undefined, size: "20000" });
  });

  it("is an error on Kong 2.8 that names the setting, the plugin and the size", async () => {
    const { status, error } = await outcome("2.8");
    expect(status).toBe(500);
    expect(error).toMatchObject({ code: "PDK_CALL_FAILED", method: "kong.request.get_raw_body" });
    expect(error).toMatchObject({
      message: expect.stringMatching(/plugin reader .* 20000 bytes.*client_body_buffer_size/) as unknown,
    });
  });

  it("is refused by Kong 3.4 itself", async () => {
    expect((await outcome("3.4")).status).toBe(500);
  });
});

describe("a handler that fails in response", () => {
  it("sends its own 500 without what the service said of its body", async () => {
    const plugin = definePlugin({
      response() {
        throw new Error("on purpose");
      },
    });
    const headers = { "content-encoding": "gzip", etag: '"a"', "content-type": "text/plain", "set-cookie": "a=1", "x-up": "1" };
    const t = await testPlugin(plugin, { upstream: () => ({ status: 200, headers, body: "zipped" }) });
    await t.run();
    expect(t.response.status).toBe(500);
    expect(t.response.json()).toEqual({ message: "An unexpected error occurred" });
    expect(t.response.headers).toMatchObject({ "x-up": "1", "content-type": "application/json; charset=utf-8" });
    for (const name of ["content-encoding", "etag"]) expect(t.response.headers).not.toHaveProperty(name);
  });
});
