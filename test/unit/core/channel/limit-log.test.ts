// A flood of log lines is cut, and the cut is told.
import { performance } from "node:perf_hooks";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { limitLog, type LogEntry } from "../../../../src/core/channel/index.js";

let seen: string[];
let log: (entry: LogEntry) => void;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  vi.spyOn(performance, "now").mockImplementation(() => Date.now());
  seen = [];
  log = limitLog(({ message }) => seen.push(message));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const write = (count: number, message = "x"): void => {
  for (let i = 0; i < count; i += 1) log({ level: "info", message });
};

it("a thousand lines a second pass, and the rest is counted", () => {
  write(1500);
  expect(seen.length).toBe(1000);
  vi.advanceTimersByTime(1000);
  expect(seen.at(-1)).toMatch(/^500 lines were dropped/);
  write(1);
  expect(seen.at(-1)).toBe("x");
});

it("a megabyte in one go is cut at 256 kB", () => {
  write(128, "y".repeat(8192));
  expect(seen.length).toBe(32);
  vi.advanceTimersByTime(1000);
  expect(seen.at(-1)).toMatch(/^96 lines/);
});

it("nothing is said where nothing was dropped", () => {
  write(10);
  vi.advanceTimersByTime(5000);
  expect(seen.length).toBe(10);
});
