// Isolates for real: instances pinned and spread, faults that end at the isolate, and nothing left behind.
import { afterEach, describe, expect, it } from "vitest";
import type { Isolation } from "../../../../src/core/isolates/index.js";
import { countChildren, countThreads, goPlugin, type PoolSettings, RecordedPool } from "./recorded-pool.js";

const pools: RecordedPool[] = [];

function open(code: string, settings?: PoolSettings): RecordedPool {
  const pool = new RecordedPool(code, settings);
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map(({ pool }) => pool.close(true)));
});

/** Tells where it runs: the isolate's own mark, and the events it has seen there. */
const WHERE = goPlugin(
  "Access(kong) { seen += 1; this.own = (this.own ?? 0) + 1; return kong.log.info(mark, seen, this.own, this.name); }",
  "const mark = Math.random(); let seen = 0;",
);
/** Ends its isolate where it is told to; otherwise tells where it runs. */
const FATAL = goPlugin(
  "async Access(kong) { const order = await kong.request.getHeader('order'); if (order.startsWith('exit')) process.exit(Number(order.slice(4))); if (order === 'wait') await new Promise(() => {}); return kong.log.info(mark, this.name); }",
  "const mark = Math.random();",
);

/** Starts an event of FATAL, answers its question and gives its id. */
async function order(pool: RecordedPool, instanceId: number, what: string): Promise<number> {
  const eventId = pool.start(instanceId);
  await pool.until(() => pool.reports(eventId).length > 0);
  pool.answer(instanceId, eventId, what);
  return eventId;
}

describe("instances", () => {
  it("stay in their isolate, with their state and configuration", async () => {
    const pool = open(WHERE);
    const [a, b] = [pool.startInstance({ name: "a" }), pool.startInstance({ name: "b" })];
    const [[first]] = [await pool.logged(a)] as [[[number, number, number, string]]];
    expect(first.slice(1)).toEqual([1, 1, "a"]);
    expect(await pool.logged(b)).toEqual([[first[0], 2, 1, "b"]]);
    expect(await pool.logged(a)).toEqual([[first[0], 3, 2, "a"]]);
  });

  it("go to the isolate that has the fewest", async () => {
    const pool = open(WHERE, { isolates: 3 });
    const marks: unknown[] = [];
    const ids = Array.from({ length: 6 }, () => pool.startInstance());
    for (const id of ids) marks.push(((await pool.logged(id))[0] as unknown[])[0]);
    expect(new Set(marks).size).toBe(3);
    expect(marks.slice(3)).toEqual(marks.slice(0, 3));

    const [, second] = ids;
    if (second === undefined) throw new Error("no second instance");
    for (const id of [second, ids[4] ?? 0]) pool.hostOf(id).unbind(id);
    for (let i = 0; i < 2; i += 1) expect(((await pool.logged(pool.startInstance()))[0] as unknown[])[0]).toBe(marks[1]);
  });

  it("that do not start are told of, and fail their events", async () => {
    const pool = open(
      "exports.Version = '1'; exports.Priority = 1; let first = true; exports.New = () => { if (first) { first = false; return { Access() {} }; } throw new RangeError('no region'); };",
    );
    const id = pool.startInstance();
    await pool.until(() => pool.failedInstances.length > 0);
    expect(pool.failedInstances).toEqual([[id, expect.objectContaining({ name: "RangeError", message: "no region" })]]);
    expect(await pool.run(id)).toEqual([
      ["failure", expect.objectContaining({ message: expect.stringContaining("no region") as unknown })],
    ]);
  });

  it("of a module that does not load fail, and their events tell why", async () => {
    const pool = open("throw new SyntaxError('in the module')");
    const id = pool.startInstance();
    expect(await pool.run(id)).toEqual([["failure", expect.objectContaining({ name: "SyntaxError", message: "in the module" })]]);
    expect(pool.failedInstances[0]).toEqual([id, expect.objectContaining({ message: "in the module" })]);
  });

  it("that are closed start no more events, and those that run finish", async () => {
    const pool = open(FATAL);
    const id = pool.startInstance({ name: "x" });
    const running = pool.start(id);
    await pool.until(() => pool.reports(running).length === 1);
    pool.hostOf(id).unbind(id);
    expect(await pool.run(id)).toEqual([["failure", expect.objectContaining({ message: `instance ${id} is not here` })]]);
    pool.answer(id, running, "go on");
    await pool.ended(running);
    expect(pool.reports(running).at(-1)).toEqual(["return"]);
  });
});

