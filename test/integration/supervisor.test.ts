// Owns checking what holds the socket while servers come and go: nobody is turned away, and only what was under way is lost.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, unlinkSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BINARY,
  connectPeer,
  createTempDir,
  encodeRequest,
  frame,
  FrameClient,
  message,
  PROTOCOLS,
  rpcCall,
  runCli,
  runPhase,
  type RunningServer,
  startInstance,
  startProgram,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

const PHASES = fileURLToPath(new URL("../fixtures/phases", import.meta.url));
const SERVER_ENTRY = fileURLToPath(new URL("../../dist/apps/program/public.js", import.meta.url));

let temp: TempDir;
let prefix: string;
let socketPath: string;
let servers: RunningServer[];

beforeEach(() => {
  temp = createTempDir("sup");
  prefix = join(temp.path, "prefix");
  mkdirSync(prefix);
  socketPath = join(prefix, "go_pluginserver.sock");
  servers = [];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  temp.remove();
});

const start = async (flags: readonly string[] = [], plugins = PHASES): Promise<RunningServer> => {
  const server = await startServer({ plugins, prefix, flags });
  servers.push(server);
  return server;
};

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);

const until = async (what: string, condition: () => boolean): Promise<void> =>
  expect.poll(condition, { timeout: 20_000, interval: 20, message: what }).toBe(true);

/** A client that sends a request at once, whoever may answer it, and resolves with the bytes of the answer. */
function ask(path: string): { readonly connected: Promise<void>; readonly answered: Promise<Buffer>; readonly socket: Socket } {
  const socket = connect(path);
  socket.write(encodeRequest(7, "plugin.GetStatus", 0));
  const connected = new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const answered = new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      if (all.includes("Plugins")) resolve(all);
    });
    socket.once("error", reject).once("close", () => reject(new Error("closed without an answer")));
  });
  answered.catch(() => {});
  return { connected, answered, socket };
}

it.each([[[]], [["-no-supervisor"]]])("clients of a server that loads its plugins wait for it, with flags %j", async (flags) => {
  const gate = join(temp.path, "gate");
  temp.write(
    "slow/slow.cjs",
    `const { existsSync } = require("node:fs"); while (!existsSync(${JSON.stringify(gate)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
     module.exports = { Plugin: class { access() {} }, Schema: [], Version: "1.0.0" };`,
  );
  const starting = startServer({ plugins: join(temp.path, "slow"), prefix, flags });
  await until("the socket", () => existsSync(socketPath));
  const clients = Array.from({ length: 20 }, () => ask(socketPath));
  await Promise.all(clients.map(({ connected }) => connected));
  temp.write("gate", "");
  const server = await starting;
  servers.push(server);
  expect((await Promise.all(clients.map(({ answered }) => answered))).length).toBe(20);
  for (const { socket } of clients) socket.destroy();
  expect(server.pid === server.startedPid).toBe(flags.length > 0);
});

it("clients that no server has taken yet get the next one when that is killed", async () => {
  const server = await start();
  process.kill(server.pid, "SIGSTOP");
  const clients = Array.from({ length: 50 }, () => ask(socketPath));
  await Promise.all(clients.map(({ connected }) => connected));
  process.kill(server.pid, "SIGKILL");
  await Promise.all(clients.map(({ answered }) => answered));
  for (const { socket } of clients) socket.destroy();
  expect(await server.waitForLine(/the server before this one was ended by SIGKILL/)).toContain("WARN");
  const client = await WireClient.connect(socketPath);
  expect(client.pid).not.toBe(server.pid);
  expect(childrenOf(server.startedPid)).toEqual([client.pid]);
  await client.close();
});

