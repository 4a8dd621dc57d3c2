// Every event under way: found by its id while it is, told apart from those that are over or unknown, given up in time.
import { performance } from "node:perf_hooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type GatewayEvent, EventTable } from "../../../../../../src/gateways/kong/rpc/index.js";
import type { CallRunner } from "../../../../../../src/core/server/index.js";
import { callEngine, thrown } from "../call-engine.js";
import { ask, exit, failureCall, PLAIN_DIALECT, ScriptedHost, tell } from "../scripted-host.js";

const TIMEOUT = 50_000;
/** A sweep comes every second: an event is given up within that after its time. */
const SWEEP = 1000;

let engine: ReturnType<typeof callEngine>;
let table: EventTable;
let host: ScriptedHost;
let sent: string[];
let timedOut: [id: number, state: string][];
let reasons: string[];
let failed: GatewayEvent[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
  vi.spyOn(performance, "now").mockImplementation(() => Date.now());
  sent = [];
  timedOut = [];
  reasons = [];
  failed = [];
  host = new ScriptedHost();
  engine = callEngine();
  table = new EventTable({
    engine,
    onFailed: (event) => failed.push(event),
    failureCalls: (event, reason) => {
      reasons.push(reason);
      return [failureCall("log", false), ...(event.phase === "access" ? [failureCall("exit 500", true)] : [])];
    },
    onTimeout: (event) => timedOut.push([event.id, event.state]),
    onCallRefused: () => {},
  });
});