describe("events", () => {
  it("run at once, and each gets its own answers", async () => {
    const pool = open(goPlugin("async Access(kong) { const x = await kong.request.getHeader('x'); await kong.log.info(x); }"));
    const id = pool.startInstance();
    const events = Array.from({ length: 50 }, () => pool.start(id));
    await pool.until(() => events.every((event) => pool.reports(event).length === 1));
    for (const event of events.toReversed()) pool.answer(id, event, `for ${event}`);
    for (const event of events) {
      await pool.ended(event);
      expect(pool.reports(event)).toEqual([
        ["call", "kong.request.get_header", ["x"]],
        ["call", "kong.log.info", [`for ${event}`]],
        ["return"],
      ]);
    }
  });

  it("that are cancelled are not heard of again", async () => {
    const pool = open(FATAL);
    const id = pool.startInstance();
    const event = pool.start(id);
    await pool.until(() => pool.reports(event).length === 1);
    pool.hostOf(id).cancel(event, "it took too long");
    await pool.until(() => pool.logs.length > 0);
    expect(pool.logs[0]).toMatchObject({
      level: "warn",
      error: { code: "PDK_EVENT_CANCELLED", message: expect.stringContaining("it took too long") as unknown },
    });
    expect(pool.reports(event)).toHaveLength(1);
  });

  it("over the limit are refused, and the others go on", async () => {
    const pool = open(FATAL, { limits: { maxCalls: 2 } });
    const id = pool.startInstance({ name: "x" });
    const [first] = [pool.start(id), pool.start(id)];
    expect(await pool.run(id)).toEqual([["failure", expect.objectContaining({ code: "ISOLATE_BUSY" })]]);
    await pool.until(() => pool.reports(first).length === 1);
    pool.answer(id, first, "go on");
    await pool.ended(first);
    expect(pool.reports(first).at(-1)).toEqual(["return"]);
  });
});

describe("what plugin code prints, or throws on the side", () => {
  it("becomes lines, and ends nothing", async () => {
    const pool = open(
      goPlugin(
        "Access() { console.log('out %d', 1); console.error('err'); process.stdout.write('raw\\n'); setTimeout(() => { throw new Error('in a timer'); }); Promise.reject(new Error('floating')); }",
      ),
    );
    const id = pool.startInstance();
    expect(await pool.run(id)).toEqual([["return"]]);
    await pool.until(() => pool.logs.length >= 5);
    expect(pool.logs.map(({ level, message, error }) => [level, error?.message ?? message])).toEqual(
      expect.arrayContaining([
        ["info", "out 1"],
        ["warn", "err"],
        ["info", "raw"],
        ["error", "in a timer"],
        ["error", "floating"],
      ]),
    );
    expect(await pool.run(id)).toEqual([["return"]]);
  });
});

describe.each<Isolation>(["thread", "process"])("an isolate (%s) that ends by itself", (isolation) => {
  it.each(["exit 3", "exit 0"])("by %s fails its events, and comes back with its instances", async (exit) => {
    const pool = open(FATAL, { isolation });
    const [a, b] = [pool.startInstance({ name: "a" }), pool.startInstance({ name: "b" })];
    const waiting = await order(pool, b, "wait");
    const before = await order(pool, a, "go on");
    await pool.ended(before);
    const exiting = await order(pool, a, exit);
    await pool.ended(exiting);
    await pool.ended(waiting);
    for (const event of [exiting, waiting])
      expect(pool.reports(event).at(-1)).toEqual([
        "failure",
        expect.objectContaining({ message: expect.stringContaining("the isolate of plugin tested ended") as unknown }),
      ]);
    expect(pool.logs).toContainEqual(
      expect.objectContaining({ level: "error", message: expect.stringContaining("; 2 calls failed") as unknown }),
    );

    for (const [id, name] of [
      [a, "a"],
      [b, "b"],
    ] as const) {
      const event = await order(pool, id, "go on");
      await pool.ended(event);
      const [, , [mark, own]] = pool.reports(event)[1] as ["call", string, [number, string]];
      expect(own).toBe(name);
      expect(mark).not.toBe((pool.reports(before)[1] as ["call", string, [number]])[2][0]);
    }
  });

  it("harms no other of the pool", async () => {
    const pool = open(FATAL, { isolation, isolates: 2 });
    const [a, b] = [pool.startInstance({ name: "a" }), pool.startInstance({ name: "b" })];
    const staying = pool.start(b);
    await pool.until(() => pool.reports(staying).length === 1);
    await pool.ended(await order(pool, a, "exit 3"));
    pool.answer(b, staying, "go on");
    await pool.ended(staying);
    expect(pool.reports(staying).at(-1)).toEqual(["return"]);
  });
});

describe("an event that is sent to an isolate that dies before it reads it", () => {
  const BUSY = goPlugin(
    `async Access(kong) {
      if (await kong.request.getHeader("order") === "block") { console.log("blocks"); Atomics.wait(cell, 0, 0, 300); process.exit(3); }
      await kong.log.info(this.name);
    }`,
    "const cell = new Int32Array(new SharedArrayBuffer(4));",
  );

  it("runs in the next one", async () => {
    const pool = open(BUSY);
    const [a, b] = [pool.startInstance({ name: "a" }), pool.startInstance({ name: "b" })];
    const dying = await order(pool, a, "block");
    await pool.until(() => pool.logs.some(({ message }) => message === "blocks"));
    const waiting = Array.from({ length: 5 }, () => pool.start(b));
    await pool.ended(dying);
    expect(pool.reports(dying).at(-1)?.[0]).toBe("failure");
    for (const event of waiting) {
      await pool.until(() => pool.reports(event).length === 1);
      pool.answer(b, event, "go on");
      await pool.ended(event);
      expect(pool.reports(event).slice(1)).toEqual([["call", "kong.log.info", ["b"]], ["return"]]);
    }
  });

  it("fails where that is not certain: in a process", async () => {
    const pool = open(BUSY, { isolation: "process" });
    const id = pool.startInstance({ name: "a" });
    const dying = await order(pool, id, "block");
    await pool.until(() => pool.logs.some(({ message }) => message === "blocks"));
    const waiting = pool.start(id);
    await Promise.all([pool.ended(dying), pool.ended(waiting)]);
    expect(pool.reports(waiting).at(-1)?.[0]).toBe("failure");
  });
});

