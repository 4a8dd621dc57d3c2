// How a gateway calls: its connection, its limits, its driver, its events.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findTykRelease } from "../../../../../src/gateways/tyk/releases/index.js";
import { GrpcDispatcher } from "../../../../../src/gateways/tyk/standin/index.js";
import { encodeObject } from "../../../../../src/gateways/tyk/messages/index.js";
import { createTempDir } from "../../../../support/index.js";
import { Fixture, type Setting } from "./fixture.js";
import { type HookAnswer, type HookCall, ScriptedServer } from "./scripted-server.js";

let t: Fixture | undefined;
afterEach(async () => {
  await t?.close();
  t = undefined;
});

async function start(setting: Setting = {}): Promise<Fixture> {
  t = await Fixture.start({ ...setting, api: { pre: [{ name: "hook" }], ...setting.api } });
  return t;
}

describe("a gRPC status", () => {
  it("is a 500, and its message is in the log alone", async () => {
    const fixture = await start({ script: () => ({ grpcStatus: 5, grpcMessage: "no hook «hook» é%" }) });
    const { status, body } = await fixture.send("/t/x");
    expect([status, JSON.parse(body)]).toEqual([500, { error: "Middleware error" }]);
    expect(fixture.log).toEqual([expect.stringContaining("Dispatch error: the call failed: no hook «hook» é%")]);
  });
});

describe("a reply", () => {
  const large = (call: HookCall): HookAnswer => ({ ...call, request: { ...call.request, raw_body: Buffer.alloc(4_194_304) } });

  it("of more than 4 MiB is a 500, unless the gateway allows more", async () => {
    const fixture = await start({ script: large });
    expect((await fixture.send("/t/x")).status).toBe(500);
    await fixture.close();
    const allowing = await start({ script: large, grpc: { maxReceived: 8_388_608 } });
    expect((await allowing.send("/t/x", { method: "POST", body: "" })).status).toBe(200);
    expect(allowing.upstream[0]?.body).toHaveLength(4_194_304);
  });
});

describe("the authority of calls", () => {
  it.each(["5.3.0", "4.0.14"])("is empty in %s without the option, and every call fails", async (version) => {
    const fixture = await start({ version, grpc: { authority: undefined } });
    expect((await fixture.send("/t/x")).status).toBe(500);
    expect(fixture.plugins.calls).toEqual([]);
  });

  it("is that of the option, or the address from 5.8.3 on", async () => {
    const old = await start({ version: "5.3.0" });
    expect((await old.send("/t/x")).status).toBe(200);
    expect(old.plugins.authorities).toEqual(["localhost"]);
    await old.close();
    const own = await start({ version: "5.8.3" });
    await own.send("/t/x");
    expect(own.plugins.authorities).toEqual([own.plugins.address.slice("tcp://".length)]);
  });

  it("is localhost for a Unix socket", async () => {
    const temp = createTempDir("tyk");
    const server = await ScriptedServer.start(`${temp.path}/p.sock`);
    const dispatcher = new GrpcDispatcher({ server: server.address, release: findTykRelease("5.14.0") });
    await dispatcher.dispatch(encodeObject({ hook_name: "hook", request: {} }));
    expect(server.authorities).toEqual(["localhost"]);
    dispatcher.close();
    await server.close();
    temp.remove();
  });
});

describe("a server that is down", () => {
  it("fails calls at once until the pause is over, and then serves", async () => {
    const fixture = await start({ grpc: { firstPause: 50 } });
    expect((await fixture.send("/t/x")).status).toBe(200);
    await fixture.plugins.close();
    expect((await fixture.send("/t/x")).status).toBe(500);
    await fixture.plugins.restart();
    expect((await fixture.send("/t/x")).status).toBe(500);
    expect(fixture.plugins.calls).toHaveLength(1);
    await vi.waitFor(async () => expect((await fixture.send("/t/x")).status).toBe(200), { interval: 20 });
  });
});

describe("a hook that takes long", () => {
  it("is waited for: its call has no deadline", async () => {
    let called = (): void => {};
    let answer = (): void => {};
    const isCalled = new Promise<void>((resolve) => (called = resolve));
    const fixture = await start({
      script: (call) =>
        new Promise((resolve) => {
          answer = () => resolve(call);
          called();
        }),
    });
    let isAnswered = false;
    const sent = fixture.send("/t/x").then((response) => {
      isAnswered = true;
      return response.status;
    });
    await isCalled;
    expect([isAnswered, fixture.plugins.deadlines]).toEqual([false, [undefined]]);
    answer();
    expect(await sent).toBe(200);
  });
});

