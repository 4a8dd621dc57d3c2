// The life of a call: signal and deadline, log, trace, the API and its definition, events.
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { ApiDefinition, CallContext, TykEvent } from "../../../../../src/gateways/tyk/api/index.js";
import { encodeEvent, encodeObject, withTraceParent } from "../../../../../src/gateways/tyk/messages/index.js";
import { gatewayWorker } from "../../../../../src/gateways/tyk/worker/index.js";
import { HookHost, requestInput } from "./hook-host.js";

describe("a call that is given up", () => {
  it("aborts its signal, and nothing of it is heard again", async () => {
    let late: unknown;
    let ended: (() => void) | undefined;
    const end = new Promise<void>((resolve) => (ended = resolve));
    const host = new HookHost({
      async pre(request, { signal }) {
        await once(signal, "abort");
        late = signal.reason;
        try {
          request.headers.set("a", "b");
        } finally {
          ended?.();
        }
      },
    });
    const run = host.run("pre");
    host.host.cancel(run.callId, "its client has left");
    await end;
    await Promise.resolve();
    expect(late).toMatchObject({ code: "TYK_CALL_CANCELLED", message: "the pre/pre hook was given up: its client has left" });
    expect(host.logs).toEqual([]);
  });

  it("says in the log where its function fails for another reason", async () => {
    let fail: ((error: Error) => void) | undefined;
    const host = new HookHost({ pre: () => new Promise((_resolve, reject) => (fail = reject)) });
    const { callId } = host.run("pre");
    host.host.cancel(callId, "deadline");
    fail?.(new TypeError("broken"));
    await new Promise(setImmediate);
    expect(host.logs).toMatchObject([
      {
        level: "warn",
        message: "the pre/pre hook failed after its call had been cancelled",
        functionName: "pre/pre",
        error: { message: "broken" },
      },
    ]);
  });
});

