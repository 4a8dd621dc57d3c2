// What systemd has of a server: sockets that outlive it, word of how it does, and units that systemd takes.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, createServer } from "node:net";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BINARY,
  createTempDir,
  encodeRequest,
  runPhase,
  type RunningServer,
  SocketHolder,
  startInstance,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

const PHASES = fileURLToPath(new URL("../fixtures/phases", import.meta.url));
const UNITS = fileURLToPath(new URL("../../deploy/systemd", import.meta.url));
const has = (command: string): boolean => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;

let temp: TempDir;
let holder: SocketHolder | undefined;
let server: RunningServer | undefined;

beforeEach(() => {
  temp = createTempDir("sd");
  mkdirSync(join(temp.path, "prefix"));
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  holder = undefined;
  temp.remove();
});

const path = (...parts: readonly string[]): string => join(temp.path, ...parts);
const linesOf = (file: string): string[] => (existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : []);
const until = async (what: string, condition: () => boolean): Promise<void> =>
  expect.poll(condition, { timeout: 20_000, interval: 20, message: what }).toBe(true);

/** Ends all servers that the holder has started, in order. */
async function releaseAfter(pid: number): Promise<void> {
  process.kill(pid, "SIGTERM");
  await holder?.release();
}

describe("a socket that the server is started with", () => {
  it("is Kong's: connections wait while there is no server, and the path is the same over servers", async () => {
    const socketPath = path("kong.sock");
    const command = [BINARY, "-plugins-dir", PHASES, "-socket", socketPath];
    holder = await SocketHolder.hold(socketPath, "kong", command);
    const { ino } = lstatSync(socketPath);
    const early = connect(socketPath);
    early.write(encodeRequest(7, "plugin.GetStatus", 0));
    const answered = once(early, "data");
    holder.start();
    await answered;
    early.destroy();
    const first = await WireClient.connect(socketPath);
    // There is no other process in front of it.
    expect(readFileSync(`/proc/${first.pid}/cmdline`, "utf8")).toContain(socketPath);
    expect(readFileSync(`/proc/${first.pid}/task/${first.pid}/children`, "utf8")).toBe("");
    expect(readFileSync(`/proc/${first.pid}/environ`, "utf8")).toContain(`LISTEN_PID=${first.pid}\0`);
    const instance = await startInstance(first, "hello");
    expect((await runPhase(first, instance, "access", { answer: () => "localhost" })).end).toBe("ret");
    process.kill(first.pid, "SIGKILL");
    const waiting = connect(socketPath);
    waiting.write(encodeRequest(8, "plugin.GetStatus", 0));
    await once(waiting, "connect");
    const next = once(waiting, "data");
    holder.start();
    await next;
    waiting.destroy();
    const second = await WireClient.connect(socketPath);
    expect(second.pid).not.toBe(first.pid);
    const { pid } = second;
    await second.close();
    await releaseAfter(pid);
    expect(lstatSync(socketPath).ino).toBe(ino);
    expect(holder.lines.filter((line) => / ended$/.test(line))).toHaveLength(1);
  });

  it("is Tyk's TCP port, beside a socket of Kong's that the server makes", async () => {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const address = probe.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    probe.close();
    const socketPath = path("prefix", "go_pluginserver.sock");
    const tyk = `tcp://127.0.0.1:${port}`;
    holder = await SocketHolder.hold(port, "tyk", [
      ...[BINARY, "-plugins-dir", PHASES, "-kong-prefix", path("prefix"), "-tyk", tyk],
    ]);
    holder.start();
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    await once(session, "remoteSettings");
    session.close();
    await until("Kong's socket", () => existsSync(socketPath));
    await expect.poll(() => holder?.lines.some((line) => line.includes(`listening for Tyk gateways on ${tyk}`))).toBe(true);
    const client = await WireClient.connect(socketPath);
    const { pid } = client;
    await client.close();
    await releaseAfter(pid);
    expect(existsSync(socketPath)).toBe(false);
  });

  it("is refused where it belongs to no gateway that is served", async () => {
    const command = [BINARY, "-plugins-dir", PHASES, "-kong-prefix", path("prefix"), "-tyk", `unix://${path("tyk.sock")}`];
    holder = await SocketHolder.hold(path("other.sock"), "other.socket", command);
    holder.start();
    await holder.release();
    expect(holder.lines.join("\n")).toContain(`other.socket (${path("other.sock")}), which belongs to no gateway that is served`);
    expect(existsSync(path("other.sock"))).toBe(true);
  });

  it("is left alone by a process that it was not passed to", async () => {
    server = await startServer({
      plugins: PHASES,
      prefix: path("prefix"),
      env: { LISTEN_PID: "1", LISTEN_FDS: "1", LISTEN_FDNAMES: "kong" },
    });
    expect(server.pid).not.toBe(server.startedPid);
  });
});

/** A systemd-notify that writes down what it is asked to send, a line for each message. */
function recordingNotify(): { readonly PATH: string; readonly messages: () => string[] } {
  mkdirSync(path("bin"));
  const record = path("messages");
  writeFileSync(path("bin", "systemd-notify"), `#!/bin/sh\necho "$NOTIFY_SOCKET" "$*" >>'${record}'\n`);
  chmodSync(path("bin", "systemd-notify"), 0o755);
  return { PATH: `${path("bin")}${delimiter}${process.env["PATH"] ?? ""}`, messages: () => linesOf(record) };
}