describe("a client that leaves", () => {
  const hanging = async (version: string): Promise<boolean> => {
    let called = (): void => {};
    let closed = (): void => {};
    const isCalled = new Promise<void>((resolve) => (called = resolve));
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    let answer = (): void => {};
    let isCancelled = false;
    const fixture = await start({
      version,
      script: (call, stream) => {
        called();
        stream.once("close", () => {
          isCancelled = stream.rstCode === 8;
          closed();
        });
        return new Promise((resolve) => (answer = () => resolve(call)));
      },
    });
    const leaving = new AbortController();
    const sent = fixture.send("/t/x", { signal: leaving.signal }).catch(() => {});
    await isCalled;
    leaving.abort();
    await sent;
    // The call of an older gateway ends when the hook does.
    if (!findTykRelease(version).cancels) answer();
    await isClosed;
    answer();
    return isCancelled;
  };

  it("cancels the call from 5.11 on, and before it runs to its end", async () => {
    expect(await hanging("5.11.0")).toBe(true);
    await t?.close();
    expect(await hanging("5.10.1")).toBe(false);
  });
});

describe("a driver that did not load", () => {
  it.each([
    ["5.8.6", 200],
    ["5.8.7", 500],
    ["5.9.2", 200],
    ["5.10.1", 500],
  ])("in %s answers with %i", async (version, status) => {
    const fixture = await start({ version, gateway: { driver: "missing" } });
    expect((await fixture.send("/t/x")).status).toBe(status);
    expect(fixture.plugins.calls).toEqual([]);
  });

  it("leaves token auth in the place of auth_check", async () => {
    const fixture = await start({
      version: "5.8.6",
      gateway: { driver: "missing" },
      api: { keyless: false, authCheck: { name: "auth" } },
    });
    const { status, body } = await fixture.send("/t/x");
    expect([status, JSON.parse(body)]).toEqual([401, { error: "Authorization field missing" }]);
  });

  it("is not a driver that is switched off: then hooks are left out in every release", async () => {
    const fixture = await start({ gateway: { driver: "disabled" }, api: { response: [{ name: "r" }] } });
    expect((await fixture.send("/t/x")).status).toBe(200);
  });

  it("may be one that its manifest put where no gateway reads it", async () => {
    const fixture = await start({ api: { driver: "" } });
    expect((await fixture.send("/t/x")).status).toBe(500);
    expect(fixture.log).toEqual(["Unsupported driver ''"]);
  });
});

describe("an event with a handler", () => {
  it("is told to the plugin server, whatever becomes of it, and the client does not wait", async () => {
    const fixture = await start({
      script: (call) => ({ ...call, request: { ...call.request, return_overrides: { response_code: 403 } } }),
      api: { id: "shop", orgId: "acme", events: { AuthFailure: ["audit:AuthFailure"] } },
    });
    const isTold = new Promise<void>((resolve) => (fixture.plugins.onEvent = resolve));
    expect((await fixture.send("/t/x", { method: "POST", body: "hello" })).status).toBe(403);
    await isTold;
    expect(fixture.plugins.events).toEqual([
      {
        handler_name: "audit:AuthFailure",
        spec: { APIID: "shop", OrgID: "acme" },
        message: {
          Type: "AuthFailure",
          TimeStamp: expect.any(String) as string,
          Meta: {
            Message: "Auth Failure",
            Path: "/t/x",
            Key: "",
            Origin: "127.0.0.1",
            OriginatingRequest: expect.any(String) as string,
          },
        },
      },
    ]);
    const { Meta } = fixture.plugins.events[0]?.["message"] as { Meta: { OriginatingRequest: string } };
    expect(Buffer.from(Meta.OriginatingRequest, "base64").toString()).toMatch(
      /^POST \/t\/x HTTP\/1\.1\r\nHost: api\.example\r\n[\s\S]*\r\n\r\nhello$/,
    );
  });
});

describe("an endless response", () => {
  it("reaches a client behind a response hook when the upstream ends it, and not before", async () => {
    let finish = (): void => {};
    const service = createServer((_, response) => {
      response.write("data: 1\n\n");
      finish = () => response.end("data: 2\n\n");
    });
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    const targetUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const fixture = await start({ api: { pre: [], response: [{ name: "hook" }], targetUrl } });
    const isAsked = new Promise((resolve) => service.once("request", resolve));
    let isAnswered = false;
    const sent = fixture.send("/t/x").finally(() => (isAnswered = true));
    await isAsked;
    expect([isAnswered, fixture.plugins.calls.length]).toEqual([false, 0]);
    finish();
    expect((await sent).body).toBe("data: 1\n\ndata: 2\n\n");
    service.close();
  });
});