describe("log", () => {
  it("has the API, details and errors, and never fails its call", async () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const host = new HookHost({
      pre(_request, { log }) {
        log.info("hit", { path: "/x", big: 1n });
        log.error("broken", new TypeError("why"));
        log.debug("odd", circular);
        log.warn("plain");
      },
    });
    const { error } = await host.run("pre");
    expect(error).toBeUndefined();
    const api = '{"api_id":"api1","org_id":"org1"';
    expect(host.logs.map(({ level, message, functionName, bindingId }) => [level, message, functionName, bindingId])).toEqual([
      ["info", `hit ${api},"path":"/x","big":"1"}`, "pre/pre", 1],
      ["error", `broken ${api}}`, "pre/pre", 1],
      ["debug", expect.stringMatching(/^odd \{"details":"no JSON/), "pre/pre", 1],
      ["warn", `plain ${api}}`, "pre/pre", 1],
    ]);
    expect(host.logs[1]?.error).toMatchObject({ name: "TypeError", message: "why" });
  });
});

describe("trace", () => {
  it("is the call's traceparent", async () => {
    const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const seen: unknown[] = [];
    const host = new HookHost({ pre: (_request, { trace }) => void seen.push(trace) });
    await host.run("pre", { payload: withTraceParent(encodeObject({ request: requestInput() }), TRACE) });
    await host.run("pre");
    expect(seen).toEqual([TRACE, undefined]);
  });
});

describe("api", () => {
  const asked = async (look: (api: CallContext["api"]) => unknown, answer: (host: HookHost, callId: number) => void) => {
    let seen: unknown;
    const host = new HookHost({ pre: async (_request, { api }) => void (seen = await look(api)) });
    host.onAsk = (callId) => answer(host, callId);
    const { error } = await host.run("pre");
    return { seen, host, error };
  };
  const DEFINITION = Buffer.from('{"id":"api1","name":"one","tags":[]}');

  it("names the API without asking for it", async () => {
    const { seen, host } = await asked(
      ({ id, orgId }) => [id, orgId],
      () => {},
    );
    expect([seen, host.asks.length]).toEqual([["api1", "org1"], 0]);
  });

  it("gives its definition, frozen, asked for once a call and parsed once", async () => {
    const seen: ApiDefinition[] = [];
    const host = new HookHost({
      async pre(_request, { api }) {
        seen.push(...(await Promise.all([api.definition(), api.definition()])));
      },
    });
    host.onAsk = (callId) => host.host.answer(callId, false, Buffer.from(DEFINITION));
    await host.run("pre");
    await host.run("pre");
    expect(host.asks.length).toBe(2);
    expect(new Set(seen).size).toBe(1);
    expect([seen[0]?.name, Object.isFrozen(seen[0]?.tags)]).toEqual(["one", true]);
  });

  it("says what to configure, or why there is none", async () => {
    const { error } = await asked(
      (api) => api.definition(),
      (host, callId) => host.host.answer(callId, false, undefined),
    );
    expect([error?.code, error?.message]).toEqual([
      "TYK_NO_DEFINITION",
      expect.stringMatching(/-tyk-apps DIR, or with -tyk-api URL/),
    ]);
    const failed = await asked(
      (api) => api.definition(),
      (host, callId) => host.host.answer(callId, true, Buffer.from("the Gateway API does not give the definition: 403")),
    );
    expect(failed.error?.message).toMatch(/gives no definition: the Gateway API does not give/);
  });

  it("gives nothing after its call", async () => {
    let api: CallContext["api"] | undefined;
    await new HookHost({ pre: (_request, context) => void (api = context.api) }).run("pre");
    await expect(api?.definition()).rejects.toMatchObject({ code: "TYK_CALL_ENDED" });
  });
});

describe("events", () => {
  const payload = encodeEvent(
    JSON.stringify({
      message: {
        Type: "AuthFailure",
        Meta: {
          Message: "Auth Failure",
          Path: "/t/x",
          Origin: "10.0.0.1",
          Key: "abc",
          OriginatingRequest: btoa("GET / HTTP/1.1"),
          Extra: 1,
        },
        TimeStamp: "2026-01-01",
      },
      handler_name: "hello",
      spec: { APIID: "api1", OrgID: "org1" },
    }),
  );

  it("reach the plugin's function, whatever its configuration must be", async () => {
    const seen: unknown[] = [];
    const host = new HookHost({
      config: { limit: { type: "integer", required: true } },
      events: {
        AuthFailure(event: TykEvent, { api, log }: CallContext) {
          log.info("event");
          const { type, message, path, origin, key, originatingRequest, timestamp, meta } = event;
          seen.push(
            type,
            message,
            path,
            origin,
            key,
            originatingRequest?.toString(),
            timestamp,
            meta["Extra"],
            api.id,
            api.orgId,
          );
        },
      },
    });
    const { bytes, error } = await host.run("events/AuthFailure", { payload, config: "" });
    expect([error, bytes?.length]).toEqual([undefined, 0]);
    expect(seen).toEqual([
      "AuthFailure",
      "Auth Failure",
      "/t/x",
      "10.0.0.1",
      "abc",
      "GET / HTTP/1.1",
      "2026-01-01",
      1,
      "api1",
      "org1",
    ]);
    expect(host.logs[0]?.message).toBe('event {"api_id":"api1","org_id":"org1"}');
  });

  it("fail their call where the payload is none", async () => {
    const host = new HookHost({ events: { AuthFailure() {} } });
    expect((await host.run("events/AuthFailure", { payload: encodeEvent("{"), config: "" })).error?.name).toBe("SyntaxError");
  });
});

describe("the runtime", () => {
  it("finds itself well, and ill where a plugin has broken what it stands on", async () => {
    const check = (): Promise<string | undefined> => new Promise((resolve) => gatewayWorker.selfCheck(resolve));
    expect(await check()).toBeUndefined();
    const original = Object.getOwnPropertyDescriptor(String.prototype, "toLowerCase");
    String.prototype.toLowerCase = () => "broken";
    try {
      expect(await check()).toBe("a header did not come through");
    } finally {
      Object.defineProperty(String.prototype, "toLowerCase", original ?? {});
    }
  });

  it("takes what comes after the end of a call for a slip, and anything else for a fault", () => {
    const levelOf = (thrown: unknown) => gatewayWorker.strayErrors.levelOf(thrown);
    expect(levelOf(Object.assign(new Error("x"), { name: "TykError", code: "TYK_CALL_ENDED" }))).toBe("debug");
    expect(levelOf(new Error("x"))).toBe("error");
  });
});
