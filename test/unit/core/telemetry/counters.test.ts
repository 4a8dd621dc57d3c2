// What is counted comes out exactly: by function, over several memories, and when a thread is gone.
import { expect, it } from "vitest";
import {
  type GatewayTelemetry,
  OTHER_FUNCTION,
  PluginCounters,
  quantileOf,
  Telemetry,
} from "../../../../src/core/telemetry/index.js";

const CODE = { version: "1.0", functions: ["access", "log"], loaded: 1 };

const gateway = (): GatewayTelemetry => new Telemetry().gateway("lines");

it("counts calls, failures, asks and bytes of a function", () => {
  const lines = gateway();
  lines.serves("hello", CODE);
  const counters = lines.countersOf("hello", "access");
  for (const failure of [undefined, undefined, "threw", "timeout"] as const) {
    counters.started(10);
    counters.asked(2, 7);
    counters.received(3);
    counters.handled(20);
    counters.answered(1);
    counters.ended(40, failure);
  }
  counters.started(0);
  const [access] = lines.functions();
  expect(access).toMatchObject({ plugin: "hello", function: "access", calls: 4, running: 1, asks: 8, bytesIn: 52, bytesOut: 32 });
  expect(access?.failures).toMatchObject({ threw: 1, timeout: 1, refused: 0 });
  expect(access?.duration).toMatchObject({ count: 4, sum: 0.16 });
  expect(access?.handler.sum).toBeCloseTo(0.08);
  expect(access && quantileOf(access.duration, 0.5)).toBeCloseTo(0.04, 2);
});

it("counts functions and plugins that there are not in one place each, whatever clients ask for", () => {
  const lines = gateway();
  lines.serves("hello", CODE);
  for (let i = 0; i < 50; i += 1) {
    lines.countersOf("hello", `f${i}`).started(0);
    lines.countersOf(`p${i}`, "access").started(0);
  }
  const running = lines.functions().map(({ plugin, function: name, running: count }) => [plugin, name, count]);
  expect(running).toEqual([
    ["hello", "access", 0],
    ["hello", "log", 0],
    ["hello", OTHER_FUNCTION, 50],
    ["", OTHER_FUNCTION, 50],
  ]);
});

it("keeps what an isolate has counted when it is gone, with the calls that it took along", () => {
  const lines = gateway();
  const plugin = lines.serves("hello", CODE);
  const isolate = plugin.isolateStarted({ slot: 0, kind: "thread", limit: 1 });
  const theirs = new PluginCounters(["log", "access"]);
  isolate.counts(1, theirs);
  theirs.of("access").started(1);
  theirs.of("access").ended(1000, undefined);
  theirs.of("access").started(1);
  expect(lines.functions()[0]).toMatchObject({ function: "access", calls: 1, running: 1 });
  isolate.gone();
  isolate.gone();
  expect(lines.functions()[0]).toMatchObject({ function: "access", calls: 2, running: 0, failures: { isolate_died: 1 } });
  expect(lines.functions()[0]?.duration.count).toBe(1);
  expect(lines.isolates()).toEqual([]);
});

it("counts on when a plugin has new code with other functions", () => {
  const lines = gateway();
  lines.serves("hello", CODE);
  lines.countersOf("hello", "log").started(0);
  lines.serves("hello", { version: "1.1", functions: ["log", "response"], loaded: 2 });
  lines.countersOf("hello", "response").started(0);
  expect(lines.functions().map(({ function: name, running }) => [name, running])).toEqual([
    ["access", 0],
    ["log", 1],
    ["response", 1],
  ]);
  expect(lines.plugins()).toMatchObject([{ version: "1.1", generation: 2, reloads: 1, loadedSince: 2000 }]);
});

it("remembers the newest errors alone", () => {
  const plugin = gateway().serves("hello", CODE);
  for (let i = 1; i <= 30; i += 1) plugin.failed({ function: "log", reason: "threw", message: `error ${i}` });
  const { lastErrors } = plugin.figures({ living: 0, sleeping: 0 });
  expect(lastErrors.map(({ message }) => message)).toEqual(Array.from({ length: 10 }, (_, i) => `error ${30 - i}`));
});
