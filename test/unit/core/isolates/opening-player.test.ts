// The calls of an opening go out before its event begins, and what becomes of them is told once.
import { describe, expect, it } from "vitest";
import type { AskedCall, PdkCall } from "../../../../src/core/channel/index.js";
import { OpeningPlayer } from "../../../../src/core/isolates/opening-player.js";
import { Openings } from "../../../../src/core/isolates/openings.js";

const [FIRST, SECOND] = [Buffer.from("first"), Buffer.from("second")];
const asRead = (data: Buffer): PdkCall => ({ data, wantsAnswer: true, ends: false });
const OPENING = [FIRST, SECOND].map(asRead);
const INSTANCE = 3;

interface Played {
  readonly player: OpeningPlayer;
  readonly calls: string[];
  readonly answered: (readonly AskedCall[])[];
}

function play(...eventIds: readonly number[]): Played {
  const calls: string[] = [];
  const answered: (readonly AskedCall[])[] = [];
  const player = new OpeningPlayer((eventId, made) => {
    for (const { data } of made) calls.push(`${eventId} ${data.toString()}`);
  });
  for (const eventId of eventIds) player.play(eventId, INSTANCE, OPENING, (asked) => answered.push(asked));
  return { player, calls, answered };
}

describe("an opening", () => {
  it("is asked at once and over with its last answer", () => {
    const { player, calls, answered } = play(1);
    expect(calls).toEqual(["1 first", "1 second"]);
    expect(player.step(1, false, Buffer.from("a"))).toBe(true);
    expect(answered).toEqual([]);
    expect(player.step(1, true, undefined)).toBe(true);
    expect(answered).toEqual([
      [
        { call: FIRST, failed: false, data: Buffer.from("a") },
        { call: SECOND, failed: true, data: undefined },
      ],
    ]);
    expect(player.step(1, false, Buffer.from("of the handler's own call"))).toBe(false);
  });

  it("keeps answers whose memory is used again", () => {
    const { player, answered } = play(1);
    const shared = Buffer.from("aaa");
    player.step(1, false, shared);
    shared.fill("b");
    player.step(1, false, shared);
    shared.fill("c");
    expect(answered[0]?.map(({ data }) => data?.toString())).toEqual(["aaa", "bbb"]);
  });

  it("of an event that is given up is never told", () => {
    const { player, answered } = play(1);
    player.step(1, false, undefined);
    expect(player.cancel(1)).toBe(true);
    expect(player.step(1, false, undefined)).toBe(false);
    expect(player.cancel(1)).toBe(false);
    expect(answered).toEqual([]);
  });

  it("is not disturbed by another event's", () => {
    const { player, answered } = play(1, 2);
    player.step(2, false, Buffer.from("2"));
    player.step(1, false, Buffer.from("1"));
    player.step(2, false, undefined);
    expect(answered).toHaveLength(1);
    expect(answered[0]?.[0]?.data?.toString()).toBe("2");
  });
});

describe("what waits for an instance's openings", () => {
  it("happens at once where there are none", () => {
    const { player } = play(1);
    const done: string[] = [];
    player.whenDone(INSTANCE + 1, () => done.push("now"));
    expect(done).toEqual(["now"]);
  });

  it("happens once, behind the start of the last one", () => {
    const { player, answered } = play(1, 2);
    const done: number[] = [];
    player.whenDone(INSTANCE, () => done.push(answered.length));
    player.cancel(2);
    player.step(1, false, undefined);
    expect(done).toEqual([]);
    player.step(1, false, undefined);
    expect(done).toEqual([1]);
  });
});

describe("what an isolate has said", () => {
  it("holds for one phase of one instance in one protocol", () => {
    const openings = new Openings();
    openings.add(1);
    openings.add(2);
    openings.set(1, "access", "MsgPack:1", [FIRST, SECOND]);
    expect(openings.get(1, "access", "MsgPack:1")).toEqual(OPENING);
    expect(openings.get(1, "access", "ProtoBuf:1")).toBeUndefined();
    expect(openings.get(1, "rewrite", "MsgPack:1")).toBeUndefined();
    expect(openings.get(2, "access", "MsgPack:1")).toBeUndefined();
  });

  it("is replaced and taken back", () => {
    const openings = new Openings();
    openings.add(1);
    openings.set(1, "access", "MsgPack:1", [FIRST, SECOND]);
    openings.set(1, "rewrite", "MsgPack:1", [FIRST, SECOND]);
    openings.set(1, "access", "MsgPack:1", [SECOND]);
    expect(openings.get(1, "access", "MsgPack:1")).toEqual([asRead(SECOND)]);
    openings.set(1, "access", "MsgPack:1", undefined);
    expect(openings.get(1, "access", "MsgPack:1")).toBeUndefined();
    expect(openings.get(1, "rewrite", "MsgPack:1")).toEqual(OPENING);
  });

  it("of an instance that was closed meanwhile is not kept", () => {
    const openings = new Openings();
    openings.add(1);
    openings.delete(1);
    openings.set(1, "access", "MsgPack:1", [FIRST, SECOND]);
    expect(openings.get(1, "access", "MsgPack:1")).toBeUndefined();
  });
});
