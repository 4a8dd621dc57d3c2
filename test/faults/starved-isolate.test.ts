// Owns starving isolates: other programs keep its processor busy, and no isolate is ended for what it could not do meanwhile.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { connectPeer, type Peer, runPhase, type RunningServer, startInstance, startServer } from "../support/index.js";

const PLUGINS = fileURLToPath(new URL("../fixtures/isolate-faults", import.meta.url));
const FLAGS = ["-stall-timeout", "1s", "-load-timeout", "10s"];

let server: RunningServer;
let peer: Peer;
const burners: ChildProcess[] = [];

/** All on one processor: test files beside this one have the others. */
const PROCESSOR = ["-c", "0"];

async function start(...flags: string[]): Promise<void> {
  server = await startServer({ plugins: PLUGINS, flags: [...FLAGS, ...flags] });
  execFileSync("taskset", ["-a", "-p", ...PROCESSOR, String(server.pid)]);
  peer = await connectPeer("MsgPack:1", server.socketPath);
}

/** Leaves a thread about a sixth of the processor. */
async function burn(): Promise<void> {
  const code = "process.stdout.write('burns'); for (;;);";
  for (let i = 0; i < 5; i += 1)
    burners.push(spawn("taskset", [...PROCESSOR, process.execPath, "-e", code], { stdio: ["ignore", "pipe", "ignore"] }));
  await Promise.all(burners.map(async ({ stdout }) => stdout !== null && once(stdout, "data")));
}

const stopBurning = (): void => {
  for (const burner of burners.splice(0)) burner.kill("SIGKILL");
};

afterEach(async () => {
  stopBurning();
  await peer.close();
  await server.close();
});

const ended = (): string[] => server.lines.filter((line) => line.includes("isolate of plugin"));

// Without the system's word on how long a thread waits there is nothing but the clock.
const isMeasured = existsSync("/proc/thread-self/schedstat") && spawnSync("taskset", ["-V"]).status === 0;

describe.skipIf(!isMeasured)("while other programs burn its processor", () => {
  it.each(["thread", "process"])("half a second of work in a %s is no stall", { timeout: 120_000 }, async (isolation) => {
    await start("-event-timeout", "60s", "-isolation", isolation);
    const works = await startInstance(peer, "misbehaves", { how: "half a second of work" });
    expect((await runPhase(peer, works, "access")).end).toBe("ret");
    await burn();
    for (let i = 0; i < 3; i += 1) expect((await runPhase(peer, works, "access")).end, server.lines.join("\n")).toBe("ret");
    expect(ended()).toEqual([]);
  });

  it("events that run into their deadline end with 500, and the isolate stays", { timeout: 120_000 }, async () => {
    await start("-event-timeout", "1s");
    const works = await startInstance(peer, "misbehaves", { how: "half a second of work in small turns" });
    const calm = await startInstance(peer, "misbehaves", { how: "none" });
    expect((await runPhase(peer, calm, "access")).end).toBe("ret");
    await burn();
    const ends: string[] = [];
    for (let i = 0; i < 12; i += 1) ends.push((await runPhase(peer, works, "access")).end);
    stopBurning();
    expect(ends.filter((end) => end === "exit").length).toBeGreaterThanOrEqual(8);
    expect((await runPhase(peer, calm, "access")).end).toBe("ret");
    expect(ended()).toEqual([]);
  });

  it("an endless loop is still found", { timeout: 120_000 }, async () => {
    await start("-event-timeout", "60s");
    const loops = await startInstance(peer, "misbehaves", { how: "loop" });
    await burn();
    expect((await runPhase(peer, loops, "access")).end).toBe("exit");
    await server.waitForLine(/no sign of life/);
  });
});