describe.each(PROTOCOLS)("a server that is killed under load of %s", (protocol) => {
  it("loses what was under way, and nothing else", async () => {
    const server = await start();
    const counts = { done: 0, lost: 0, refused: [] as string[], underWay: 0, atKills: 0 };
    let isOver = false;
    // Each event on connections of its own, as of a gateway whose pool is empty.
    const work = async (): Promise<void> => {
      let id: number | undefined;
      while (!isOver) {
        counts.underWay += 1;
        try {
          const peer = await connectPeer(protocol, socketPath);
          id ??= await startInstance(peer, "hello");
          const { end } = await runPhase(peer, id, "access", { answer: () => "localhost" });
          await peer.close();
          // Of an instance that went with its server a gateway starts another one.
          if (end === "ret") counts.done += 1;
          else id = undefined;
        } catch (error) {
          id = undefined;
          if (/ECONNREFUSED|ENOENT/.test(String(error))) counts.refused.push(String(error));
          else if (!String(error).includes("No plugin instance")) counts.lost += 1;
        }
        counts.underWay -= 1;
      }
    };
    const workers = Array.from({ length: 6 }, work);
    for (let round = 0; round < 3; round += 1) {
      const before = counts.done;
      await until("load", () => counts.done > before + 50);
      const [pid = 0] = childrenOf(server.startedPid);
      process.kill(pid, "SIGKILL");
      counts.atKills += counts.underWay;
      await until("a successor", () => childrenOf(server.startedPid).some((child) => child !== pid));
    }
    const before = counts.done;
    await until("load", () => counts.done > before + 50);
    isOver = true;
    await Promise.all(workers);
    expect(counts.refused).toEqual([]);
    expect(counts.lost).toBeLessThanOrEqual(counts.atKills);
  }, 60_000);
});

/** An event of `hello` on a connection of its own: the names of its calls, or why there were none. */
async function eventOverProtobuf(path: string, id: number): Promise<string> {
  const client = await FrameClient.connect(path);
  const first = await client.begin(2, id, "access");
  client.destroy();
  return first;
}

describe("an instance over ProtoBuf:1, whose gateway before Kong 3.3 cannot be told that it is gone", () => {
  it("runs in the next server processes, until the gateway closes it", async () => {
    const server = await start();
    const client = await FrameClient.connect(socketPath);
    const [id, closed] = [await client.startInstance("hello", { message: "hi" }), await client.startInstance("hello")];
    client.write(rpcCall(3, "cmdCloseInstance", { instanceId: closed }));
    await client.frame();
    for (let death = 0; death < 2; death += 1) {
      const [pid = 0] = childrenOf(server.startedPid);
      process.kill(pid, "SIGKILL");
      await until("a successor", () => childrenOf(server.startedPid).some((child) => child !== pid));
      expect(await eventOverProtobuf(socketPath, id)).toBe("kong.request.get_header");
      // Whether the gateway is such a one is asked first where there is no instance.
      expect(await eventOverProtobuf(socketPath, closed)).toBe("kong.ip.is_trusted");
    }
    const next = await FrameClient.connect(socketPath);
    expect(await next.begin(1, id, "access")).toBe("kong.request.get_header");
    await next.frame();
    next.write(frame(message("String", { v: Buffer.from("host") })));
    expect((await next.frame()).toString()).toBe("kong.response.set_header");
    expect((await next.frame()).toString()).toContain("hi host");
    next.destroy();
    client.destroy();
    expect(server.lines.filter((line) => line.includes(`there is no instance ${id}`))).toEqual([]);
  });

  it("runs in the next process of a program too", async () => {
    const file = temp.write(
      "keeper.mjs",
      `export class Plugin { async access(kong) { await kong.request.getMethod(); } }\nexport const Version = "1.0.0";`,
    );
    const program = await startProgram({
      command: [BINARY, "run", file, "-kong-prefix", prefix],
      socketPath: join(prefix, "keeper.socket"),
    });
    servers.push(program);
    const client = await FrameClient.connect(program.socketPath);
    const id = await client.startInstance("keeper");
    const [serving] = childrenOf(program.startedPid);
    if (serving === undefined) expect.unreachable("the supervisor has no child");
    process.kill(serving, "SIGKILL");
    await client.closed;
    expect(await eventOverProtobuf(program.socketPath, id)).toBe("kong.request.get_method");
  });
});