const PRINTS_ENVIRONMENT = `console.log("sees", Object.keys(process.env).filter((name) => /NOTIFY|LISTEN|WATCHDOG/.test(name)).join() || "nothing");
module.exports = { Plugin: class { access() {} }, Schema: [], Version: "1.0.0" };`;

describe.each([[[]], [["-no-supervisor"]]])("what a server with %j tells", (flags) => {
  it("is when it is ready, reloads, is alive and ends; plugins know nothing of it", async () => {
    const { PATH, messages } = recordingNotify();
    temp.write("plugins/quiet.cjs", PRINTS_ENVIRONMENT);
    temp.write("plugins/broken.cjs", "syntax error");
    server = await startServer({
      plugins: path("plugins"),
      prefix: path("prefix"),
      flags: [...flags, "-no-watch"],
      env: { PATH, NOTIFY_SOCKET: "@there", WATCHDOG_USEC: "400000" },
    });
    const sent = (text: string): number => messages().filter((line) => line.includes(text)).length;
    await until("READY", () => sent("READY=1") === 1);
    const status = `STATUS=serving 1 plugin on ${server.socketPath}; not loaded: broken`;
    expect(messages()).toContain(`@there READY=1 ${status}`);
    expect(await server.waitForLine(/sees/)).toContain("sees nothing");
    const seen = sent("WATCHDOG=1");
    await until("WATCHDOG", () => sent("WATCHDOG=1") >= seen + 2);
    server.kill("SIGHUP");
    await until("READY again", () => sent("READY=1") === 2);
    const reloading = messages().find((line) => line.includes("RELOADING=1")) ?? "";
    const usec = Number(/MONOTONIC_USEC=(\d+)$/.exec(reloading)?.[1]);
    const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1e6;
    expect(Math.abs(uptime - usec)).toBeLessThan(60e6);
    expect((await server.close()).code).toBe(0);
    expect(messages().at(-1)).toBe("@there STOPPING=1 STATUS=finishing the calls that run");
  });
});

it("says that nobody can be told where there is no systemd-notify", async () => {
  mkdirSync(path("bin"));
  for (const name of ["sh", "node", "readlink"])
    writeFileSync(
      path("bin", name),
      `#!/bin/sh\nexec ${spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim()} "$@"\n`,
      {
        mode: 0o755,
      },
    );
  server = await startServer({
    plugins: PHASES,
    prefix: path("prefix"),
    env: { PATH: path("bin"), NOTIFY_SOCKET: "@there" },
  });
  expect(await server.waitForLine(/cannot be told/)).toContain("there is no systemd-notify in PATH");
});

const RECEIVER = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace("@", "\\0", 1))
print("bound", flush=True)
while True: print(s.recv(4096).decode().replace("\\n", " "), flush=True)`;

describe.skipIf(!has("python3") || !has("systemd-notify"))(
  "real datagrams (skipped without python3 to receive them and systemd-notify to send them)",
  () => {
    it.each([["path"], ["abstract"]])("come to a socket of the kind %s", async (kind) => {
      const address = kind === "path" ? path("notify.sock") : `@pluginserver-test-${process.pid}`;
      const receiver = spawn("python3", ["-c", RECEIVER, address], { stdio: ["ignore", "pipe", "inherit"] });
      try {
        const received: string[] = [];
        createInterface({ input: receiver.stdout }).on("line", (line) => received.push(line));
        await until("the receiver", () => received.includes("bound"));
        server = await startServer({ plugins: PHASES, prefix: path("prefix"), env: { NOTIFY_SOCKET: address } });
        await until("READY", () => received.some((line) => line.startsWith("READY=1 STATUS=serving ")));
        await server.close();
        expect(received.filter((line) => line !== "BARRIER=1").at(-1)).toBe("STOPPING=1 STATUS=finishing the calls that run");
      } finally {
        receiver.kill();
      }
    });
  },
);

describe("the units of deploy/systemd", () => {
  const units = readdirSync(UNITS);

  it.each(units.filter((unit) => unit.endsWith(".service")))("%s starts the server with flags that there are", (unit) => {
    const [, command = ""] =
      /^ExecStart=\/usr\/local\/bin\/pluginserver (.*)$/m.exec(readFileSync(join(UNITS, unit), "utf8")) ?? [];
    const { status, stdout } = spawnSync(BINARY, [...command.split(" "), "-help"], { encoding: "utf8" });
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining("Usage: pluginserver") as string });
  });

  it.skipIf(!has("systemd-analyze"))(
    "are taken by systemd, which calls the services' exposure low (skipped without systemd)",
    () => {
      for (const unit of units)
        writeFileSync(path(unit), readFileSync(join(UNITS, unit), "utf8").replace("/usr/local/bin/pluginserver", BINARY));
      const files = units.map((unit) => path(unit));
      const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...files], { encoding: "utf8" });
      const ours = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("pluginserver"));
      expect({ status, ours }).toEqual({ status: 0, ours: [] });
      for (const file of files.filter((name) => name.endsWith(".service"))) {
        // 10 is a service with all rights.
        const security = spawnSync("systemd-analyze", ["security", "--offline=true", "--threshold=20", file], {
          encoding: "utf8",
        });
        expect({ status: security.status, last: security.stdout.trim().split("\n").at(-1) }).toMatchObject({ status: 0 });
      }
    },
  );
});
