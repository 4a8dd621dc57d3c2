import { expect, it } from "vitest";
import { areTracedCalls, parseTraceParent, Telemetry, type TracedCall } from "../../../../src/core/telemetry/index.js";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const PLACE = { gateway: "line", plugin: "p", function: "f", binding: 1 };

it("reads a valid traceparent, also of a later version", () => {
  const sampled = { traceId: TRACE, spanId: SPAN, isSampled: true };
  expect(parseTraceParent(`00-${TRACE}-${SPAN}-01`)).toEqual(sampled);
  expect(parseTraceParent(`00-${TRACE}-${SPAN}-fe`)).toEqual({ ...sampled, isSampled: false });
  expect(parseTraceParent(`01-${TRACE}-${SPAN}-03-more`)).toEqual(sampled);
});

it.each([
  undefined,
  1,
  "",
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE}-${SPAN}-01-more`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  ` 00-${TRACE}-${SPAN}-01`,
  `01-${TRACE}-${SPAN}-01-${"x".repeat(300)}`,
])("takes %j for no traceparent", (text) => {
  expect(parseTraceParent(text)).toBeUndefined();
});

it("gives plugin code the parent itself where nothing is recorded, and a span of its own where it is", () => {
  const traces = new Telemetry().traceCalls(0);
  const unsampled = traces.begin(PLACE);
  unsampled.belongsTo(`00-${TRACE}-${SPAN}-00`);
  expect(unsampled.context).toBe(`00-${TRACE}-${SPAN}-00`);
  const sampled = traces.begin(PLACE);
  sampled.belongsTo(`00-${TRACE}-${SPAN}-01`);
  expect(sampled.context).toMatch(new RegExp(`^00-${TRACE}-(?!${SPAN})[0-9a-f]{16}-01$`));
  const root = traces.begin(PLACE);
  root.belongsTo(undefined);
  expect(root.context).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  for (const span of [unsampled, sampled, root]) span.ended(1, undefined);
  expect(traces.take()).toMatchObject([{ ...PLACE, traceId: TRACE, parentSpanId: SPAN, duration: 1 }]);
});

it("drops and counts what nobody takes", () => {
  const traces = new Telemetry().traceCalls(1);
  for (let i = 0; i < 5000; i += 1) traces.begin(PLACE).ended(1, "threw");
  expect(traces.recorded).toBe(5000);
  expect(traces.waiting + traces.dropped).toBe(5000);
  expect(traces.dropped).toBeGreaterThan(0);
  expect(traces.take(10)).toHaveLength(10);
});

it("takes from an isolate nothing but calls", () => {
  const call: TracedCall = {
    ...PLACE,
    traceId: TRACE,
    spanId: SPAN,
    parentSpanId: undefined,
    traceState: undefined,
    startedAt: 1,
    duration: 2,
    failure: "threw",
    error: { name: "Error", message: "m", stack: "s" },
  };
  expect(areTracedCalls([call])).toBe(true);
  const bad = [{ traceId: "x" }, { duration: NaN }, { failure: "no" }, { error: {} }, { plugin: "x".repeat(20_000) }];
  for (const wrong of bad) expect(areTracedCalls([{ ...call, ...wrong }])).toBe(false);
  expect(areTracedCalls(undefined)).toBe(false);
});
