// Owns checking how a server comes and goes: its socket file, takeover by a successor, signals, a parent that is gone.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BINARY,
  createTempDir,
  runCli,
  runPhase,
  startInstance,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

const PHASES = fileURLToPath(new URL("../fixtures/phases", import.meta.url));

let temp: TempDir;
let prefix: string;
let socketPath: string;

beforeEach(() => {
  temp = createTempDir("life");
  prefix = join(temp.path, "prefix");
  mkdirSync(prefix);
  socketPath = join(prefix, "go_pluginserver.sock");
});

afterEach(() => temp.remove());

const isAlive = (pid: number): boolean => {
  try {
    // Signal 0 asks only whether there is such a process; a zombie is not alive any more.
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

describe("the socket file", () => {
  it("belongs to its owner alone unless asked otherwise", async () => {
    const server = await startServer({ plugins: PHASES, prefix });
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
    await server.close();
    const open = await startServer({ plugins: PHASES, prefix, flags: ["-socket-mode", "0666"] });
    expect(statSync(socketPath).mode & 0o777).toBe(0o666);
    await open.close();
  });

  it("goes with the server, and one left over by a killed server is replaced", async () => {
    const killed = await startServer({ plugins: PHASES, prefix });
    killed.kill("SIGKILL");
    await killed.exited;
    expect(existsSync(socketPath)).toBe(true);
    const server = await startServer({ plugins: PHASES, prefix });
    await (await WireClient.connect(socketPath)).close();
    expect(await server.close()).toEqual({ code: 0, signal: null });
    expect(existsSync(socketPath)).toBe(false);
  });

  it("is not made where a file is that is no socket", async () => {
    writeFileSync(socketPath, "precious");
    const { code, stderr } = await runCli(["-kong-prefix", prefix, "-plugins-dir", PHASES]);
    expect(code).toBe(1);
    expect(stderr).toContain(socketPath);
    expect(readFileSync(socketPath, "utf8")).toBe("precious");
  });

  it("with too long a path is refused in one line", async () => {
    const { code, stderr } = await runCli([
      "-kong-prefix",
      prefix,
      "-plugins-dir",
      PHASES,
      "-socket",
      join(prefix, "s".repeat(150)),
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/path/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe("takeover", () => {
  it("gives new connections to the successor, while the old server finishes its own and leaves the file alone", async () => {
    const old = await startServer({ plugins: PHASES, prefix });
    const before = await WireClient.connect(socketPath);
    const id = await startInstance(before, "asks", { asks: ["a", "b"] });
    const { EventId: event } = (await before.call("plugin.HandleEvent", { InstanceId: id, EventName: "access" })) as {
      EventId: number;
    };

    const next = await startServer({ plugins: PHASES, prefix });
    const after = await WireClient.connect(socketPath);
    expect(after.pid).toBe(next.pid);
    expect(before.pid).toBe(old.pid);
    expect((await after.request("plugin.HandleEvent", { InstanceId: id, EventName: "access" })).error).toBe(
      `No plugin instance ${id}`,
    );

    const ended = old.close();
    expect(await before.call("plugin.Step", { EventId: event, Data: "1" })).toMatchObject({ Data: { Args: ["b"] } });
    expect(await before.call("plugin.Step", { EventId: event, Data: "2" })).toEqual({ EventId: event, Data: "ret" });
    expect(await ended).toEqual({ code: 0, signal: null });

    const again = await WireClient.connect(socketPath);
    expect(again.pid).toBe(next.pid);
    await again.close();
    await next.close();
  });

  it("of a socket that another program listens on leaves that program running", async () => {
    const stranger = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => stranger.listen(socketPath, resolve));
    const server = await startServer({ plugins: PHASES, prefix });
    await (await WireClient.connect(socketPath)).close();
    await server.close();
    await new Promise((resolve) => stranger.close(resolve));
  });
});

describe("the end", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("%s closes connections and exits with 0", async (signal) => {
    const server = await startServer({ plugins: PHASES, prefix });
    const client = await WireClient.connect(socketPath);
    await startInstance(client, "hello");
    server.kill(signal);
    expect(await server.exited).toEqual({ code: 0, signal: null });
    await client.closed;
    expect(existsSync(socketPath)).toBe(false);
  });

  it("does not wait for an event whose gateway is silent", async () => {
    const server = await startServer({ plugins: PHASES, prefix });
    const client = await WireClient.connect(socketPath);
    const id = await startInstance(client, "asks", { asks: ["a"] });
    await client.call("plugin.HandleEvent", { InstanceId: id, EventName: "access" });
    const began = performance.now();
    expect(await server.close()).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it("comes when the parent is gone", async () => {
    // The shell starts the server and is killed: the server gets another parent.
    const shell = spawn(
      "/bin/sh",
      ["-c", '"$0" -kong-prefix "$1" -plugins-dir "$2" & echo started; wait', BINARY, prefix, PHASES],
      {
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    const pid = await serverPid(socketPath);
    expect(isAlive(pid)).toBe(true);
    shell.kill("SIGKILL");
    const deadline = performance.now() + 10_000;
    while (isAlive(pid) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
    const alive = isAlive(pid);
    if (alive) process.kill(pid, "SIGKILL");
    expect(alive).toBe(false);
    expect(existsSync(socketPath)).toBe(false);
  });
});

async function serverPid(path: string): Promise<number> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    try {
      const client = await WireClient.connect(path);
      await client.close();
      return client.pid;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

it("an idle instance goes by itself, and the gateway is told in the words it knows", async () => {
  const server = await startServer({ plugins: PHASES, prefix, flags: ["-instance-timeout", "1s"] });
  const client = await WireClient.connect(socketPath);
  const id = await startInstance(client, "hello");
  const deadline = performance.now() + 10_000;
  let error: unknown = null;
  while (error === null && performance.now() < deadline) {
    // Asking for its status is no use of it.
    await new Promise((resolve) => setTimeout(resolve, 200));
    ({ error } = await client.request("plugin.InstanceStatus", id));
  }
  expect(error).toBe(`No plugin instance ${id}`);
  const again = await startInstance(client, "hello");
  expect((await runPhase(client, again, "access", { answer: () => "h" })).end).toBe("ret");
  await server.close();
});

it("a call that comes while plugins load is answered when they have", async () => {
  const slow = temp.write(
    "slow/slow.mjs",
    "await new Promise((r) => setTimeout(r, 700)); export default { Plugin: class { access() {} }, Version: '1', Priority: 1, Schema: [] };",
  );
  expect(existsSync(slow)).toBe(true);
  const server = await startServer({ plugins: join(temp.path, "slow"), prefix });
  const client = await WireClient.connect(socketPath);
  expect(await client.call("plugin.GetPluginInfo", "slow")).toMatchObject({ Name: "slow" });
  await server.close();
});
