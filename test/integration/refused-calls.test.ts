// Owns checking that a refused call that nobody catches fails its event, in each protocol, module form and kind of isolate.
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectPeer, GatewayAnswer, PROTOCOLS, runPhase, startInstance, startServer } from "../support/index.js";
import type { Answer, Peer, PhaseRun, RunningServer } from "../support/index.js";

const PLUGINS = fileURLToPath(new URL("../fixtures/refusals", import.meta.url));
/** The Go style runs in a thread as the first does; the second in a process. */
const FORMS = ["kong-js", "typed", "go-style"] as const;

type Form = (typeof FORMS)[number];

const BAD = `kong.service.request.setHeader("x-user", undefined)`;

const UNCAUGHT: readonly (readonly [name: string, code: string, reason: RegExp])[] = [
  ["a missing argument", BAD, /set_header.*value is missing/],
  [
    "a missing value in headers",
    `kong.service.request.setHeaders({ "x-a": "1", "x-user": undefined });`,
    /x-user in headers is missing/,
  ],
  ["a null in headers", `kong.service.request.setHeaders({ "x-user": null });`, /x-user in headers is missing/],
  [
    "an object in a list of headers",
    `kong.service.request.setHeaders({ "x-a": ["1", {}] });`,
    /x-a in headers is of another type/,
  ],
  [
    "a missing value in the headers of an exit",
    `kong.response.exit(200, "ok", { "x-a": undefined });`,
    /x-a in headers is missing/,
  ],
  ["a method that is none", `kong.service.request.setMethod("BREW");`, /set_method.*an HTTP method/],
  ["a scheme that is none", `kong.service.request.setScheme("ftp"); await kong.request.getHeader("a");`, /set_scheme/],
  ["a path that is none", `await kong.request.getHeader("a"); kong.service.request.setPath("nope");`, /set_path/],
  ["a wrong phase", `kong.log.serialize; kong.service.response.getStatus();`, /get_status cannot be called here/],
  ["by its gateway name", `kong.service.request.set_header("x-user");`, /set_header.*value is missing/],
  ["what runs nowhere", `kong.response.set_raw_body("x");`, /set_raw_body cannot be called here/],
  ["a circular value", `const a = {}; a.a = a; kong.ctx.shared.set("a", a);`, /circular or nested too deeply/],
  ["a key that is missing", `kong.ctx.shared.set(undefined, "a");`, /shared\.set got a wrong argument: key is missing/],
  ["a function", `kong.ctx.shared.set("a", () => {});`, /it is a function/],
  ["a number that cannot be sent", `kong.ctx.shared.set("a", 2n ** 80n, 1n);`, /shared\.set/],
  ["an unknown function", `kong.some.newThing(Symbol("x"));`, /new_thing/],
  [
    "a value that resists",
    `kong.ctx.shared.set("a", { toJSON() { throw Object.create(null); } });`,
    /thrown value that is no Error/,
  ],
  ["a composed function", `kong.request.getRawBody({ maxSize: "1" });`, /maxSize must be a number/],
  ["a composed function that waits", `kong.service.request.setBody(5);`, /set_body/],
  ["a floating function", `void (async () => { await null; await ${BAD}; })();`, /value is missing/],
  ["a floating function of functions", `const f = async () => ${BAD}; void (async () => { await f(); })();`, /value is missing/],
  ["a floating chain", `${BAD}.then(() => kong.log.info("set"));`, /value is missing/],
  ["a floating chain with a finally", `${BAD}.finally(() => {});`, /value is missing/],
  ["a floating Promise.all", `void Promise.all([kong.request.getPath(), ${BAD}]);`, /value is missing/],
  ["a floating Promise.any", `void Promise.any([${BAD}, ${BAD}]);`, /promises were rejected/],
  ["a chain behind an answer", `void kong.request.getPath().then(() => ${BAD});`, /value is missing/],
  ["one of an awaited Promise.all", `await Promise.all([kong.request.getPath(), ${BAD}]);`, /value is missing/],
  ["a floating Promise.race", `void Promise.race([${BAD}, sleep(5)]);`, /value is missing/],
  ["in a finally", `try { await kong.request.getPath(); } finally { ${BAD}; }`, /value is missing/],
  ["in a finally behind a caught one", `try { await ${BAD}; } catch {} finally { ${BAD}; }`, /value is missing/],
  ["in a forEach of async functions", `["a", "b"].forEach(async () => { await kong.request.getPath(); await ${BAD}; });`, /value is missing/], // prettier-ignore
  ["in a microtask", `queueMicrotask(() => { ${BAD}; });`, /value is missing/],
  ["thrown again with a cause", `try { await ${BAD}; } catch (cause) { throw new Error("mine", { cause }); }`, /mine/],
  ["floating, thrown again", `void ${BAD}.catch((cause) => { throw new Error("mine", { cause }); });`, /mine/],
  ["in a generator", `const g = (function* () { yield ${BAD}; })(); g.next();`, /value is missing/],
  [
    "before an awaited exit",
    `const p = ${BAD}; await kong.request.getPath(); kong.response.exit(200, "done");`,
    /value is missing/,
  ],
  ["one of several", `await ${BAD}.catch(() => {}); ${BAD};`, /value is missing/],
  ["one of a thousand", `for (let i = 0; i < 1000; i += 1) await ${BAD}.catch(() => {}); ${BAD};`, /value is missing/],
  ["what is caught by nobody", `await ${BAD};`, /value is missing/],
  ["the end of the request, in a timer", `setTimeout(() => kong.response.exit("x"), 1); await sleep(20);`, /status must be/],
  ["the end of the request, floating", `void (async () => { await null; kong.response.exit(1000); })();`, /status must be/],
  ["a call before the end of the request", `${BAD}; kong.response.exit(200, "done");`, /value is missing/],
  ["a caught end behind it", `${BAD}; try { kong.response.exit(200) } catch {}`, /value is missing/],
];

