// What lasts is told once, when it has lasted; what passes is not told at all.
import { describe, expect, it } from "vitest";
import { Settling } from "../../../../../src/core/server/directory/settling.js";

const PATIENCE = 500;

function settling(): { see: (...items: string[]) => ReturnType<Settling<string>["see"]>; wait: (ms: number) => void } {
  let now = 1000;
  const subject = new Settling<string>(() => now);
  return {
    see: (...items) => subject.see(new Map(items.map((item) => [item, item])), PATIENCE),
    wait: (ms) => (now += ms),
  };
}

const NOTHING = { toTell: [], over: [], nextLook: undefined };

describe("what is seen", () => {
  it("is told when it has been there long enough, and once", () => {
    const { see, wait } = settling();
    expect(see("a")).toEqual({ ...NOTHING, nextLook: 500 });
    wait(200);
    expect(see("a")).toEqual({ ...NOTHING, nextLook: 300 });
    wait(300);
    expect(see("a")).toEqual({ ...NOTHING, toTell: ["a"] });
    wait(500);
    expect(see("a")).toEqual(NOTHING);
  });

  it("and passes is neither told nor over", () => {
    const { see, wait } = settling();
    see("a");
    wait(499);
    expect(see()).toEqual(NOTHING);
    expect(see("a")).toEqual({ ...NOTHING, nextLook: 500 });
  });

  it("and told is over when it is not seen any more, and new when it is back", () => {
    const { see, wait } = settling();
    see("a");
    wait(500);
    see("a");
    expect(see()).toEqual({ ...NOTHING, over: ["a"] });
    expect(see()).toEqual(NOTHING);
    expect(see("a")).toEqual({ ...NOTHING, nextLook: 500 });
  });

  it("at different times is told at different times: the next look is for the first of them", () => {
    const { see, wait } = settling();
    see("a");
    wait(100);
    expect(see("a", "b").nextLook).toBe(400);
    wait(400);
    expect(see("a", "b")).toEqual({ toTell: ["a"], over: [], nextLook: 100 });
  });

  it("is told at once where no patience is asked for", () => {
    const subject = new Settling<string>();
    expect(subject.see(new Map([["a", "A"]]), 0)).toEqual({ ...NOTHING, toTell: ["A"] });
  });
});
