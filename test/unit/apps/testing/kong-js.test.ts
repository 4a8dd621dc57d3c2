// Tests as they are written for kong-js-pdk, with plugins like its examples.
import { createRequire } from "node:module";
import { describe, expect, it, vi } from "vitest";
import { type KongJsPlugin, PluginTest, Request, Response } from "../../../../src/apps/testing/kong-js.js";

const load = createRequire(import.meta.url);
const hello = load("../../../fixtures/kong-js/hello.cjs") as KongJsPlugin;
const status = load("../../../fixtures/kong-js/status.cjs") as KongJsPlugin;
const transform = load("../../../fixtures/kong-js/transform.cjs") as KongJsPlugin;

describe("plugins like kong-js-pdk's examples", () => {
  it("hello sets headers of the response", async () => {
    const r = new Request();
    r.useURL("http://example.com").useMethod("GET").useHeaders({ Host: "example.com" });
    const t = new PluginTest(r);
    await t.Run(hello, { message: "good day" });
    expect(t.response.status).toBe(200);
    expect(t.response.headers.get("x-greeting")).toBe("good day, example.com");
    expect(t.response.headers.get("x-pid")).toBe(String(process.pid));
    expect(t.response.body).toBe("OK");
  });

  it("status lets in those with a name", async () => {
    const t = new PluginTest(new Request().useURL("http://example.com").useHeaders({ userId: "u-1" }));
    await t.Run(status, { message: "welcome" });
    expect(t.response.status).toBe(200);
    expect(t.response.headers.get("X-Welcome")).toBe("welcome to u-1");
    expect(t.exiting).toBe(false);
  });

  it("status answers all others itself, and logs", async () => {
    const t = new PluginTest(new Request().useURL("http://example.com"));
    const { instance } = await t.Run(status, { message: "welcome", reason: { message: "who?" } });
    expect(t.response.status).toBe(403);
    expect(t.response.body).toEqual({ message: "who?" });
    expect(t.response.headers.get("content-type")).toMatch("application/json");
    expect(t.exiting).toBe(true);
    expect(t.serviceResponse).toBeUndefined();
    expect(instance.cls["logged"]).toBe(true);
  });

  it("transform changes the request's query and body, and the service's answer", async () => {
    const t = new PluginTest(new Request().useURL("http://example.com/a").useMethod("POST").useBody("lower case"));
    await t.Run(transform, {});
    expect(t.serviceRequest.url.href).toBe("http://example.com/a?transform=v1");
    expect(t.serviceRequest.method).toBe("POST");
    expect(t.serviceRequest.body).toBe("LOWER CASE");
    expect(t.serviceResponse?.body).toBe("OK");
    expect(t.response.status).toBe(200);
    expect(t.response.body).toBe("OK (2)");
    expect(t.request.body).toBe("lower case");
  });
});

describe("the plugin and its instance", () => {
  it("say of themselves what they are", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
    const { mod, instance } = await new PluginTest(new Request()).Run(hello, { message: "hi" });
    expect(mod.getName()).toBe("hello");
    expect(mod.getPhases()).toEqual(["access"]);
    expect([mod.getPriority(), mod.getVersion(), mod.getSchema()]).toEqual([3, "0.1.0", [{ message: { type: "string" } }]]);
    expect([mod.getLoadTime(), mod.getLastStartInstanceTime(), mod.getLastCloseInstanceTime()]).toEqual([1.7e9, 1.7e9, 0]);
    expect(mod.getMTime()).toBeGreaterThan(0);
    expect(instance.getName()).toBe("hello");
    expect(instance.getConfig()).toEqual({ message: "hi" });
    expect([instance.getStartTime(), instance.getLastUsedTime()]).toEqual([1.7e9, 0]);
    vi.setSystemTime(1_700_000_061_000);
    expect([instance.isExpired(), instance.isExpired(100)]).toEqual([true, false]);
    expect(instance.resetExpireTs()).toBe(instance.cls);
    expect(instance.isExpired()).toBe(false);
    instance.close();
    expect(mod.getLastCloseInstanceTime()).toBe(1.7e9 + 61);
    vi.useRealTimers();
  });

  it("have the configuration as it is, functions and all", async () => {
    const send = vi.fn();
    class Plugin {
      readonly config: { send: (text: string) => void };
      constructor(config: { send: (text: string) => void }) {
        this.config = config;
      }
      log(): void {
        this.config.send("logged");
      }
    }
    await new PluginTest(new Request()).Run({ Plugin }, { send });
    expect(send).toHaveBeenCalledExactlyOnceWith("logged");
  });

  it("make Run fail where a handler or the constructor does", async () => {
    class Fails {
      access(): void {
        throw new RangeError("too far");
      }
    }
    class Unborn {
      constructor() {
        throw new SyntaxError("no config");
      }
      access(): void {}
    }
    await expect(new PluginTest(new Request()).Run({ Plugin: Fails })).rejects.toThrow(RangeError);
    await expect(new PluginTest(new Request()).Run({ Plugin: Unborn })).rejects.toThrow(SyntaxError);
  });
});

