// Of lines that come in any number few are written in a second, and the rest is counted.
import { Writable } from "node:stream";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LimitedLog } from "../../../../src/core/log/limited-log.js";

let lines: { level: number; msg: string; instance?: number }[];
let log: LimitedLog;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  lines = [];
  const stream = new Writable({
    write: (line: Buffer, _encoding, done) => {
      lines.push(JSON.parse(line.toString()) as (typeof lines)[0]);
      done();
    },
  });
  log = new LimitedLog(pino({ level: "info" }, stream));
});
afterEach(() => vi.useRealTimers());

const fail = (message: string, instance = 1, group = "failure of a"): void =>
  log.log({ level: "error", group, message, about: instance, fields: () => ({ instance }) });
const messages = (): string[] => lines.splice(0).map(({ msg }) => msg);

it("equal lines are one, and the others are counted when the second is over", () => {
  for (let i = 0; i < 98; i += 1) fail("it fails");
  expect(messages()).toEqual(["it fails"]);
  vi.advanceTimersByTime(1000);
  expect(messages()).toEqual(["and 97 more in the last second: it fails"]);
  fail("it fails");
  vi.advanceTimersByTime(1000);
  expect(messages()).toEqual(["and 1 more in the last second: it fails"]);
  vi.advanceTimersByTime(1000);
  fail("it fails");
  vi.advanceTimersByTime(5000);
  expect(messages()).toEqual(["it fails"]);
});

it("what another instance says is another line, with its own fields", () => {
  for (const instance of [1, 2, 2, 1, 1]) fail("it fails", instance);
  expect(lines.map(({ instance }) => instance)).toEqual([1, 2]);
  log.close();
  expect(lines.slice(2)).toMatchObject([
    { level: 50, instance: 1, msg: "and 2 more in the last second: it fails" },
    { level: 50, instance: 2, msg: "and 1 more in the last second: it fails" },
  ]);
});

it("of lines that all differ ten are written for each group", () => {
  for (let i = 1; i <= 100; i += 1) {
    fail(`a ${i}`);
    fail(`b ${i}`, 1, "failure of b");
  }
  expect(messages()).toHaveLength(20);
  vi.advanceTimersByTime(1000);
  expect(messages()).toEqual([
    "and 90 others in the last second, the last: a 100",
    "and 90 others in the last second, the last: b 100",
  ]);
});

it("what the log leaves out costs nothing, and a long message is cut", () => {
  const fields = vi.fn(() => ({}));
  log.log({ level: "debug", group: "a client that leaves", message: "it left", fields });
  expect(fields).not.toHaveBeenCalled();
  fail("x".repeat(1_000_000));
  expect(messages()[0]?.length).toBeLessThan(10_000);
});
