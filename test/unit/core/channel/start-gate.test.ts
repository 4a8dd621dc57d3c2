// Which events have begun in a thread is certain, even while the thread still runs.
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { StartGate } from "../../../../src/core/channel/index.js";

it("tells what has begun, and lets nothing begin once it is shut", () => {
  const gate = new StartGate();
  const inside = new StartGate(gate.memory);
  expect([inside.enter(), inside.enter()]).toEqual([true, true]);
  const hasBegun = gate.shut();
  expect([1, 2, 3, 4].map(hasBegun)).toEqual([true, true, false, false]);
  expect(inside.enter()).toBe(false);
});

it("goes on when its count comes round", () => {
  const gate = new StartGate();
  new Int32Array(gate.memory)[0] = 2 ** 30 - 1;
  expect(new StartGate(gate.memory).enter()).toBe(true);
  const hasBegun = gate.shut();
  expect([2 ** 30 - 1, 2 ** 30, 2 ** 30 + 1].map(hasBegun)).toEqual([true, true, false]);
});

it("agrees with a thread that is shut while it runs", async () => {
  for (let i = 0; i < 5; i += 1) {
    const gate = new StartGate();
    const worker = new Worker(
      `const { parentPort, workerData } = require("node:worker_threads");
       import(workerData.module).then(({ StartGate }) => {
         const gate = new StartGate(workerData.memory);
         parentPort.postMessage("running");
         let begun = 0;
         while (gate.enter()) begun += 1;
         parentPort.postMessage(begun);
       });`,
      {
        eval: true,
        workerData: { module: new URL("../../../../dist/core/channel/index.js", import.meta.url).href, memory: gate.memory },
      },
    );
    const next = (): Promise<unknown> => new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    await next();
    const hasBegun = gate.shut();
    const begun = Number(await next());
    expect([hasBegun(begun), hasBegun(begun + 1)]).toEqual([true, false]);
    await worker.terminate();
  }
});