describe("the gateway around them", () => {
  const asking = (ask: (kong: Record<string, Record<string, (...args: unknown[]) => unknown>>) => unknown): KongJsPlugin => {
    class Plugin {
      access = ask;
    }
    Object.assign(Plugin.prototype, { access() {} });
    return { Plugin };
  };

  it.each([
    ["client", "getIp", [], "1.2.3.4"],
    ["client", "getPort", [], 443],
    ["client", "loadConsumer", ["x", true], expect.objectContaining({ username: "Jon Doe" })],
    ["client", "getCredential", [], expect.objectContaining({ consumer_id: "123456" })],
    ["router", "getRoute", [], expect.objectContaining({ name: "route_66", protocols: ["http", "tcp"] })],
    ["router", "getService", [], expect.objectContaining({ name: "self_service", path: "/v0/left" })],
    ["node", "getId", [], "a9777ac2-57e6-482b-a3c4-ef3d6ca41a1f"],
    ["request", "getScheme", [], "https"],
    ["request", "getHost", [], "example.com"],
    ["request", "getPathWithQuery", [], "/a?b=1"],
    ["request", "getQueryArg", ["b"], "1"],
    ["request", "getHeader", ["none"], undefined],
    ["request", "getRawBody", [], "text"],
  ])("answers kong.%s.%s%j with %o", async (namespace, name, args, expected) => {
    const answers: unknown[] = [];
    const plugin = asking(async (kong) => void answers.push(await kong[namespace]?.[name]?.(...args)));
    const request = new Request().useURL("https://example.com/a?b=1").useMethod("PUT").useBody("text");
    await new PluginTest(request).Run(plugin);
    expect(answers).toEqual([expected]);
  });

  it("has a service that a test may speak for", async () => {
    const t = new PluginTest(new Request().useBody(Buffer.from([0xff])));
    t.serviceRequest.toResponse = () => {
      const response = new Response();
      response.status = 404;
      response.headers.set("x-service", "mine");
      response.body = "nothing";
      return response;
    };
    await t.Run(hello, {});
    expect([t.response.status, t.response.body, t.response.headers.get("x-service")]).toEqual([404, "nothing", "mine"]);
    expect(t.serviceRequest.body).toEqual(Buffer.from([0xff]));
    expect(t.logs).toEqual([]);
    expect(t.calls.map(({ method }) => method)).toContain("kong.request.get_header");
  });

  it.each([
    ["tcp://example.com:9000", ["preread", "log"]],
    ["tls://example.com:9000", ["certificate", "preread", "log"]],
    ["https://example.com", ["certificate", "rewrite", "access", "response", "log"]],
  ])("runs the phases of %s", async (url, phases) => {
    const ran: string[] = [];
    const Plugin = function Plugin(): void {};
    for (const phase of ["certificate", "preread", "rewrite", "access", "response", "log"]) {
      Object.assign(Plugin.prototype, { [phase]: () => void ran.push(phase) });
    }
    await new PluginTest(new Request().useURL(url)).Run({ Plugin: Plugin as never });
    expect(ran).toEqual(phases);
  });
});

describe("requests and responses", () => {
  it("are copied whole", () => {
    const request = new Request().useURL("tls://x.test:1").useHeaders([["a", "1"]]).useMethod("PUT").useBody("b"); // prettier-ignore
    const copy = new Request(request);
    expect(copy).toMatchObject({ isTLS: true, isTCP: false, isHttps: false, method: "PUT", body: "b" });
    copy.useHeaders({ A: "2" });
    expect([request.headers.get("a"), copy.headers.get("a")]).toEqual(["1", "2"]);
  });

  it("are merged: the later status and body, both headers", () => {
    const [first, second] = [new Response(), new Request().useHeaders({ b: "2" }).toResponse()];
    first.headers.set("a", "1");
    first.merge(second);
    expect([first.status, first.body, [...first.headers]]).toEqual([200, "OK", [["a", "1"], ["b", "2"]]]); // prettier-ignore
    expect(new Response(first).headers.get("a")).toBe("1");
  });
});
