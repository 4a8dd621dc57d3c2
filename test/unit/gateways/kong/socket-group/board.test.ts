import { beforeEach, describe, expect, it } from "vitest";
import { Board } from "../../../../../src/gateways/kong/socket-group/index.js";

const SLOTS = 4;

let board: Board;

beforeEach(() => {
  board = new Board(SLOTS);
});

/** Claims a slot whose server listens. */
function listening(): number {
  const slot = board.claim() ?? NaN;
  board.enter(slot, "listening");
  return slot;
}

describe("slots", () => {
  it("are claimed once, and again when they are free", () => {
    const claimed = Array.from({ length: SLOTS + 1 }, () => board.claim());
    expect(claimed).toEqual([0, 1, 2, 3, undefined]);
    board.enter(2, "free");
    expect([board.claim(), board.claim()]).toEqual([2, undefined]);
  });

  it("are seen alike by all that have the memory", () => {
    const slot = listening();
    const other = new Board(SLOTS, board.memory);
    expect([other.stateOf(slot), other.choose()]).toEqual(["listening", slot]);
  });
});

describe("the choice of a server", () => {
  it("there is none where none listens", () => {
    board.claim();
    expect(board.choose()).toBeUndefined();
  });

  it("takes the one with the fewest connections", () => {
    const [first, second, third] = [listening(), listening(), listening()];
    board.connected(first, 3);
    board.connected(second, 1);
    board.connected(third, 2);
    expect([board.choose(), board.choose()]).toEqual([second, second]);
    board.enter(second, "leaving");
    expect(board.choose()).toBe(third);
  });

  it("goes round where all are equal", () => {
    const slots = [listening(), listening(), listening()];
    const chosen = Array.from({ length: 6 }, () => board.choose());
    expect([...chosen].sort()).toEqual([...slots, ...slots].sort());
    expect(chosen.slice(3)).toEqual(chosen.slice(0, 3));
  });

  it("a slot that was used before begins with no connection", () => {
    const [first, second] = [listening(), listening()];
    board.connected(first, 5);
    board.connected(second, 1);
    board.enter(first, "free");
    expect(listening()).toBe(first);
    expect(board.choose()).toBe(first);
  });
});

it("counts the connections of all that are there", () => {
  const [first, second] = [listening(), listening()];
  board.connected(first, 2);
  board.connected(second, 3);
  expect(board.connectionCount).toBe(5);
  board.enter(second, "free");
  expect(board.connectionCount).toBe(2);
});

describe("the end", () => {
  it("nobody waits for the others where one ends alone", () => {
    const [first] = [listening(), listening()];
    expect(board.areOthersQuiet(first, 7)).toBe(true);
  });

  it("where all end, each waits until all others have said that they have no events", () => {
    const [first, second] = [listening(), listening()];
    board.end();
    expect(board.areOthersQuiet(first, 0)).toBe(false);
    expect(board.areOthersQuiet(second, 2)).toBe(true);
    expect(board.areOthersQuiet(first, 0)).toBe(false);
    expect(board.areOthersQuiet(second, 0)).toBe(true);
    expect(board.areOthersQuiet(first, 0)).toBe(true);
  });

  it("those that are gone are not waited for", () => {
    const [first, second] = [listening(), listening()];
    board.end();
    board.enter(second, "free");
    expect(board.areOthersQuiet(first, 0)).toBe(true);
  });
});
