// Owns an hour of bad luck in a minute: random faults, reloads, broken clients, takeovers and kills under load, through a gateway.
//
// CHAOS_SECONDS (for each protocol) and CHAOS_SEED say how long and which; every run prints what it did.
import { existsSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { type Gateway, startEchoUpstream, startGateway } from "../../src/gateways/kong/standin/index.js";
import { createTempDir, isRecord, runCli, type RunningServer, startServer, WireClient } from "../support/index.js";

const SECONDS = Number(process.env["CHAOS_SECONDS"] ?? 8);
const SEED = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000);
const FAULTS = ["none", "none", "none", "throw", "reject", "timer", "exit", "loop"];

const STEADY = `module.exports = { Plugin: class { async access(kong) {
  await kong.response.setHeader("x-steady", "of " + (await kong.request.getHeader("x-id"))); } }, Schema: [], Version: "1.0.0" };`;
const SHAKY = `module.exports = { Plugin: class { async access(kong) {
  const fault = await kong.request.getHeader("x-fault");
  if (fault === "throw") throw new Error("chaos");
  if (fault === "reject") void Promise.reject(new Error("chaos"));
  if (fault === "timer") setTimeout(() => { throw new Error("chaos"); }, 1);
  if (fault === "exit") process.exit(1);
  if (fault === "loop") for (;;);
  await kong.response.setHeader("x-shaky", "done"); } }, Schema: [], Version: "1.0.0" };`;
const versioned = (version: number): string => `module.exports = { Plugin: class { async access(kong) {
  await kong.response.setHeader("x-version", "${version}"); } }, Schema: [], Version: "1.0.0" };`;

/** Mulberry32: small, and the same everywhere. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const PLUGINS = { steady: STEADY, shaky: SHAKY, versioned: versioned(0) };
const NAMES = ["steady", "shaky", "versioned"] as const;
const CALM = ["steady", "versioned"] as const;
const WORKERS = 6;
/** The others ask for calm plugins alone: a fault may keep its client waiting for seconds. */
const SHAKY_WORKERS = 2;
const KINDS = ["reload", "reload", "reload", "broken client", "broken client", "broken client", "takeover", "kill"] as const;
type Trouble = (typeof KINDS)[number];

const count = (pid: number, what: "task" | "fd"): number => readdirSync(`/proc/${pid}/${what}`).length;

/** From then on whoever was connected to it can read that it is gone: a process is reaped when its last thread has let go. */
async function untilDead(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await sleep(1);
}

/** The process that answers on the socket, once its plugins are loaded. */
async function servingPid(socketPath: string): Promise<number> {
  const client = await WireClient.connect(socketPath);
  await client.call("plugin.GetStatus", 0);
  await client.close();
  return client.pid;
}

interface Kill {
  readonly from: number;
  /** When the gateway could know of it. */
  until: number;
}