describe("the end", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("by %s of either process is that of both, with status 0", async (signal) => {
    const first = await start();
    first.kill(signal);
    expect(await first.exited).toEqual({ code: 0, signal: null });
    const second = await start();
    process.kill(second.pid, signal);
    expect(await second.exited).toEqual({ code: 0, signal: null });
    expect(isAlive(second.pid)).toBe(false);
    expect(readdirSync(prefix).filter((name) => !name.includes(".ids-"))).toEqual([]);
  });

  it("comes for the server when its supervisor is killed, and leaves nothing when both are", async () => {
    const first = await start();
    first.kill("SIGKILL");
    await until("the server's end", () => !isAlive(first.pid));
    const second = await start();
    const client = await WireClient.connect(socketPath);
    const id = await startInstance(client, "hello");
    expect(id).toBeGreaterThan(0);
    second.kill("SIGKILL");
    process.kill(second.pid, "SIGKILL");
    await second.exited;
    await until("the end of both", () => !isAlive(second.pid));
  });

  it("comes for a server too whose supervisor was killed before it had loaded anything", async () => {
    const supervisor = spawn(BINARY, ["-kong-prefix", prefix, "-plugins-dir", PHASES], { stdio: "ignore" });
    const pid = supervisor.pid ?? 0;
    await until("the server", () => childrenOf(pid).length === 1);
    const [server = 0] = childrenOf(pid);
    supervisor.kill("SIGKILL");
    await until("the server's end", () => !isAlive(server));
  });

  it("of a server that never started passes its status on, and its predecessor has its path back", async () => {
    const running = await start();
    for (const [flags, status] of [
      [["-plugins-dir", PHASES, "-threads", "none"], 2],
      [["-plugins-dir", join(temp.path, "nowhere")], 1],
    ] as const) {
      const { code, stderr } = await runCli(["-kong-prefix", prefix, ...flags]);
      expect([code, stderr.split("\n").length]).toEqual([status, 2]);
      const client = await WireClient.connect(socketPath);
      expect(client.pid).toBe(running.pid);
      await client.close();
    }
    await running.close();
    expect((await runCli(["-kong-prefix", prefix, "-plugins-dir", PHASES, "-threads", "none"])).code).toBe(2);
    expect(readdirSync(prefix).filter((name) => !name.includes(".ids-"))).toEqual([]);
  });

  it("comes at a signal too while no server starts any more", async () => {
    const armed = join(temp.path, "armed");
    temp.write(
      "deadly/deadly.cjs",
      `if (require("node:fs").existsSync(${JSON.stringify(armed)})) require("node:child_process").execSync("kill -9 " + process.pid);
       module.exports = { Plugin: class { access() {} }, Schema: [], Version: "1.0.0" };`,
    );
    const server = await start([], join(temp.path, "deadly"));
    temp.write("armed", "");
    const seen = new Set<number>();
    process.kill(server.pid, "SIGKILL");
    await until("servers that die", () => {
      for (const pid of childrenOf(server.startedPid)) if (pid !== server.pid) seen.add(pid);
      return seen.size >= 2;
    });
    await until("a pause", () => childrenOf(server.startedPid).length === 0);
    const { socket, connected } = ask(socketPath);
    await connected;
    server.kill("SIGTERM");
    expect(await server.exited).toEqual({ code: 0, signal: null });
    socket.destroy();
    expect(existsSync(socketPath)).toBe(false);
  });
});

it("a server that dies at its start again and again is started after growing pauses, and answers who waited", async () => {
  const [armed, deaths] = [join(temp.path, "armed"), join(temp.path, "deaths")];
  temp.write(
    "deadly/deadly.cjs",
    `const { appendFileSync, existsSync } = require("node:fs");
     if (existsSync(${JSON.stringify(armed)})) { appendFileSync(${JSON.stringify(deaths)}, "x"); require("node:child_process").execSync("kill -9 " + process.pid); }
     module.exports = { Plugin: class { access() {} }, Schema: [], Version: "1.0.0" };`,
  );
  const server = await start([], join(temp.path, "deadly"));
  // One that has served for a second is followed at once.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  temp.write("armed", "");
  process.kill(server.pid, "SIGKILL");
  const clients = [];
  for (let count = 1; count <= 3; count += 1) {
    await until(`death ${count} at the start`, () => existsSync(deaths) && readFileSync(deaths).length >= count);
    await until("the pause behind it", () => childrenOf(server.startedPid).length === 0);
    clients.push(ask(socketPath));
  }
  rmSync(armed);
  await Promise.all(clients.map(({ answered }) => answered));
  for (const { socket } of clients) socket.destroy();
  await server.waitForLine(
    /was ended by SIGKILL: what it had under way is lost; 4 ended in a row, this one was started after 4 s/,
  );
}, 60_000);