const CAUGHT: readonly (readonly [name: string, code: string])[] = [
  ["by a try", `try { await ${BAD}; } catch {}`],
  ["by a catch", `${BAD}.catch(() => {});`],
  ["by the second argument of then", `${BAD}.then(undefined, () => {});`],
  ["in a function", `const f = async () => ${BAD}; await f().catch(() => {});`],
  ["later", `const p = ${BAD}; await sleep(5); await kong.request.getPath(); try { await p } catch {}`],
  ["a chain later", `const p = ${BAD}.then(() => 1); await sleep(5); await p.catch(() => {});`],
  ["by Promise.allSettled", `await Promise.allSettled([${BAD}, ${BAD}]);`],
  ["around Promise.all", `await Promise.all([${BAD}, ${BAD}]).catch(() => {});`],
  ["around the end of the request", `try { kong.response.exit("x"); } catch {}`],
  ["and the handler goes on", `try { await ${BAD}; } catch { await kong.service.request.setHeader("x-user", "none"); }`],
  ["in a catch with a finally", `await ${BAD}.catch(() => {}).finally(() => {});`],
  ["by for await", `try { for await (const value of [${BAD}]) void value; } catch {}`],
  ["of a composed function", `await kong.request.getRawBody({ maxSize: 0 }).catch(() => {});`],
];

