// How events begin is learnt from those before, told when it is sure, and taken back when it was wrong.
import { beforeEach, describe, expect, it } from "vitest";
import type { PrefetchedAnswer, Prefetch } from "../../../../../src/core/channel/index.js";
import { FIRST_PATIENCE as PATIENCE, PrefetchLearner } from "../../../../../src/gateways/kong/worker/prefetch-learner.js";

const INSTANCE = 1;
const asked = (call: string): PrefetchedAnswer => ({ ask: Buffer.from(call), failed: false, data: Buffer.from("yes") });

let told: (readonly [phase: string, calls: readonly string[] | undefined])[];
let known: Prefetch | undefined;
let learner: PrefetchLearner;

beforeEach(() => {
  told = [];
  known = undefined;
  learner = new PrefetchLearner(({ functionName }, opening) => {
    known = opening;
    told.push([functionName, opening?.map(String)]);
  });
});

/** One event: its calls until the first ones are sent; a call that writes begins with "!". */
function event(calls: readonly string[], functionName = "access"): void {
  const opening = learner.begin({ bindingId: INSTANCE, functionName }, undefined);
  for (const call of calls) expect(opening.answerTo(Buffer.from(call), !call.startsWith("!"))).toBeUndefined();
  opening.sent();
  opening.answerTo(Buffer.from("depends on an answer"), true);
  opening.sent();
  opening.over();
}

function events(count: number, calls: readonly string[], phase?: string): void {
  for (let i = 0; i < count; i += 1) event(calls, phase);
}

/** One event of which the host has asked `known` ahead; gives which of its calls were answered without being sent. */
function answered(calls: readonly string[]): boolean[] {
  const opening = learner.begin({ bindingId: INSTANCE, functionName: "access" }, (known ?? []).map(String).map(asked));
  const answers = calls.map((call) => {
    const answer = opening.answerTo(Buffer.from(call), !call.startsWith("!"));
    if (answer !== undefined) expect(answer).toEqual(asked(call));
    return answer !== undefined;
  });
  opening.over();
  return answers;
}

describe("what events begin with", () => {
  it("is told after many that began alike, once", () => {
    events(PATIENCE - 1, ["a", "b"]);
    expect(told).toEqual([]);
    events(3, ["a", "b"]);
    expect(told).toEqual([["access", ["a", "b"]]]);
  });

  it("ends with the first call that is no plain read", () => {
    events(PATIENCE, ["a", "!write", "b"]);
    expect(told).toEqual([["access", ["a"]]]);
  });

  it.each([
    ["a write", ["!write", "a"]],
    ["nothing", []],
    ["a call of great size", ["x".repeat(1025)]],
  ])("is not told where it is %s", (_name, calls) => {
    events(PATIENCE * 2, calls);
    expect(told).toEqual([]);
  });

  it("is told up to its 32nd call", () => {
    events(
      PATIENCE,
      Array.from({ length: 40 }, (_, index) => `call ${index}`),
    );
    expect(told[0]?.[1]).toHaveLength(32);
  });

  it.each([[["b"]], [["a", "b"]], [[]], [["!a"]]])("is not told where another began with %j", (other) => {
    events(PATIENCE - 1, ["a"]);
    event(other);
    events(PATIENCE - 1, ["a"]);
    expect(told).toEqual([]);
    event(["a"]);
    expect(told).toEqual([["access", ["a"]]]);
  });

  it("is kept apart by function", () => {
    events(PATIENCE - 1, ["a"]);
    for (let i = 0; i < PATIENCE - 1; i += 1) event(["a"], "rewrite");
    events(PATIENCE - 1, ["b"], "rewrite");
    expect(told).toEqual([]);
    events(1, ["b"], "rewrite");
    expect(told).toEqual([["rewrite", ["b"]]]);
  });

  it("is forgotten with its instance", () => {
    events(PATIENCE - 1, ["a"]);
    learner.closeInstance(INSTANCE);
    event(["a"]);
    expect(told).toEqual([]);
  });

  it("does not depend on memory that others write to", () => {
    const shared = Buffer.from("a");
    const opening = learner.begin({ bindingId: INSTANCE, functionName: "access" }, undefined);
    opening.answerTo(shared, true);
    opening.sent();
    shared.fill("z");
    events(PATIENCE - 1, ["a"]);
    expect(told).toEqual([["access", ["a"]]]);
  });
});

describe("an event whose opening was asked ahead", () => {
  beforeEach(() => {
    events(PATIENCE, ["a", "b"]);
    told = [];
  });

  it("finds its answers there", () => {
    expect(answered(["a", "b", "c", "a"])).toEqual([true, true, false, false]);
    expect(told).toEqual([]);
  });

  it.each([
    ["begins with another call", ["c", "a", "b"], [false, false, false]],
    ["changes something in between", ["a", "!write", "b"], [true, false, false]],
    ["asks in another order", ["b", "a"], [false, false]],
    ["asks for less", ["a"], [true]],
    ["asks for nothing", [], []],
  ])("that %s asks by itself, and the next ones do", (_name, calls, answers) => {
    expect(answered(calls)).toEqual(answers);
    expect(told).toEqual([["access", undefined]]);
  });

  it("is sure only after twice as many, once it was wrong", () => {
    answered([]);
    told = [];
    events(PATIENCE * 2 - 1, ["a", "b"]);
    expect(told).toEqual([]);
    event(["a", "b"]);
    expect(told).toEqual([["access", ["a", "b"]]]);
  });

  it("that was asked with what another isolate had said begins as it wants, and takes nothing back", () => {
    const opening = learner.begin({ bindingId: INSTANCE, functionName: "access" }, [asked("of another")]);
    expect(opening.answerTo(Buffer.from("a"), true)).toBeUndefined();
    opening.over();
    expect(told).toEqual([]);
    expect(answered(["a", "b"])).toEqual([true, true]);
  });

  it("takes its opening back once, however many were under way", () => {
    const ahead = [asked("a"), asked("b")];
    const under = [1, 2, 3].map(() => learner.begin({ bindingId: INSTANCE, functionName: "access" }, ahead));
    for (const opening of under) opening.over();
    expect(told).toEqual([["access", undefined]]);
  });
});
