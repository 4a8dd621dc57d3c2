// An isolate that gives no sign of life is found out, but not while it does what it was asked for.
import { performance } from "node:perf_hooks";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Heartbeat } from "../../../../../src/core/isolates/health/heartbeat.js";

let stalls: number;
let pings: number;
let waited: number;
let heartbeat: Heartbeat;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "Date"] });
  vi.spyOn(performance, "now").mockImplementation(() => Date.now());
  [stalls, pings, waited] = [0, 0, 0];
  heartbeat = new Heartbeat({
    stallTimeout: 1000,
    loadTimeout: 10_000,
    ping: () => (pings += 1),
    waited: () => waited,
    onStall: () => (stalls += 1),
  });
  heartbeat.heard();
  heartbeat.watch();
});

afterEach(() => {
  heartbeat.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it("a ping that stays unanswered is a stall", () => {
  vi.advanceTimersByTime(3000);
  expect([pings > 0, stalls]).toEqual([true, 1]);
});

it("a collection that it was asked for is none, and the time counts from its end", () => {
  vi.advanceTimersByTime(900);
  expect(stalls).toBe(0);
  heartbeat.excuse("weighing");
  vi.advanceTimersByTime(3000);
  expect(stalls).toBe(0);
  heartbeat.demand("weighing");
  vi.advanceTimersByTime(800);
  expect(stalls).toBe(0);
  vi.advanceTimersByTime(1000);
  expect(stalls).toBe(1);
});

it("an excuse does not hold for ever", () => {
  vi.advanceTimersByTime(900);
  heartbeat.excuse("weighing");
  vi.advanceTimersByTime(9000);
  expect(stalls).toBe(0);
  vi.advanceTimersByTime(2000);
  expect(stalls).toBe(1);
});

it("time in which its thread had no processor is not silence", () => {
  for (let i = 0; i < 50; i += 1) {
    waited += 90;
    vi.advanceTimersByTime(100);
  }
  expect(stalls).toBe(0);
  vi.advanceTimersByTime(1500);
  expect(stalls).toBe(1);
});

it("nor is it after a deadline has passed in it", () => {
  heartbeat.probe();
  waited += 2000;
  vi.advanceTimersByTime(2200);
  expect(stalls).toBe(0);
  vi.advanceTimersByTime(600);
  expect(stalls).toBe(1);
});

it("a sign of life that was there but not read yet counts", () => {
  vi.advanceTimersByTime(1000);
  setImmediate(() => heartbeat.heard());
  vi.advanceTimersByTime(200);
  expect(stalls).toBe(0);
});

it("is starved while it waits for a processor for a quarter of the time, and no longer", () => {
  expect(heartbeat.wasStarved()).toBe(false);
  vi.advanceTimersByTime(100);
  waited += 30;
  expect(heartbeat.wasStarved()).toBe(true);
  for (let i = 0; i < 12; i += 1) {
    heartbeat.heard();
    heartbeat.watch();
    waited += 10;
    vi.advanceTimersByTime(100);
  }
  expect(heartbeat.wasStarved()).toBe(false);
});
