// Instances by id: ids that do not repeat, and instances that go when nobody uses them.
import { performance } from "node:perf_hooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CallHost } from "../../../../../src/core/channel/index.js";
import { type Binding, BindingTable } from "../../../../../src/core/plugins/index.js";

const IDLE = 60_000;

/** A host that only notes which instances were closed. */
class ClosingHost implements CallHost {
  readonly closed: number[] = [];

  unbind(instanceId: number): void {
    this.closed.push(instanceId);
  }

  bind(): void {}
  start(): void {}
  answer(): void {}
  cancel(): void {}
}

let table: BindingTable;
let host: ClosingHost;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
  vi.spyOn(performance, "now").mockImplementation(() => Date.now());
  let last = 0;
  table = new BindingTable(IDLE, () => (last += 1));
  host = new ClosingHost();
});

afterEach(() => {
  table.end();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const add = (id: number, plugin = "hello", config = "{}"): Binding =>
  table.add({ id, plugin, config, host, started: 1, generation: undefined, fields: [] });

it("ids that are in use are left out", () => {
  add(1);
  add(2);
  expect([table.nextId(), table.nextId()]).toEqual([3, 4]);
});

describe("instances", () => {
  it("are found by id and by plugin", () => {
    const instance = add(5);
    add(6, "other");
    expect(instance).toMatchObject({ id: 5, plugin: "hello", config: "{}", error: undefined });
    expect(table.get(5)).toBe(instance);
    expect(table.get(7)).toBeUndefined();
    expect(table.ofPlugin("hello")).toEqual([instance]);
    expect(table.size).toBe(2);
  });

  it("that are closed leave their host and give their last state", () => {
    const instance = add(5);
    expect(table.close(5)).toBe(instance);
    expect(host.closed).toEqual([5]);
    expect(table.close(5)).toBeUndefined();
    expect(table.get(5)).toBeUndefined();
    expect(host.closed).toEqual([5]);
  });
});

describe("unused instances", () => {
  it("go after their time, and their host hears of it", () => {
    add(5);
    vi.advanceTimersByTime(IDLE);
    expect(table.size).toBe(1);
    vi.advanceTimersByTime(IDLE / 4);
    expect(table.size).toBe(0);
    expect(host.closed).toEqual([5]);
  });

  it("stay as long as they are used; looking is not using", () => {
    add(5);
    add(6);
    for (let turn = 0; turn < 10; turn += 1) {
      vi.advanceTimersByTime(IDLE / 2);
      expect(table.use(5)?.id).toBe(5);
      table.get(6);
    }
    expect(host.closed).toEqual([6]);
    expect(table.use(99)).toBeUndefined();
  });

  it("are woken under their id, once", () => {
    add(5);
    vi.advanceTimersByTime(IDLE * 2);
    expect(table.sleepingOf("hello")).toMatchObject([{ id: 5, plugin: "hello", config: "{}", started: 1 }]);
    expect(table.wake(5)).toMatchObject({ id: 5, config: "{}" });
    expect(table.wake(5)).toBeUndefined();
  });

  it.each([
    ["there are too many", "{}", 10_000],
    ["their configurations are too large", "x".repeat(2 ** 20), 64],
  ])("of longest go where %s, and in the end for good", (_why, config, limit) => {
    const gone: number[] = [];
    table.end();
    table = new BindingTable(
      IDLE,
      () => 1,
      (id) => gone.push(id),
    );
    for (let id = 1; id <= limit; id += 1) {
      add(id, "hello", config);
      vi.setSystemTime(Date.now() + 1);
    }
    expect(host.closed).toEqual([]);
    table.use(1);
    add(limit + 1, "hello", config);
    expect(host.closed[0]).toBe(2);
    expect([table.get(1)?.id, table.get(limit + 1)?.id]).toEqual([1, limit + 1]);
    expect(table.size).toBeLessThanOrEqual(limit);
    for (let id = limit + 2; id < 3 * limit; id += 1) add(id, "hello", config);
    expect(gone[0]).toBe(2);
    expect(table.size + table.sleepingOf("hello").length).toBeLessThanOrEqual(2 * limit);
  });

  it("of a plugin that is short of memory go after a minute", () => {
    table.end();
    table = new BindingTable(24 * IDLE, () => 1);
    for (const [id, plugin] of [
      [1, "heavy"],
      [2, "other"],
      [3, "heavy"],
    ] as const)
      add(id, plugin);
    vi.setSystemTime(Date.now() + 61_000);
    table.use(3);
    table.spare("heavy");
    expect(host.closed).toEqual([1]);
    expect(table.wake(1)?.id).toBe(1);
  });

  it.each([1, 1000, 60_000, 24 * 3_600_000, 10_000 * 3_600_000])(
    "are looked for at sensible times with a timeout of %d ms",
    (timeout) => {
      const every = vi.spyOn(globalThis, "setInterval");
      new BindingTable(timeout, () => 1).end();
      const interval = every.mock.calls[0]?.[1] ?? 0;
      expect(interval).toBeGreaterThanOrEqual(100);
      expect(interval).toBeLessThanOrEqual(Math.max(60_000, timeout / 4));
      // Node.js runs longer intervals every millisecond.
      expect(interval).toBeLessThan(2 ** 31);
    },
  );
});

describe("the end", () => {
  it("forgets everything and stops the clock", () => {
    add(5);
    table.end();
    table.end();
    expect(table.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(host.closed).toEqual([]);
  });
});
