// Every event under way: found by its id while it is, told apart from those that are over or unknown, given up in time.
import { performance } from "node:perf_hooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type GatewayEvent, type EventRunner, EventTable } from "../../../../../../src/gateways/kong/rpc/index.js";
import { ask, exit, failureCall, PLAIN_DIALECT, ScriptedHost, tell } from "../scripted-host.js";

const TIMEOUT = 50_000;
/** A sweep comes every second: an event is given up within that after its time. */
const SWEEP = 1000;

let table: EventTable;
let host: ScriptedHost;
let sent: string[];
let timedOut: [id: number, state: string][];
let reasons: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
  vi.spyOn(performance, "now").mockImplementation(() => Date.now());
  sent = [];
  timedOut = [];
  reasons = [];
  host = new ScriptedHost();
  table = new EventTable({
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
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const runner = (timeout = TIMEOUT, onError: "exit" | "continue" = "exit"): EventRunner => ({
  host,
  plugin: "hello",
  timeout,
  onError,
});

const reply = (_id: number, data: Buffer): void => {
  sent.push(data.toString());
};
const start = (phase = "access"): GatewayEvent => table.start(runner(), 1, phase, PLAIN_DIALECT, reply);
const step = (event: GatewayEvent): boolean => event.step(false, undefined, reply);

describe("ids", () => {
  it("go up, one by one, from a start that nobody can guess", () => {
    const first = start().id;
    expect(start().id).toBe(first + 1);
    expect(start().id).toBe(first + 2);
    const others = new Set(
      Array.from({ length: 20 }, () => {
        const other = new EventTable({
          failureCalls: () => [],
          onTimeout: () => {},
          onCallRefused: () => {},
        });
        const { id } = other.start(runner(), 1, "log", PLAIN_DIALECT, () => {});
        other.close();
        return id;
      }),
    );
    expect(others.size).toBe(20);
    for (const id of others) expect(id).toSatisfy((value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 31);
  });

  it("tell what is under way, what is over and what was never here", () => {
    const event = start();
    expect(table.find(event.id)).toBe(event);
    table.returned(event.id);
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
    table.calls(second.id, [ask("get")]);
    expect(sent).toEqual(["get"]);
    expect([first.state, second.state]).toEqual(["running", "awaiting-step"]);
    table.returned(first.id);
    expect(sent).toEqual(["get", "<over>"]);
  });

  it("a failure is told to the gateway, and which event it was to the caller", () => {
    const event = start();
    expect(table.failed(event.id, "it broke")).toBe(event);
    expect(reasons).toEqual(["it broke"]);
    step(event);
    expect(sent).toEqual(["log", "exit 500"]);
    expect(table.size).toBe(0);
  });

  it("of an event that is gone is not heard", () => {
    const { id } = start();
    table.returned(id);
    table.calls(id, [tell("late")]);
    table.returned(id);
    expect(table.failed(id, "late")).toBeUndefined();
    expect(table.failed(12345, "never here")).toBeUndefined();
    expect(sent).toEqual(["<over>"]);
  });

  it("may come before `start` returns", () => {
    host.onStart = (id) => {
      table.calls(id, [exit("exit")]);
    };
    start();
    expect(sent).toEqual(["exit"]);
    expect(table.size).toBe(0);
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
    expect(table.size).toBe(0);
  });

  it("in a phase without an answer ends with its log line", () => {
    const event = start("log");
    vi.advanceTimersByTime(TIMEOUT + SWEEP);
    step(event);
    expect(sent).toEqual(["log", "<over>"]);
  });

  it("whose step the gateway owes leaves the table, and is unknown from then on", () => {
    const event = start();
    table.calls(event.id, [ask("get")]);
    vi.advanceTimersByTime(TIMEOUT + SWEEP);
    expect(timedOut).toEqual([[event.id, "awaiting-step"]]);
    expect(sent).toEqual(["get"]);
    expect(table.size).toBe(0);
    // "over" would let the request through as if the plugin had finished.
    expect(table.find(event.id)).toBe("unknown");
  });

  it("whose gateway does not even fetch the failure leaves the table too", () => {
    start();
    vi.advanceTimersByTime(TIMEOUT + 2 * SWEEP);
    expect(table.size).toBe(0);
  });

  it("takes no other with it", () => {
    const slow = start();
    vi.advanceTimersByTime(TIMEOUT / 2);
    const later = start();
    table.calls(slow.id, [ask("get")]);
    table.calls(later.id, [ask("get")]);
    vi.advanceTimersByTime(TIMEOUT / 2 + SWEEP);
    expect(timedOut).toEqual([[slow.id, "awaiting-step"]]);
    expect(table.find(later.id)).toBe(later);
  });

  it("100,000 abandoned events leave nothing but a bounded memory of their ids", () => {
    const ids: number[] = [];
    for (let i = 0; i < 100_000; i += 1) {
      const { id } = start();
      table.calls(id, [ask("get")]);
      ids.push(id);
    }
    expect(table.size).toBe(100_000);
    vi.advanceTimersByTime(TIMEOUT + SWEEP);
    expect(table.size).toBe(0);
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
    const other = new EventTable({
      failureCalls: () => [],
      onTimeout: () => noticed.push(Date.now() - began),
      onCallRefused: () => {},
    });
    other.start(runner(eventTimeout), 1, "access", PLAIN_DIALECT, () => {});
    vi.advanceTimersByTime(eventTimeout + sweep);
    other.close();
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
    await table.drained(10_000);
  });

  it("waits for the last event", async () => {
    const [first, second] = [start(), start()];
    const drained = table.drained(10_000);
    table.returned(first.id);
    expect(await isSettled(drained)).toBe(false);
    table.returned(second.id);
    await drained;
  });

  it("waits for the calls that a returned handler left behind", async () => {
    const event = start();
    table.calls(event.id, [tell("set")]);
    table.returned(event.id);
    const drained = table.drained(10_000);
    expect(await isSettled(drained)).toBe(false);
    step(event);
    await drained;
  });

  it("ends after its time where an event does not", async () => {
    start();
    const drained = table.drained(5000);
    await vi.advanceTimersByTimeAsync(4900);
    expect(await isSettled(drained)).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    await drained;
  });

  it("does not wait for a gateway that refused a call: it answers within a second or never", async () => {
    table.calls(start().id, [ask("get")]);
    const drained = table.drained(10_000);
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
    table.close();
    vi.advanceTimersByTime(TIMEOUT * 2);
    expect(timedOut).toEqual([]);
    expect(table.size).toBe(0);
    table.calls(id, [ask("get")]);
    expect(sent).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("plugins with timeouts of their own", () => {
  it("are each given up at theirs, whichever started first", () => {
    const slow = table.start(runner(5000), 1, "access", PLAIN_DIALECT, reply);
    const quick = table.start(runner(500), 2, "access", PLAIN_DIALECT, reply);
    vi.advanceTimersByTime(600);
    expect(timedOut.map(([id]) => id)).toEqual([quick.id]);
    vi.advanceTimersByTime(5000);
    expect(timedOut.map(([id]) => id)).toContain(slow.id);
  });

  it("that let requests go on are over for a step that comes too late", () => {
    const event = table.start(runner(500, "continue"), 1, "access", PLAIN_DIALECT, reply);
    table.calls(event.id, [{ data: Buffer.from("get"), wantsAnswer: true, ends: false }]);
    vi.advanceTimersByTime(2000);
    expect(table.find(event.id)).toBe("over");
  });
});
