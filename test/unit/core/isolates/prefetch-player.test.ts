// The asks of a prefetch go out before its call begins, and what becomes of them is told once.
import { describe, expect, it } from "vitest";
import type { CallLead, PrefetchedAnswer, Ask } from "../../../../src/core/channel/index.js";
import { PrefetchPlayer } from "../../../../src/core/isolates/prefetch-player.js";
import { KnownPrefetches } from "../../../../src/core/isolates/known-prefetches.js";

const [FIRST, SECOND] = [Buffer.from("first"), Buffer.from("second")];
const asRead = (data: Buffer): Ask => ({ data, wantsAnswer: true, ends: false });
const PREFETCH = [FIRST, SECOND].map(asRead);
const BINDING = 3;

interface Played {
  readonly player: PrefetchPlayer;
  readonly asks: string[];
  readonly answered: (readonly PrefetchedAnswer[] | undefined)[];
}

function play(...callIds: readonly number[]): Played {
  const asks: string[] = [];
  const answered: (readonly PrefetchedAnswer[] | undefined)[] = [];
  const player = new PrefetchPlayer({
    onAsks: (callId, made) => {
      for (const { data } of made) asks.push(`${callId} ${data.toString()}`);
    },
    onAnswered: (_call, answers) => answered.push(answers),
  });
  for (const callId of callIds) player.play({ callId, bindingId: BINDING, functionName: "access" }, PREFETCH);
  return { player, asks, answered };
}

describe("a prefetch", () => {
  it("is asked at once and over with its last answer", () => {
    const { player, asks, answered } = play(1);
    expect(asks).toEqual(["1 first", "1 second"]);
    expect(player.answer(1, false, Buffer.from("a"))).toBe(true);
    expect(answered).toEqual([]);
    expect(player.answer(1, true, undefined)).toBe(true);
    expect(answered).toEqual([
      [
        { ask: FIRST, failed: false, data: Buffer.from("a") },
        { ask: SECOND, failed: true, data: undefined },
      ],
    ]);
    expect(player.answer(1, false, Buffer.from("of the handler's own call"))).toBe(false);
  });

  it("keeps answers whose memory is used again", () => {
    const { player, answered } = play(1);
    const shared = Buffer.from("aaa");
    player.answer(1, false, shared);
    shared.fill("b");
    player.answer(1, false, shared);
    shared.fill("c");
    expect(answered[0]?.map(({ data }) => data?.toString())).toEqual(["aaa", "bbb"]);
  });

  it("of a call that is given up is never told", () => {
    const { player, answered } = play(1);
    player.answer(1, false, undefined);
    expect(player.cancel(1)).toBe(true);
    expect(player.answer(1, false, undefined)).toBe(false);
    expect(player.cancel(1)).toBe(false);
    expect(answered).toEqual([]);
  });

  it("is not disturbed by another call's", () => {
    const { player, answered } = play(1, 2);
    player.answer(2, false, Buffer.from("2"));
    player.answer(1, false, Buffer.from("1"));
    player.answer(2, false, undefined);
    expect(answered).toHaveLength(1);
    expect(answered[0]?.[0]?.data?.toString()).toBe("2");
  });
});

describe("what waits for a binding's prefetches", () => {
  it("happens at once where there are none", () => {
    const { player } = play(1);
    const done: string[] = [];
    player.whenDone(BINDING + 1, () => done.push("now"));
    expect(done).toEqual(["now"]);
  });

  it("happens once, behind the start of the last one", () => {
    const { player, answered } = play(1, 2);
    const done: number[] = [];
    player.whenDone(BINDING, () => done.push(answered.length));
    player.cancel(2);
    player.answer(1, false, undefined);
    expect(done).toEqual([]);
    player.answer(1, false, undefined);
    expect(done).toEqual([1]);
  });
});

describe("what an isolate has said", () => {
  it("holds for one function of one binding", () => {
    const prefetches = new KnownPrefetches();
    prefetches.add(1);
    prefetches.add(2);
    prefetches.set({ bindingId: 1, functionName: "access", prefetch: [FIRST, SECOND] });
    expect(prefetches.get(1, "access")).toEqual(PREFETCH);
    expect(prefetches.get(1, "rewrite")).toBeUndefined();
    expect(prefetches.get(2, "access")).toBeUndefined();
  });

  it("is replaced and taken back", () => {
    const prefetches = new KnownPrefetches();
    prefetches.add(1);
    prefetches.set({ bindingId: 1, functionName: "access", prefetch: [FIRST, SECOND] });
    prefetches.set({ bindingId: 1, functionName: "rewrite", prefetch: [FIRST, SECOND] });
    prefetches.set({ bindingId: 1, functionName: "access", prefetch: [SECOND] });
    expect(prefetches.get(1, "access")).toEqual([asRead(SECOND)]);
    prefetches.set({ bindingId: 1, functionName: "access", prefetch: undefined });
    expect(prefetches.get(1, "access")).toBeUndefined();
    expect(prefetches.get(1, "rewrite")).toEqual(PREFETCH);
  });

  it("of a binding that has gone meanwhile is not kept", () => {
    const prefetches = new KnownPrefetches();
    prefetches.add(1);
    prefetches.delete(1);
    prefetches.set({ bindingId: 1, functionName: "access", prefetch: [FIRST, SECOND] });
    expect(prefetches.get(1, "access")).toBeUndefined();
  });
});

describe("a lead", () => {
  const lead = (heard: string[]): CallLead => ({
    ask: { data: Buffer.from("lead"), wantsAnswer: true, ends: false },
    answered: (failed: boolean, data: Buffer | undefined): CallLead | undefined => {
      heard.push(`${failed} ${data?.toString()}`);
      return data?.toString() === "more" ? lead(heard) : undefined;
    },
  });
  const start = { callId: 9, bindingId: BINDING, functionName: "access" };

  it("is asked before what is prefetched, and is none of its answers", () => {
    const { player, asks, answered } = play();
    const heard: string[] = [];
    player.play({ ...start, lead: lead(heard) }, PREFETCH);
    expect(asks).toEqual(["9 lead", "9 first", "9 second"]);
    for (const text of ["a", "b", "c"]) player.answer(9, false, Buffer.from(text));
    expect(heard).toEqual(["false a"]);
    expect(answered[0]?.map(({ data }) => data?.toString())).toEqual(["b", "c"]);
  });

  it("may make more worth asking, which is answered behind what is prefetched", () => {
    const { player, asks, answered } = play();
    const heard: string[] = [];
    player.play({ ...start, lead: lead(heard) }, PREFETCH);
    player.answer(9, false, Buffer.from("more"));
    expect(asks).toEqual(["9 lead", "9 first", "9 second", "9 lead"]);
    for (const text of ["b", "c"]) player.answer(9, false, Buffer.from(text));
    expect(answered).toEqual([]);
    player.answer(9, false, Buffer.from("d"));
    expect(heard).toEqual(["false more", "false d"]);
    expect(answered[0]?.map(({ data }) => data?.toString())).toEqual(["b", "c"]);
    expect(player.answer(9, false, undefined)).toBe(false);
  });

  it("alone starts the call without prefetched answers", () => {
    const { player, answered } = play();
    const heard: string[] = [];
    player.play({ ...start, lead: lead(heard) });
    player.answer(9, true, undefined);
    expect(heard).toEqual(["true undefined"]);
    expect(answered).toEqual([undefined]);
  });
});
