// What nobody catches is laid at the door of the event that caused it, whatever else runs in its isolate.
import { afterEach, describe, expect, it } from "vitest";
import { goPlugin, RecordedPool } from "./recorded-pool.js";

let pool: RecordedPool;

afterEach(() => pool.pool.close(true));

/** Runs `code` in events of three instances at once, between two PDK calls that come back together. */
async function strayErrorsOf(code: string): Promise<unknown[]> {
  pool = new RecordedPool(
    goPlugin(
      `async Access(kong) {
        const fail = (how) => { throw new Error(how + " of " + this.name); };
        await kong.request.getHeader("first");
        const nested = async () => { await null; await kong.request.getHeader("second"); };
        await nested();
        ${code}
      }`,
      `const timers = require("node:timers"); const { promisify } = require("node:util");`,
    ),
  );
  const ids = ["a", "b", "c"].map((name) => pool.startInstance({ name }));
  const events = ids.map((id) => pool.start(id));
  for (const calls of [1, 2]) {
    await pool.until(() => events.every((event) => pool.reports(event).length === calls));
    for (const [index, id] of ids.entries()) pool.answer(id, events[index] ?? 0, "x");
  }
  await Promise.all(events.map((event) => pool.ended(event)));
  await pool.until(() => pool.logs.length === 3, "an error of each");
  expect(ids).toEqual([1, 2, 3]);
  for (const { error } of pool.logs) expect(error?.stack).toMatch(/Error: .*\n.*tested\.cjs/);
  return pool.logs
    .map(({ level, functionName, bindingId, message }) => [level, functionName, bindingId, message.replace(/^.*: /, "")])
    .sort(([, , a], [, , b]) => Number(a) - Number(b));
}

const of = (how: string): unknown[] => ["a", "b", "c"].map((name, index) => ["error", "access", index + 1, `${how} of ${name}`]);

describe("an error", () => {
  it.each([
    ["timer", `setTimeout(fail, 1, "timer");`],
    ["timer of a timer", `setTimeout(() => setImmediate(() => fail("timer of a timer")), 1);`],
    ["interval", `const i = setInterval(() => { clearInterval(i); fail("interval"); }, 1);`],
    ["immediate", `timers.setImmediate(fail, "immediate");`],
    ["tick", `process.nextTick(fail, "tick");`],
    ["microtask", `queueMicrotask(() => fail("microtask"));`],
    ["rejection", `void Promise.reject(new Error("rejection of " + this.name));`],
    ["late rejection", `void (async () => { await promisify(setTimeout)(2); await null; fail("late rejection"); })();`],
    ["promise of a timer", `setTimeout(() => { void (async () => { await null; fail("promise of a timer"); })(); }, 1);`],
  ])("in a %s has the phase and the instance of its own event", async (how, code) => {
    expect(await strayErrorsOf(code)).toEqual(of(how));
  });
});

it("an error of the module itself has no event", async () => {
  pool = new RecordedPool(
    goPlugin(
      "Access() {}",
      `setTimeout(() => { throw new Error("of the module"); }, 1); void Promise.reject(new Error("at load"));`,
    ),
  );
  await pool.run(pool.startInstance());
  await pool.until(() => pool.logs.length === 2);
  for (const entry of pool.logs) {
    expect(entry.error?.message).toMatch(/of the module|at load/);
    expect(entry).not.toHaveProperty("instanceId");
  }
});