class Chaos {
  readonly done: Record<Trouble | (typeof NAMES)[number] | "failed" | "under way at a kill", number> = {
    steady: 0,
    versioned: 0,
    shaky: 0,
    failed: 0,
    reload: 0,
    "broken client": 0,
    takeover: 0,
    kill: 0,
    "under way at a kill": 0,
  };
  /** Requests that went on without their plugin, or were not answered as it says. */
  readonly wrong: string[] = [];
  /** What happened when, for who has to find out why. */
  readonly story: string[] = [];
  readonly #random: () => number;
  readonly #kills: Kill[] = [];
  readonly #plugins = createTempDir("ch");
  readonly #prefix = createTempDir("cp");
  readonly #stopped = new AbortController();
  #version = 0;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
    for (const [name, code] of Object.entries(PLUGINS)) this.#plugins.write(`${name}.cjs`, code);
  }

  tell(what: string): void {
    this.story.push(`${performance.now().toFixed()} ${what}`);
  }

  async begin(): Promise<RunningServer> {
    const flags = ["-stall-timeout", "1s", "-log-level", "error"];
    const server = await startServer({ plugins: this.#plugins.path, prefix: this.#prefix.path, flags });
    await servingPid(server.socketPath);
    return server;
  }

  async pluginInfos(): Promise<unknown> {
    const dump = await runCli(["-plugins-dir", this.#plugins.path, "-dump-all-plugins"]);
    return JSON.parse(dump.stdout.toString());
  }

  /** One client: asks, reads, asks again. */
  async load(gateway: Gateway, worker: number): Promise<void> {
    const random = randomNumbers(SEED + worker + 1);
    const names = worker < SHAKY_WORKERS ? NAMES : CALM;
    for (let i = 0; !this.#stopped.signal.aborted; i += 1) {
      const name = names[Math.floor(random() * names.length)] ?? "steady";
      const fault = name === "shaky" ? (FAULTS[Math.floor(random() * FAULTS.length)] ?? "none") : "none";
      const id = worker * 1_000_000 + i;
      const [from, oldest] = [performance.now(), this.#version];
      let trouble: string | undefined;
      try {
        const response = await fetch(`${gateway.url}/${name}`, { headers: { "x-id": String(id), "x-fault": fault } });
        await response.arrayBuffer();
        trouble = this.#judge(name, id, response, oldest);
      } catch (error) {
        trouble = String(error);
      }
      if (trouble === undefined) this.done[name] += 1;
      else if (trouble === "failed") this.done.failed += 1;
      else if (this.#wasUnderWayAtKill(from, performance.now())) this.done["under way at a kill"] += 1;
      else
        this.wrong.push(`${name} (${fault}), request ${id} from ${from.toFixed()} to ${performance.now().toFixed()}: ${trouble}`);
      await sleep(2);
    }
  }

  /** Undefined where it is answered as its plugin says. */
  #judge(name: (typeof NAMES)[number], id: number, { status, headers }: Response, oldest: number): string | undefined {
    const isOf = (header: string, is: (value: string | null) => boolean): string | undefined =>
      status === 200 && is(headers.get(header)) ? undefined : `${status}, ${header}: ${headers.get(header) ?? "none"}`;
    if (name === "steady") return isOf("x-steady", (value) => value === `of ${id}`);
    // A fault of its own ends it, and so may that of another event in its isolate.
    if (name === "shaky") return status === 500 ? "failed" : isOf("x-shaky", (value) => value === "done");
    // What was written a moment ago may not be loaded yet, after a kill too.
    return isOf("x-version", (value) => value !== null && Number(value) <= this.#version && Number(value) >= oldest - 20);
  }

  #wasUnderWayAtKill(from: number, until: number): boolean {
    return this.#kills.some((kill) => from <= kill.until && until >= kill.from);
  }

  /** Does one thing after the other, a takeover and a kill first. Gives the server that is there in the end. */
  async trouble(first: RunningServer): Promise<{ server: RunningServer; pid: number }> {
    const until = performance.now() + SECONDS * 1000;
    let server = first;
    let pid = server.pid;
    const act = async (kind: Trouble): Promise<void> => {
      this.tell(kind);
      if (kind === "reload") this.#reload();
      else if (kind === "broken client") this.#breakClient(server.socketPath);
      else if (kind === "kill") pid = await this.#kill(server.socketPath, pid);
      else {
        const next = await this.begin();
        this.tell("the next one serves");
        server.kill("SIGTERM");
        expect(await server.exited).toEqual({ code: 0, signal: null });
        [server, pid] = [next, next.pid];
      }
      this.tell(`${kind}: done`);
      this.done[kind] += 1;
      await sleep(200 + this.#random() * 400);
    };
    await act("takeover");
    await act("kill");
    while (performance.now() < until) await act(KINDS[Math.floor(this.#random() * KINDS.length)] ?? "reload");
    return { server, pid };
  }

  #reload(): void {
    this.#version += 1;
    this.#plugins.write("versioned.cjs", versioned(this.#version));
  }

  #breakClient(socketPath: string): void {
    const garbage = Buffer.from(Array.from({ length: 64 }, () => Math.floor(this.#random() * 256)));
    const socket = connect(socketPath, () => socket.end(garbage));
    socket.on("error", () => {});
    socket.resume();
  }

  /** Kills the process that serves; its supervisor starts the next one. */
  async #kill(socketPath: string, pid: number): Promise<number> {
    const kill = { from: performance.now(), until: Infinity };
    this.#kills.push(kill);
    process.kill(pid, "SIGKILL");
    await untilDead(pid);
    // The gateway is in this process: after a whole turn it has read that its connections are closed.
    for (let turn = 0; turn < 2; turn += 1) await nextTurn();
    kill.until = performance.now();
    this.tell("the process is gone");
    const next = await servingPid(socketPath);
    expect(next).not.toBe(pid);
    return next;
  }

  stop(): void {
    this.#stopped.abort();
  }
}

it.each(["MsgPack:1", "ProtoBuf:1"] as const)(
  "answers every request as its plugin says, whatever happens, over %s",
  { timeout: SECONDS * 1000 + 120_000 },
  async (protocol) => {
    const chaos = new Chaos(SEED);
    const first = await chaos.begin();
    const upstream = await startEchoUpstream();
    const routes = NAMES.map((name) => ({ name, paths: [`/${name}`], plugins: [{ name }] }));
    const gateway = await startGateway({
      config: { _format_version: "3.0", services: [{ name: "echo", url: upstream.url, routes }] },
      socketPath: first.socketPath,
      pluginInfos: await chaos.pluginInfos(),
      protocol,
      port: 0,
      logger: {
        info: () => {},
        warn: (_fields, message) => chaos.tell(message),
        error: (_fields, message) => chaos.tell(message),
      },
    });
    const before = { threads: count(first.pid, "task"), fds: count(first.pid, "fd") };
    const load = Array.from({ length: WORKERS }, (_, worker) => chaos.load(gateway, worker));
    const { server, pid } = await chaos.trouble(first).finally(() => chaos.stop());
    await Promise.all(load);
    // However often it died: it is back once its pause is over.
    const shaky = (): Promise<string | null> =>
      fetch(`${gateway.url}/shaky`, { headers: { "x-fault": "none" } }).then(({ headers }) => headers.get("x-shaky"));
    await expect.poll(shaky, { timeout: 20_000, interval: 200 }).toBe("done");
    chaos.done.shaky += 1;
    await gateway.idle();
    await gateway.close();
    const { done, wrong } = chaos;
    process.stdout.write(`chaos: ${protocol}, seed ${SEED}, ${SECONDS} s: ${JSON.stringify(done)}, ${wrong.length} wrong\n`);
    if (wrong.length > 0) process.stdout.write(`${[...chaos.story, ...server.lines].join("\n")}\n`);
    expect(wrong).toEqual([]);
    expect(Math.min(done.steady, done.versioned, done.shaky, done.takeover, done.kill)).toBeGreaterThan(0);

    const client = await WireClient.connect(server.socketPath);
    const status = await client.call("plugin.GetStatus", 0);
    expect(isRecord(status) && isRecord(status["Plugins"]) && Object.keys(status["Plugins"]).sort()).toEqual([...NAMES].sort());
    await client.close();
    // One isolate per plugin, and the descriptors of each: what replaced isolates had is back.
    await expect.poll(() => count(pid, "task"), { timeout: 20_000 }).toBeLessThanOrEqual(before.threads + NAMES.length + 1);
    await expect.poll(() => count(pid, "fd"), { timeout: 20_000 }).toBeLessThanOrEqual(before.fds + 12 * NAMES.length);
    await upstream.close();
    expect(await server.close()).toEqual({ code: 0, signal: null });
  },
);