it("clients of a server that has no descriptor left for them wait until it has", async () => {
  const gate = join(temp.path, "full");
  temp.write(
    "hog/hog.cjs",
    `const { closeSync, existsSync, openSync } = require("node:fs");
     const held = [];
     setInterval(() => {
       if (!existsSync(${JSON.stringify(gate)})) return held.splice(0).forEach((descriptor) => closeSync(descriptor));
       try { for (;;) held.push(openSync("/dev/null")); } catch {}
     }, 20);
     module.exports = { Plugin: class { access() {} }, Schema: [], Version: "1.0.0" };`,
  );
  const script = temp.write("limited.sh", `#!/bin/sh\nulimit -n 200\nexec ${JSON.stringify(BINARY)} "$@"\n`);
  chmodSync(script, 0o755);
  const server = await startServer({ plugins: join(temp.path, "hog"), prefix, binary: script });
  servers.push(server);
  const client = await WireClient.connect(socketPath);
  await startInstance(client, "hog");
  temp.write("full", "");
  await until("no descriptor", () => readdirSync(`/proc/${server.pid}/fd`).length >= 200);
  const clients = Array.from({ length: 20 }, () => ask(socketPath));
  await Promise.all(clients.map(({ connected }) => connected));
  await server.waitForLine(/WARN: \d+ connections wait: no file descriptor is left for them/);
  rmSync(gate);
  await Promise.all(clients.map(({ answered }) => answered));
  for (const { socket } of clients) socket.destroy();
  await client.close();
}, 30_000);

it("a socket file that is removed is there again, and leads to the same server", async () => {
  const server = await start();
  unlinkSync(socketPath);
  await server.waitForLine(/WARN: .*go_pluginserver\.sock did not lead to this server any more .*: it does again/);
  const client = await WireClient.connect(socketPath);
  expect(client.pid).toBe(server.pid);
  const id = await startInstance(client, "hello");
  expect((await runPhase(client, id, "access", { answer: () => "localhost" })).end).toBe("ret");
  await client.close();
});

it.each([">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])("a server is started with %s in a shell", async (redirection) => {
  const script = temp.write("start.sh", `#!/bin/sh\nexec ${JSON.stringify(BINARY)} "$@" ${redirection}\n`);
  chmodSync(script, 0o755);
  const server = await startServer({ plugins: PHASES, prefix, binary: script });
  servers.push(server);
  const client = await WireClient.connect(socketPath);
  const id = await startInstance(client, "hello");
  expect((await runPhase(client, id, "access", { answer: () => "localhost" })).end).toBe("ret");
  await client.close();
  expect(await server.close()).toEqual({ code: 0, signal: null });
});

it("SIGHUP has the server look for changed plugins, SIGUSR1 opens no inspector anywhere", async () => {
  temp.write(
    "plugins/apart.cjs",
    `module.exports = { Plugin: class { access() {} }, Schema: [], Version: "1", Isolation: "process" };`,
  );
  const server = await start([], join(temp.path, "plugins"));
  const client = await WireClient.connect(socketPath);
  const id = await startInstance(client, "apart");
  await runPhase(client, id, "access", {});
  const all = [server.startedPid, server.pid, ...childrenOf(server.pid)];
  expect(all.length).toBeGreaterThan(2);
  for (const pid of all) process.kill(pid, "SIGUSR1");
  server.kill("SIGHUP");
  await server.waitForLine(/got SIGHUP/);
  for (let call = 0; call < 20; call += 1) expect((await runPhase(client, id, "access", {})).end).toBe("ret");
  await client.close();
  await server.close();
  expect(server.lines.filter((line) => /debugger|inspector/i.test(line))).toEqual([]);
});