afterEach(() => {
  table.close();
  engine.calls.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const runner = (timeout = TIMEOUT, onError: "exit" | "continue" = "exit"): CallRunner => ({
  host,
  plugin: "hello",
  timeout,
  onError,
});

const reply = (_id: number, data: Buffer): void => {
  sent.push(data.toString());
};
const start = (phase = "access"): GatewayEvent =>
  table.start(runner(), { instanceId: 1, phase, beganAt: performance.now() }, PLAIN_DIALECT, reply);
const step = (event: GatewayEvent): boolean => event.step(false, undefined, reply);

describe("ids", () => {
  it("go up, one by one, from a start that nobody can guess", () => {
    const first = start().id;
    expect(start().id).toBe(first + 1);
    expect(start().id).toBe(first + 2);
    const others = new Set(
      Array.from({ length: 20 }, () => {
        const otherEngine = callEngine();
        const other = new EventTable({
          engine: otherEngine,
          onFailed: () => {},
          failureCalls: () => [],
          onTimeout: () => {},
          onCallRefused: () => {},
        });
        const { id } = other.start(
          runner(),
          { instanceId: 1, phase: "log", beganAt: performance.now() },
          PLAIN_DIALECT,
          () => {},
        );
        other.close();
        otherEngine.calls.close();
        return id;
      }),
    );
    expect(others.size).toBe(20);
    for (const id of others) expect(id).toSatisfy((value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 31);
  });

  it("tell what is under way, what is over and what was never here", () => {
    const event = start();
    expect(table.find(event.id)).toBe(event);
    engine.calls.get(event.id)?.done();
    expect(table.find(event.id)).toBe("over");
    expect(table.find(event.id - 1)).toBe("unknown");
    expect(table.find(event.id + 1)).toBe("unknown");
    expect(table.find(-1)).toBe("unknown");
    expect(table.find(2 ** 40)).toBe("unknown");
  });
});

describe("what a host reports", () => {
  it("reaches the event it is for", () => {
    const [first, second] = [start(), start()];
    expect(host.told).toEqual([
      ["startEvent", first.id, 1, "access", "MsgPack:1"],
      ["startEvent", second.id, 1, "access", "MsgPack:1"],
    ]);
    engine.calls.get(second.id)?.asked([ask("get")]);
    expect(sent).toEqual(["get"]);
    expect([first.state, second.state]).toEqual(["running", "awaiting-step"]);
    engine.calls.get(first.id)?.done();
    expect(sent).toEqual(["get", "<over>"]);
  });

  it("a failure is told to the gateway, and which event it was to the caller", () => {
    const event = start();
    engine.calls.get(event.id)?.failed(thrown("it broke"));
    expect(failed).toEqual([event]);
    expect(reasons).toEqual(["it broke"]);
    step(event);
    expect(sent).toEqual(["log", "exit 500"]);
    expect(engine.calls.size).toBe(0);
  });

  it("of an event that is gone is not heard", () => {
    const { id } = start();
    engine.calls.get(id)?.done();
    engine.calls.get(id)?.asked([tell("late")]);
    engine.calls.get(id)?.done();
    expect(engine.calls.get(id)).toBeUndefined();
    expect(sent).toEqual(["<over>"]);
  });

  it("may come before `start` returns", () => {
    host.onStart = (id) => {
      engine.calls.get(id)?.asked([exit("exit")]);
    };
    start();
    expect(sent).toEqual(["exit"]);
    expect(engine.calls.size).toBe(0);
  });
});

describe("an event that takes too long", () => {
  it("whose handler has not returned fails as a handler does", () => {
    const event = start();
    vi.advanceTimersByTime(TIMEOUT - 1);
    expect(timedOut).toEqual([]);
    vi.advanceTimersByTime(SWEEP);
    expect(timedOut).toEqual([[event.id, "running"]]);
    expect(reasons).toEqual(["it took too long"]);
    expect(sent).toEqual(["log"]);
    step(event);
    expect(sent).toEqual(["log", "exit 500"]);
    expect(engine.calls.size).toBe(0);
  });

  it("in a phase without an answer ends with its log line", () => {
    const event = start("log");
    vi.advanceTimersByTime(TIMEOUT + SWEEP);
    step(event);
    expect(sent).toEqual(["log", "<over>"]);
  });

  it("whose step the gateway owes leaves the table, and is unknown from then on", () => {
    const event = start();
    engine.calls.get(event.id)?.asked([ask("get")]);
    vi.advanceTimersByTime(TIMEOUT + SWEEP);
    expect(timedOut).toEqual([[event.id, "awaiting-step"]]);
    expect(sent).toEqual(["get"]);
    expect(engine.calls.size).toBe(0);
    // "over" would let the request through as if the plugin had finished.
    expect(table.find(event.id)).toBe("unknown");
  });

  it("whose gateway does not even fetch the failure leaves the table too", () => {
    start();
    vi.advanceTimersByTime(TIMEOUT + 2 * SWEEP);
    expect(engine.calls.size).toBe(0);
  });

  it("takes no other with it", () => {
    const slow = start();
    vi.advanceTimersByTime(TIMEOUT / 2);
    const later = start();
    engine.calls.get(slow.id)?.asked([ask("get")]);
    engine.calls.get(later.id)?.asked([ask("get")]);
    vi.advanceTimersByTime(TIMEOUT / 2 + SWEEP);
    expect(timedOut).toEqual([[slow.id, "awaiting-step"]]);
    expect(table.find(later.id)).toBe(later);
  });

  it("100,000 abandoned events leave nothing but a bounded memory of their ids", () => {
    const ids: number[] = [];
    for (let i = 0; i < 100_000; i += 1) {
      const { id } = start();
      engine.calls.get(id)?.asked([ask("get")]);
      ids.push(id);
    }
    expect(engine.calls.size).toBe(100_000);
    vi.advanceTimersByTime(TIMEOUT + SWEEP);
    expect(engine.calls.size).toBe(0);
    expect(timedOut).toHaveLength(100_000);
    expect(table.find(ids.at(-1) ?? 0)).toBe("unknown");
    expect(table.find(ids.at(-10_000) ?? 0)).toBe("unknown");
  });

  it.each([
    [1000, 50],
    [10, 50],
    [10_000, 500],
    [600_000, 1000],
  ])("with a timeout of %d ms is noticed within %d ms", (eventTimeout, sweep) => {
    const noticed: number[] = [];
    const began = Date.now();
    const otherEngine = callEngine();
    const other = new EventTable({
      engine: otherEngine,
      onFailed: () => {},
      failureCalls: () => [],
      onTimeout: () => noticed.push(Date.now() - began),
      onCallRefused: () => {},
    });
    other.start(runner(eventTimeout), { instanceId: 1, phase: "access", beganAt: performance.now() }, PLAIN_DIALECT, () => {});
    vi.advanceTimersByTime(eventTimeout + sweep);
    other.close();
    otherEngine.calls.close();
    expect(noticed).toHaveLength(1);
    expect(noticed[0]).toBeGreaterThanOrEqual(eventTimeout);
  });
});

describe("draining", () => {
  /** Whether a promise is settled by now. */
  async function isSettled(promise: Promise<void>): Promise<boolean> {
    return Promise.race([promise.then(() => true), vi.advanceTimersByTimeAsync(0).then(() => false)]);
  }

  it("is done at once where nothing is under way", async () => {
    await engine.calls.drained(10_000);
  });

  it("waits for the last event", async () => {
    const [first, second] = [start(), start()];
    const drained = engine.calls.drained(10_000);
    engine.calls.get(first.id)?.done();
    expect(await isSettled(drained)).toBe(false);
    engine.calls.get(second.id)?.done();
    await drained;
  });

  it("waits for the calls that a returned handler left behind", async () => {
    const event = start();
    engine.calls.get(event.id)?.asked([tell("set")]);
    engine.calls.get(event.id)?.done();
    const drained = engine.calls.drained(10_000);
    expect(await isSettled(drained)).toBe(false);
    step(event);
    await drained;
  });

  it("ends after its time where an event does not", async () => {
    start();
    const drained = engine.calls.drained(5000);
    await vi.advanceTimersByTimeAsync(4900);
    expect(await isSettled(drained)).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    await drained;
  });

  it("does not wait for a gateway that refused a call: it answers within a second or never", async () => {
    engine.calls.get(start().id)?.asked([ask("get")]);
    const drained = engine.calls.drained(10_000);
    await vi.advanceTimersByTimeAsync(900);
    expect(await isSettled(drained)).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(await isSettled(drained)).toBe(true);
  });
});

describe("close", () => {
  it("forgets everything and stops the clock", () => {
    const { id } = start();
    table.close();
    engine.calls.close();
    table.close();
    engine.calls.close();
    vi.advanceTimersByTime(TIMEOUT * 2);
    expect(timedOut).toEqual([]);
    expect(engine.calls.size).toBe(0);
    engine.calls.get(id)?.asked([ask("get")]);
    expect(sent).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("plugins with timeouts of their own", () => {
  it("are each given up at theirs, whichever started first", () => {
    const slow = table.start(runner(5000), { instanceId: 1, phase: "access", beganAt: performance.now() }, PLAIN_DIALECT, reply);
    const quick = table.start(runner(500), { instanceId: 2, phase: "access", beganAt: performance.now() }, PLAIN_DIALECT, reply);
    vi.advanceTimersByTime(600);
    expect(timedOut.map(([id]) => id)).toEqual([quick.id]);
    vi.advanceTimersByTime(5000);
    expect(timedOut.map(([id]) => id)).toContain(slow.id);
  });

  it("that let requests go on are over for a step that comes too late", () => {
    const event = table.start(
      runner(500, "continue"),
      { instanceId: 1, phase: "access", beganAt: performance.now() },
      PLAIN_DIALECT,
      reply,
    );
    engine.calls.get(event.id)?.asked([{ data: Buffer.from("get"), wantsAnswer: true, ends: false }]);
    vi.advanceTimersByTime(2000);
    expect(table.find(event.id)).toBe("over");
  });
});
