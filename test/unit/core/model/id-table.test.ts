import { describe, expect, it } from "vitest";
import { IdTable } from "../../../../src/core/model/index.js";

interface Entry {
  readonly id: number;
}

/** Numbers that look random and are the same each time. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0);
}

function sorted(entries: readonly Entry[]): number[] {
  return entries.map(({ id }) => id).sort((one, other) => one - other);
}

describe("IdTable", () => {
  it("finds what was set, and nothing else", () => {
    const table = new IdTable<Entry>();
    const entry = { id: 7 };
    table.set(7, entry);
    expect(table.get(7)).toBe(entry);
    expect(table.has(7)).toBe(true);
    for (const other of [6, 8, 0, -7, 7 + 2 ** 32, 7.5, NaN, Infinity]) expect(table.get(other)).toBeUndefined();
    expect(table.size).toBe(1);
  });

  it("takes a value in place of the former one", () => {
    const table = new IdTable<Entry>();
    table.set(1, { id: 1 });
    const second = { id: 1 };
    table.set(1, second);
    expect(table.get(1)).toBe(second);
    expect(table.size).toBe(1);
    expect(table.delete(1)).toBe(true);
    expect(table.delete(1)).toBe(false);
    expect(table.size).toBe(0);
  });

  it.each([
    ["that follow each other", (n: number) => 2 ** 31 - 50 + n],
    ["of one of several servers", (n: number) => 3 + n * 64],
    ["of which all begin at the same place", (n: number) => n * 2 ** 32],
    ["beyond 32 bits", (n: number) => 2 ** 52 + n],
  ])("does what a Map does, with ids %s", (_kind, idOf) => {
    const [table, map] = [new IdTable<Entry>(), new Map<number, Entry>()];
    const next = sequence(1);
    for (let round = 0; round < 20_000; round += 1) {
      const id = idOf(next() % 300);
      // Fills up, and empties again.
      if (next() % 100 < (round % 4000 < 2000 ? 70 : 20)) {
        const entry = { id };
        table.set(id, entry);
        map.set(id, entry);
      } else expect(table.delete(id)).toBe(map.delete(id));
      const looked = idOf(next() % 300);
      expect(table.get(looked)).toBe(map.get(looked));
      expect(table.size).toBe(map.size);
    }
    expect(sorted(table.values())).toEqual(sorted([...map.values()]));
  });

  it("lets what is done with its values change it", () => {
    const table = new IdTable<Entry>();
    for (let id = 0; id < 1000; id += 1) table.set(id, { id });
    const seen = table.values().filter(({ id }) => table.delete(id));
    expect(seen).toHaveLength(1000);
    expect(table.size).toBe(0);
    expect(table.values()).toEqual([]);
  });

  it("has nothing once it is cleared", () => {
    const table = new IdTable<Entry>();
    for (let id = 0; id < 100; id += 1) table.set(id, { id });
    table.clear();
    expect([table.size, table.get(5), table.values().length]).toEqual([0, undefined, 0]);
  });
});
