// Isolates whose events begin as they always do are woken late: with what happens to them meanwhile.
import { afterEach, describe, expect, it } from "vitest";
import { FIRST_PATIENCE } from "../../../../src/gateways/kong/worker/prefetch-learner.js";
import { goPlugin, type PoolSettings, RecordedPool } from "./recorded-pool.js";

const pools: RecordedPool[] = [];

function open(code: string, settings?: PoolSettings): RecordedPool {
  const pool = new RecordedPool(code, settings);
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map(({ pool }) => pool.close(true)));
});

const HOST = "kong.request.get_header";
/** Asks for two headers at once, and tells what it got, or does what the first says. */
const READS = goPlugin(
  `async Access(kong) {
    const [order, host] = await Promise.all([kong.request.getHeader("order"), kong.request.getHeader("host")]);
    if (order === "exit") process.exit(1);
    if (order === "wait") Atomics.wait(lock, 0, 0);
    return kong.log.info(mark, order, host);
  }`,
  "const mark = Math.random(); const lock = new Int32Array(new SharedArrayBuffer(4));",
);
const ENOUGH = FIRST_PATIENCE + 1;

/** One event from its start to its end, with these answers. */
async function run(pool: RecordedPool, instanceId: number, order: string): Promise<unknown> {
  const eventId = pool.start(instanceId);
  await finish(pool, instanceId, eventId, order);
  return pool.reports(eventId).flatMap((report) => (report[0] === "call" && report[1] !== HOST ? [report[2]] : []))[0];
}

/** Answers its calls as they come, to its end. */
async function finish(pool: RecordedPool, instanceId: number, eventId: number, order: string, from = 0): Promise<void> {
  let seen = from;
  await pool.until(() => {
    for (const [kind, method] of pool.reports(eventId).slice(seen)) {
      if (kind !== "call") return true;
      seen += 1;
      if (method === HOST) pool.answer(instanceId, eventId, seen % 2 === 1 ? order : "example.com");
    }
    return false;
  }, `the end of event ${eventId}`);
}

async function learnt(settings?: PoolSettings): Promise<{ pool: RecordedPool; id: number }> {
  const pool = open(READS, settings);
  const id = pool.startInstance();
  for (let i = 0; i < ENOUGH; i += 1) await run(pool, id, "go on");
  return { pool, id };
}

const asked = (pool: RecordedPool, eventId: number): unknown[] => pool.reports(eventId).map((report) => report[1]);

describe.each(["thread", "process"] as const)("an isolate in a %s", (isolation) => {
  it("is woken once what its events ask first was answered", async () => {
    const { pool, id } = await learnt({ isolation });
    const eventId = pool.start(id);
    // The isolate has had no chance to say anything.
    expect(pool.reports(eventId)).toEqual([
      ["call", HOST, ["order"]],
      ["call", HOST, ["host"]],
    ]);
    await finish(pool, id, eventId, "go on");
    expect(asked(pool, eventId)).toEqual([HOST, HOST, "kong.log.info", undefined]);
    expect(pool.reports(eventId)[2]).toEqual(["call", "kong.log.info", [expect.any(Number), "go on", "example.com"]]);
  });

  it("that ends while an event is asked ahead leaves it to its successor, with the answers", async () => {
    const { pool, id } = await learnt({ isolation });
    const eventId = pool.start(id);
    pool.answer(id, eventId, "go on");
    const fatal = pool.start(id);
    await finish(pool, id, fatal, "exit");
    expect(pool.reports(fatal).at(-1)?.[0]).toBe("failure");
    pool.answer(id, eventId, "example.com");
    await pool.ended(eventId);
    expect(pool.reports(eventId).slice(2)).toEqual([
      ["call", "kong.log.info", [expect.any(Number), "go on", "example.com"]],
      ["return"],
    ]);
  });

  it("that is replaced while an event is asked ahead leaves it with the answers", async () => {
    const { pool, id } = await learnt({ isolation });
    const [like, unlike] = [pool.start(id), pool.start(id)];
    pool.pool.replace({ entry: "/plugins/tested.cjs", format: "cjs", code: READS.replace("mark, order", '"new", order') });
    await finish(pool, id, like, "go on");
    expect(pool.reports(like).slice(2)).toEqual([["call", "kong.log.info", ["new", "go on", "example.com"]], ["return"]]);

    const code = goPlugin("async Access(kong) { return kong.log.info(await kong.request.getPath()); }");
    pool.pool.replace({ entry: "/plugins/tested.cjs", format: "cjs", code });
    pool.answer(id, unlike, "go on");
    pool.answer(id, unlike, "example.com");
    await pool.until(() => pool.reports(unlike).length === 3);
    pool.answer(id, unlike, "/path");
    await pool.ended(unlike);
    expect(pool.reports(unlike).slice(2)).toEqual([
      ["call", "kong.request.get_path", []],
      ["call", "kong.log.info", ["/path"]],
      ["return"],
    ]);
  });
});