describe.each(PROTOCOLS)("over %s", (protocol) => {
  const inMsgpack = it.runIf(protocol === "MsgPack:1");
  let server: RunningServer;
  let client: Peer;

  beforeAll(async () => {
    server = await startServer({ plugins: PLUGINS, flags: ["-event-timeout", "5s"] });
  });

  afterAll(async () => {
    expect(await server.close()).toEqual({ code: 0, signal: null });
  });

  beforeEach(async () => {
    client = await connectPeer(protocol, server.socketPath);
  });

  afterEach(() => client.close());

  async function run(form: Form, code: string, answer?: Answer, phase = "access"): Promise<PhaseRun> {
    return runPhase(client, await startInstance(client, form, { code }), phase, answer === undefined ? {} : { answer });
  }

  function expectFailed({ end, calls }: PhaseRun, form: Form, reason: RegExp, phase = "access"): void {
    const [log, exit] = calls.filter(({ method }) => method !== "kong.response.clear_header").slice(-2);
    expect(end).toBe("exit");
    expect(exit).toMatchObject({ method: "kong.response.exit", args: [500, { message: "An unexpected error occurred" }] });
    expect(log?.method).toBe("kong.log.err");
    expect(log?.args[0]).toMatch(new RegExp(`plugin ${form} failed in ${phase}: `));
    expect(log?.args[0]).toMatch(reason);
  }

  describe.each(FORMS)("in a plugin of form %s a refused call fails its event", (form) => {
    it.each(UNCAUGHT)("%s", async (_name, code, reason) => {
      expectFailed(await run(form, code), form, reason);
    });

    it.each(CAUGHT)("but not one that is caught %s", async (_name, code) => {
      expect((await run(form, code)).end).toBe("ret");
    });
  });

  it.each(["rewrite", "response"])("in %s it ends the request too", async (phase) => {
    expectFailed(await run("kong-js", `kong.response.setStatus(99);`, undefined, phase), "kong-js", /set_status/, phase);
  });

  it("in log there is no request left: the gateway's log has it", async () => {
    const { end, calls } = await run("kong-js", `kong.response.setStatus(200);`, undefined, "log");
    expect(end).toBe("ret");
    expect(calls).toEqual([{ method: "kong.log.err", args: [expect.stringMatching(/failed in log: .*set_status/)] }]);
  });

  it("the server's log has it with the place in the plugin", async () => {
    await run("kong-js", `\n\n${BAD}`);
    await server.waitForLine(/set_header got a wrong argument: value is missing/);
    expect(server.lines.join("\n")).toMatch(/at .*kong-js\.cjs/);
  });

  it("what is not awaited at the end is done, with what waits for its answer", async () => {
    const code = `void (async () => kong.service.request.setHeader("x-a", await kong.request.getHeader("a")))();`;
    const { end, calls } = await run("kong-js", code, (method) => (method.endsWith("get_header") ? "1" : undefined));
    expect(end).toBe("ret");
    expect(calls.at(-1)).toEqual({ method: "kong.service.request.set_header", args: ["x-a", "1"] });
  });

  describe("an upstream that the gateway refuses", () => {
    const none: Answer = () => undefined;

    it.each([
      ["as the last call", `kong.service.setUpstream("none");`],
      ["before others", `kong.service.setUpstream("none"); await kong.request.getPath(); kong.log.info("x");`],
    ])("fails the event %s, where nobody looks at the answer", async (_name, code) => {
      for (const form of FORMS) expectFailed(await run(form, code, none), form, /set_upstream.*the gateway did not do it/);
    });

    it.each([
      ["awaited", `const done = await kong.service.setUpstream("none"); if (done !== undefined) throw new Error("done");`],
      ["taken up later", `const p = kong.service.setUpstream("none"); await kong.request.getPath(); await p;`],
    ])("is an answer like others where it is %s", async (_name, code) => {
      expect((await run("kong-js", code, none)).end).toBe("ret");
    });

    it("that is set changes nothing", async () => {
      const { end } = await run("kong-js", `kong.service.setUpstream("some");`, () => true);
      expect(end).toBe("ret");
    });
  });

  describe("a gateway without kong.response.error, which steps on after it", () => {
    inMsgpack.each([
      ["a status", "418", [418, { message: "I'm a Teapot" }]],
      ["a message and headers", `400, "bad", { "x-a": "1" }`, [400, { message: "bad" }, { "x-a": "1" }]],
      ["an object", `401, { why: "no key" }`, [401, { message: { why: "no key" } }]],
    ])("is told to exit: %s", async (_name, args, expected) => {
      const { eventId, calls } = await run("kong-js", `kong.response.error(${args});`);
      expect(calls.at(-1)?.method).toBe("kong.response.error");
      const step = await client.call("plugin.Step", { EventId: eventId });
      expect(step).toEqual({ EventId: eventId, Data: { Method: "kong.response.exit", Args: expected } });
      // The event is over: whoever steps on learns nothing.
      expect(await client.call("plugin.Step", { EventId: eventId })).toEqual({ EventId: eventId, Data: "ret" });
    });
  });

  describe("a call that the gateway answers with an error", () => {
    const fails =
      (name: string): Answer =>
      (method) =>
        method.endsWith(name) ? GatewayAnswer.error("no such thing") : undefined;

    inMsgpack.each([
      ["whose answer is a value, last", `kong.service.setUpstream("none");`, "set_upstream"],
      ["whose answer is a value", `kong.service.setUpstream("none"); await kong.request.getPath();`, "set_upstream"],
      ["that reads", `kong.vault.get("{vault://env/x}"); await kong.request.getPath(); await sleep(5);`, "vault.get"],
      ["without an answer, last", `kong.service.setTarget("a", 1);`, "set_target"],
      ["without an answer, awaited", `await kong.service.setTarget("a", 1);`, "set_target"],
      ["without an answer, before others", `kong.service.setTarget("a", 1); await kong.request.getPath(); await sleep(500);`, "set_target"], // prettier-ignore
    ])("fails the event: one %s", async (_name, code, method) => {
      for (const form of FORMS) expectFailed(await run(form, code, fails(method)), form, /failed in the gateway: no such thing/);
    });

    inMsgpack("is the handler's business where it catches it", async () => {
      const { end } = await run("kong-js", `await kong.service.setUpstream("x").catch(() => {});`, fails("set_upstream"));
      expect(end).toBe("ret");
    });
  });
});
