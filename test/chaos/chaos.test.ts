// Owns an hour of bad luck in a minute: random faults, reloads, broken clients and restarts under load, through a gateway.
//
// CHAOS_SECONDS and CHAOS_SEED say how long and which; every run prints what it did.
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { startEchoUpstream, startGateway } from "../../src/gateways/kong/standin/index.js";
import { createTempDir, isRecord, runCli, type RunningServer, startServer, WireClient } from "../support/index.js";

const SECONDS = Number(process.env["CHAOS_SECONDS"] ?? 15);
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

const count = (pid: number, what: "task" | "fd"): number => readdirSync(`/proc/${pid}/${what}`).length;

it("answers every request as its plugin says, whatever happens", { timeout: SECONDS * 1000 + 120_000 }, async () => {
  const random = randomNumbers(SEED);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const plugins = createTempDir("ch");
  plugins.write("steady.cjs", STEADY);
  plugins.write("shaky.cjs", SHAKY);
  plugins.write("versioned.cjs", versioned(0));
  const prefix = createTempDir("cp");
  const begin = async (): Promise<RunningServer> => {
    const started = await startServer({
      plugins: plugins.path,
      prefix: prefix.path,
      flags: ["-stall-timeout", "1s", "-log-level", "error"],
    });
    const client = await WireClient.connect(started.socketPath);
    // Answered when the plugins are loaded.
    await client.call("plugin.GetStatus", 0);
    await client.close();
    return started;
  };
  let server = await begin();
  const upstream = await startEchoUpstream();
  const dump = await runCli(["-plugins-dir", plugins.path, "-dump-all-plugins"]);
  const names = ["steady", "shaky", "versioned"];
  const gateway = await startGateway({
    config: {
      _format_version: "3.0",
      services: [
        { name: "echo", url: upstream.url, routes: names.map((name) => ({ name, paths: [`/${name}`], plugins: [{ name }] })) },
      ],
    },
    socketPath: server.socketPath,
    pluginInfos: JSON.parse(dump.stdout.toString()) as unknown,
    port: 0,
  });
  const before = { threads: count(server.pid, "task"), fds: count(server.pid, "fd") };

  const done = {
    steady: 0,
    versioned: 0,
    shaky: 0,
    failed: 0,
    reloads: 0,
    "broken clients": 0,
    takeovers: 0,
    kills: 0,
    "in a gap": 0,
  };
  const wrong: string[] = [];
  let running = true;
  let version = 0;
  /** While a killed server is not back, a gateway does what PROTOCOL says it does. */
  let gap = false;

  const ask = async (id: number): Promise<void> => {
    const name = pick(names);
    const fault = name === "shaky" ? pick(FAULTS) : "none";
    const startedInGap = gap;
    const response = await fetch(`${gateway.url}/${name}`, { headers: { "x-id": String(id), "x-fault": fault } });
    await response.arrayBuffer();
    if (startedInGap || gap) done["in a gap"] += 1;
    else if (name === "shaky") {
      // A fault of its own ends it, and so may that of another event in its isolate.
      const good = response.status === 200 && response.headers.get("x-shaky") === "done";
      if (!good && response.status !== 500) wrong.push(`shaky (${fault}) answered ${response.status}`);
      done[good ? "shaky" : "failed"] += 1;
    } else if (name === "steady") {
      if (response.status !== 200 || response.headers.get("x-steady") !== `of ${id}`)
        wrong.push(`steady answered ${response.status} ${String(response.headers.get("x-steady"))} to ${id}`);
      done.steady += 1;
    } else {
      const got = Number(response.headers.get("x-version") ?? NaN);
      if (response.status !== 200 || !(got >= 0 && got <= version))
        wrong.push(`versioned answered ${response.status} ${got}, ${version} is the newest`);
      done.versioned += 1;
    }
  };
  const load = Array.from({ length: 6 }, async (_, worker) => {
    for (let i = 0; running; i += 1) {
      await ask(worker * 1_000_000 + i).catch((error: unknown) => wrong.push(String(error)));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  });

  const trouble = {
    reload: () => {
      version += 1;
      plugins.write("versioned.cjs", versioned(version));
      done.reloads += 1;
    },
    "broken client": () => {
      const socket = connect(server.socketPath, () =>
        socket.end(Buffer.from(Array.from({ length: 64 }, () => Math.floor(random() * 256)))),
      );
      socket.on("error", () => {});
      socket.resume();
      done["broken clients"] += 1;
    },
    takeover: async () => {
      const old = server;
      server = await begin();
      process.kill(old.pid, "SIGTERM");
      expect(await old.exited).toEqual({ code: 0, signal: null });
      done.takeovers += 1;
    },
    kill: async () => {
      gap = true;
      const { exited } = server;
      server.kill("SIGKILL");
      await exited;
      server = await begin();
      // What was under way when it died is answered by then.
      await new Promise((resolve) => setTimeout(resolve, 300));
      gap = false;
      done.kills += 1;
    },
  };
  const kinds = ["reload", "reload", "reload", "broken client", "broken client", "broken client", "takeover", "kill"] as const;
  const until = performance.now() + SECONDS * 1000;
  while (performance.now() < until) {
    await trouble[pick(kinds)]();
    await new Promise((resolve) => setTimeout(resolve, 200 + random() * 400));
  }

  running = false;
  await Promise.all(load);
  await gateway.idle();
  await gateway.close();
  process.stdout.write(`chaos: seed ${SEED}, ${SECONDS} s: ${JSON.stringify(done)}, ${wrong.length} wrong\n`);
  expect(wrong).toEqual([]);
  expect(done.steady).toBeGreaterThan(0);

  const client = await WireClient.connect(server.socketPath);
  const status = await client.call("plugin.GetStatus", 0);
  expect(isRecord(status) && Object.keys(isRecord(status["Plugins"]) ? status["Plugins"] : {}).sort()).toEqual([...names].sort());
  await client.close();
  // One isolate per plugin, and the descriptors of each: what replaced isolates had is back.
  await expect.poll(() => count(server.pid, "task"), { timeout: 20_000 }).toBeLessThanOrEqual(before.threads + names.length + 1);
  await expect.poll(() => count(server.pid, "fd"), { timeout: 20_000 }).toBeLessThanOrEqual(before.fds + 12 * names.length);
  await upstream.close();
  expect(await server.close()).toEqual({ code: 0, signal: null });
});