describe("an event that is asked ahead", () => {
  it("finishes where its instance is closed meanwhile", async () => {
    const { pool, id } = await learnt();
    const eventId = pool.start(id);
    pool.hostOf(id).unbind(id);
    await finish(pool, id, eventId, "go on");
    expect(pool.reports(eventId).at(-1)).toEqual(["return"]);
    // Closed it is, all the same.
    expect((await pool.run(id)).at(-1)).toEqual(["failure", expect.objectContaining({ message: `instance ${id} is not here` })]);
  });

  it("is not heard of again once it is given up", async () => {
    const { pool, id } = await learnt();
    const eventId = pool.start(id);
    pool.answer(id, eventId, "go on");
    pool.hostOf(id).cancel(eventId, "the client left");
    pool.answer(id, eventId, "example.com");
    expect(await run(pool, id, "go on")).toEqual([expect.any(Number), "go on", "example.com"]);
    expect(asked(pool, eventId)).toEqual([HOST, HOST]);
  });

  it("fails at once where the isolate has died and waits to start again", async () => {
    const { pool, id } = await learnt();
    for (let i = 0; i < 3; i += 1) await finish(pool, id, pool.start(id), "exit");
    const eventId = pool.start(id);
    expect(pool.reports(eventId)).toEqual([["failure", expect.objectContaining({ code: "ISOLATE_BACKING_OFF" })]]);
  });
});

describe("a handler that changes its mind", () => {
  const MOODY = goPlugin(
    `async Access(kong) {
      seen += 1;
      if (seen === 1100) { kong.response.setHeader("x", "1"); return kong.log.info(seen, await kong.request.getHeader("b")); }
      if (seen === 1500 || seen === 3600) return kong.log.info(seen);
      return kong.log.info(seen, await kong.request.getHeader("a"), await kong.request.getHeader("b"));
    }`,
    "let seen = 0;",
  );

  it("gets the right answers, and an answer too many is all that it costs", async () => {
    const pool = open(MOODY);
    const id = pool.startInstance();
    let extra = 0;
    for (let i = 1; i <= 3700; i += 1) {
      const eventId = pool.start(id);
      let answered = 0;
      await pool.until(() => {
        for (const report of pool.reports(eventId).slice(answered)) {
          if (report[0] !== "call") return true;
          answered += 1;
          if (report[1] === HOST) pool.answer(id, eventId, `${String((report[2] as unknown[])[0])}${i}`);
        }
        return false;
      });
      const calls = pool.reports(eventId).flatMap((report) => (report[0] === "call" ? [report] : []));
      const own = i === 1100 ? [i, `b${i}`] : i === 1500 || i === 3600 ? [i] : [i, `a${i}`, `b${i}`];
      expect(calls.at(-1)?.[2]).toEqual(own);
      const reads = calls.filter(([, method]) => method === HOST).length;
      extra += reads - (own.length - 1);
    }
    // Sure at the 1,000th, wrong at the 1,100th; sure again 2,000 after the 1,500th, and wrong at the 3,600th.
    expect(extra).toBe(2);
  });
});
