// An isolate is replaced for what it holds, not for garbage; and it is not stopped for a collection all the time.
import { describe, expect, it } from "vitest";
import { MemoryWatch } from "../../../../../src/core/isolates/health/memory-watch.js";

function watch(): { watch: MemoryWatch; asked: () => number; heavy: number[]; wait: (ms: number) => void } {
  let asked = 0;
  let now = 1000;
  const heavy: number[] = [];
  const subject = new MemoryWatch({ cap: 100, weigh: () => (asked += 1), onHeavy: (memory) => heavy.push(memory) }, () => now);
  return { watch: subject, asked: () => asked, heavy, wait: (ms) => (now += ms) };
}

describe("an isolate that uses much", () => {
  it("is weighed, and left alone where most of it was garbage", () => {
    const { watch: subject, asked, heavy } = watch();
    subject.used(79);
    expect(asked()).toBe(0);
    subject.used(345);
    subject.used(345);
    expect(asked()).toBe(1);
    subject.weighed(10);
    expect(heavy).toEqual([]);
  });

  it("is too heavy where it holds that much", () => {
    const { watch: subject, heavy } = watch();
    subject.used(80);
    subject.weighed(80);
    expect(heavy).toEqual([80]);
  });

  it("is not weighed again before ten times what the last collection took, but at once where it comes close", () => {
    const { watch: subject, asked, wait } = watch();
    subject.used(85);
    wait(200);
    subject.weighed(50);
    wait(1999);
    subject.used(85);
    expect(asked()).toBe(1);
    subject.used(90);
    expect(asked()).toBe(2);
    wait(200);
    subject.weighed(50);
    wait(2000);
    subject.used(85);
    expect(asked()).toBe(3);
  });
});