it("a thread that ends its process costs the events under way, and nothing else", async () => {
  temp.write(
    "plugins/fatal.cjs",
    `module.exports = { Plugin: class { async access(kong) {
      if (await kong.request.getHeader("die")) { await kong.request.getMethod(); require("node:child_process").execSync("kill -SEGV " + process.pid); }
      await kong.response.setHeader("x-done", "yes"); } }, Schema: [], Version: "1.0.0" };`,
  );
  await start([], join(temp.path, "plugins"));
  const [victim, bystander] = await Promise.all([WireClient.connect(socketPath), WireClient.connect(socketPath)]);
  const id = await startInstance(victim, "fatal");
  const dies = runPhase(victim, id, "access", { answer: (method) => (method === "kong.request.get_header" ? "yes" : "GET") });
  await expect(dies).rejects.toThrow(/closed/);
  await bystander.closed;
  const next = await WireClient.connect(socketPath);
  expect((await next.request("plugin.HandleEvent", { InstanceId: id, EventName: "access" })).error).toBe(
    `No plugin instance ${id}`,
  );
  const again = await startInstance(next, "fatal");
  expect(again).not.toBe(id);
  expect((await runPhase(next, again, "access", {})).calls.at(-1)?.args).toEqual(["x-done", "yes"]);
  await next.close();
});

it("a Map too large for its thread aborts the process: no new connection is refused, and each is answered", async () => {
  temp.write(
    "plugins/fatal.cjs",
    `module.exports = { Plugin: class { access() { const map = new Map(); for (let i = 0; ; i += 1) map.set(i, i); } }, Schema: [], Version: "1" };`,
  );
  temp.write(
    "plugins/calm.cjs",
    `module.exports = { Plugin: class { access(kong) { return kong.response.setHeader("x-calm", "yes"); } } };`,
  );
  const server = await start([], join(temp.path, "plugins"));
  const victim = await WireClient.connect(socketPath);
  const fatal = await startInstance(victim, "fatal");
  const dies = expect(runPhase(victim, fatal, "access", {})).rejects.toThrow(/closed/);
  const other: string[] = [];
  const counts = { before: 0, after: 0, underWay: 0 };
  while (counts.after < 20) {
    try {
      const client = await WireClient.connect(socketPath);
      // Its answer can be lost only where it was taken before the death.
      const id = await startInstance(client, "calm");
      const { end, calls } = await runPhase(client, id, "access", {});
      expect([end, calls.at(-1)?.args]).toEqual(["ret", ["x-calm", "yes"]]);
      if (client.pid === server.pid) counts.before += 1;
      else counts.after += 1;
      await client.close();
    } catch (error) {
      if (/closed|ECONNRESET|EPIPE/.test(String(error))) counts.underWay += 1;
      else other.push(String(error));
    }
  }
  await dies;
  expect(other).toEqual([]);
  expect(counts.before).toBeGreaterThan(0);
  expect(counts.underWay).toBeLessThanOrEqual(1);
  expect(server.lines.join("\n")).toMatch(/the server before this one (was ended by SIGABRT|ended with status 134)/);
}, 60_000);

it.each([["own file"], ["run"]])("a program is held the same way: %s", async (kind) => {
  const file = temp.write(
    "greeter.mjs",
    `import { startServer } from ${JSON.stringify(SERVER_ENTRY)};
     export class Plugin { async access(kong) { await kong.response.setHeader("x-hi", "hi"); } }
     export const Version = "1.0.0";
     if (!process.argv.includes("run")) startServer({ Plugin, Version });`,
  );
  const bin = fileURLToPath(new URL("../../bin/pluginserver", import.meta.url));
  const command = kind === "run" ? ([bin, "run", file] as const) : ([process.execPath, file] as const);
  const program = await startProgram({
    command: [command[0], ...command.slice(1), "-kong-prefix", prefix],
    socketPath: join(prefix, "greeter.socket"),
  });
  servers.push(program);
  const client = await WireClient.connect(program.socketPath);
  expect(client.pid).not.toBe(program.startedPid);
  for (const pid of [program.startedPid, client.pid]) process.kill(pid, "SIGUSR1");
  const before = await startInstance(client, "greeter");
  for (let call = 0; call < 20; call += 1) expect((await runPhase(client, before, "access", {})).end).toBe("ret");
  expect(program.lines.filter((line) => /debugger|inspector/i.test(line))).toEqual([]);
  process.kill(client.pid, "SIGKILL");
  await client.closed;
  const next = await WireClient.connect(program.socketPath);
  const id = await startInstance(next, "greeter");
  expect((await runPhase(next, id, "access", {})).calls.at(-1)?.args).toEqual(["x-hi", "hi"]);
  await next.close();
  program.kill("SIGKILL");
  await until("its end", () => !isAlive(next.pid));
});