describe("an isolate that gives no sign of life", () => {
  it("is ended, and comes back", async () => {
    const pool = open(goPlugin("async Access(kong) { if (await kong.request.getHeader('x')) for (;;); }"), {
      limits: { stallTimeout: 500 },
    });
    const id = pool.startInstance();
    const stuck = pool.start(id);
    await pool.until(() => pool.reports(stuck).length === 1);
    pool.answer(id, stuck, true);
    await pool.ended(stuck);
    expect(pool.reports(stuck).at(-1)?.[0]).toBe("failure");
    const again = pool.start(id);
    await pool.until(() => pool.reports(again).length === 1);
    pool.answer(id, again, false);
    await pool.ended(again);
    expect(pool.reports(again).at(-1)).toEqual(["return"]);
  });
});

describe("new code", () => {
  it("serves new events with all instances, while running ones finish in the old", async () => {
    const ask = (version: number): string =>
      goPlugin(`async Access(kong) { await kong.request.getHeader('x'); await kong.log.info(${version}, this.name); }`);
    const pool = open(ask(1));
    const id = pool.startInstance({ name: "kept" });
    const old = pool.start(id);
    await pool.until(() => pool.reports(old).length === 1);
    pool.pool.replace({ entry: "/plugins/tested.cjs", format: "cjs", code: ask(2) });
    const fresh = pool.start(id);
    await pool.until(() => pool.reports(fresh).length === 1);
    for (const event of [fresh, old]) pool.answer(id, event, "x");
    await Promise.all([pool.ended(fresh), pool.ended(old)]);
    expect(pool.reports(old)[1]).toEqual(["call", "kong.log.info", [1, "kept"]]);
    expect(pool.reports(fresh)[1]).toEqual(["call", "kong.log.info", [2, "kept"]]);
  });
});

describe("a pool that gets no further instance", () => {
  it("is done when its last instance was closed and what ran in it has ended", async () => {
    const pool = open(FATAL, { isolates: 2 });
    const [a, b] = [pool.startInstance(), pool.startInstance()];
    const running = pool.start(a);
    await pool.until(() => pool.reports(running).length === 1);
    let isDone = false;
    const done = pool.pool.retire().then(() => (isDone = true));
    pool.hostOf(b).unbind(b);
    pool.hostOf(a).unbind(a);
    await new Promise(setImmediate);
    expect(isDone).toBe(false);
    pool.answer(a, running, "go on");
    await done;
    expect(pool.reports(running).at(-1)).toEqual(["return"]);
  });

  it("is done at once where nothing was started", async () => {
    await open(FATAL).pool.retire();
  });
});

describe.each([
  ["thread", countThreads],
  ["process", countChildren],
] as const)("closing (%s)", (isolation, count) => {
  /** Opens a pool of three isolates in which an event waits, and closes it. */
  async function openAndClose(now: boolean): Promise<void> {
    const pool = open(FATAL, { isolation, isolates: 3 });
    const ids = [pool.startInstance(), pool.startInstance(), pool.startInstance()];
    const events = ids.map((id) => pool.start(id));
    await pool.until(() => events.every((event) => pool.reports(event).length === 1));
    if (!now) {
      for (const [index, id] of ids.entries()) pool.answer(id, events[index] ?? 0, "go on");
      await Promise.all(events.map((event) => pool.ended(event)));
    }
    await pool.pool.close(now);
  }

  it.each([true, false])("leaves nothing behind, now: %s", async (now) => {
    // The first time also starts threads that Node.js keeps for itself.
    await openAndClose(now);
    const before = count();
    for (let turn = 0; turn < 3; turn += 1) await openAndClose(now);
    await expect.poll(count, { timeout: 5000 }).toBeLessThanOrEqual(before);
  });

  it("now ends a loop in plugin code", async () => {
    const before = count();
    const pool = open(goPlugin("async Access(kong) { await kong.request.getHeader('x'); for (;;); }"), { isolation });
    const id = pool.startInstance();
    const event = pool.start(id);
    await pool.until(() => pool.reports(event).length === 1);
    pool.answer(id, event, "x");
    await pool.pool.close(true);
    await expect.poll(count, { timeout: 5000 }).toBeLessThanOrEqual(before);
  });

  it("twice, or without a start, is fine", async () => {
    const pool = open(FATAL, { isolation });
    await pool.pool.close(false);
    pool.startInstance();
    await pool.pool.close(true);
    await pool.pool.close(true);
    await pool.pool.close(false);
  });
});
