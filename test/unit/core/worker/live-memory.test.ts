// What an isolate holds is measured without its garbage, and plugin code gets no collector to play with.
import { expect, it } from "vitest";
import { liveMemory, memoryInUse } from "../../../../src/core/worker/live-memory.js";

const MEGABYTE = 2 ** 20;

it("counts buffers that are held, and none that are garbage", async () => {
  const before = await liveMemory();
  let held: Buffer[] = [];
  for (let i = 0; i < 8; i += 1) held.push(Buffer.alloc(16 * MEGABYTE, 1));
  expect(memoryInUse() - before).toBeGreaterThan(120 * MEGABYTE);
  expect((await liveMemory()) - before).toBeGreaterThan(120 * MEGABYTE);
  expect(held.length).toBe(8);
  held = [];
  expect((await liveMemory()) - before).toBeLessThan(16 * MEGABYTE);
});

it("leaves no trace of the collector", async () => {
  await liveMemory();
  expect("gc" in globalThis).toBe(false);
});
