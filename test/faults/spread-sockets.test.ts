// Isolates that take turns at one socket while they die, hang and are reloaded: no event hangs, and none gets another's answer.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { PluginSockets, runPhase, startInstance, type WireClient } from "../support/index.js";

const DURATION = 8000;
const WORKERS = 8;
const FAULT_EVERY = 800;
/** A client whose connection was refused comes again so much later. */
const RECONNECT = 5;
/** The stall timeout is far below. */
const HANGS_AFTER = 6000;

const plugin = (version: string): string => `
  class Echo {
    constructor(config) {
      this.name = config.name;
    }
    async access(kong) {
      const first = await kong.request.getHeader("first");
      if (first === "exit") process.exit(3);
      if (first === "loop") for (;;);
      const second = await kong.request.getHeader("second");
      await kong.response.setHeader("x-echo", [this.name, first, second].join(" "));
    }
  }
  module.exports = { Plugin: Echo, Name: "echo", Version: "${version}", Priority: 1, Schema: [{ name: { type: "string" } }] };`;

let place: PluginSockets;

beforeEach(async () => {
  place = new PluginSockets("spread-faults");
  writeFileSync(join(place.plugins, "echo.js"), plugin("1.0.0"));
  await place.start(["-threads", "3", "-stall-timeout", "300ms"]);
  await place.server.waitForLine(/plugin echo .* is listening on/);
});

afterEach(() => place.close());

/** As a gateway has it: a connection for each call, from a pool that all share. */
class Pool {
  readonly #idle: WireClient[] = [];

  async take(): Promise<WireClient> {
    return this.#idle.pop() ?? (await place.connect("echo"));
  }

  giveBack(clients: readonly WireClient[]): void {
    this.#idle.push(...clients);
  }
}

interface Tally {
  right: number;
  faults: number;
  readonly wrong: string[];
}

/** What happens to one event: its echo, how it failed, or "lost" where its connection ended. */
async function event(pool: Pool, name: string, first: string, ids: Map<string, number>): Promise<string> {
  const clients: WireClient[] = [];
  const any = (): WireClient => clients[Math.floor(Math.random() * clients.length)] ?? (clients[0] as WireClient);
  try {
    clients.push(await pool.take(), await pool.take());
    const id = ids.get(name) ?? (await startInstance(any(), "echo", { name }));
    ids.set(name, id);
    const answer = (_method: string, [header]: readonly unknown[]): string => (header === "first" ? first : "second");
    const { end, calls, error } = await runPhase(any(), id, "access", { answer, connection: any });
    pool.giveBack(clients);
    if (end === "error") ids.delete(name);
    return end === "ret" ? String(calls.at(-1)?.args[1]) : end === "error" ? String(error) : end;
  } catch {
    await Promise.all(clients.map((client) => client.close()));
    return "lost";
  }
}

async function work(worker: number, pool: Pool, until: number, tally: Tally): Promise<void> {
  const ids = new Map<string, number>();
  let nextFault = worker === 0 ? Date.now() + FAULT_EVERY : Infinity;
  for (let n = 1; Date.now() < until; n += 1) {
    const isFault = Date.now() > nextFault;
    if (isFault) {
      tally.faults += 1;
      nextFault = Date.now() + FAULT_EVERY;
    }
    const first = isFault ? (tally.faults % 2 === 0 ? "loop" : "exit") : `first-${n}`;
    const name = `${worker}-${n % 3}`;
    let timer: NodeJS.Timeout | undefined;
    const hangs = new Promise<string>((resolve) => (timer = setTimeout(() => resolve("hangs"), HANGS_AFTER)));
    const outcome = await Promise.race([event(pool, name, first, ids), hangs]);
    clearTimeout(timer);
    if (outcome === "lost") await new Promise((resolve) => setTimeout(resolve, RECONNECT));
    if (outcome === `${name} ${first} second`) tally.right += 1;
    else if (!/^(?:lost|exit|No plugin instance \d+)$/.test(outcome)) tally.wrong.push(outcome);
  }
}

it("no event hangs, and none gets another's answer", async () => {
  const pool = new Pool();
  const tally: Tally = { right: 0, faults: 0, wrong: [] };
  const until = Date.now() + DURATION;
  const reload = setTimeout(() => writeFileSync(join(place.plugins, "echo.js"), plugin("1.1.0")), DURATION / 2);
  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker, pool, until, tally)));
  clearTimeout(reload);
  expect(tally.wrong).toEqual([]);
  expect(tally.faults).toBeGreaterThan(1);
  expect(tally.right).toBeGreaterThan(100);
  // The last fault may have been a moment ago.
  const last = (): Promise<string> => event(new Pool(), "last", "first", new Map());
  await expect.poll(last, { timeout: HANGS_AFTER }).toBe("last first second");
});
