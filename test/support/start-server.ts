// Owns starting and stopping the real binary: on a prefix of its own, with every line it prints kept.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createTempDir } from "./temp-dir.js";
import { WireClient } from "./wire-client.js";

/** The executable, as an operator starts it; another build of it can be tested with the variable. */
export const BINARY =
  process.env["PLUGINSERVER_TEST_BINARY"] ?? fileURLToPath(new URL("../../bin/pluginserver", import.meta.url));

export interface StartOptions {
  /** The directory of plugins. */
  readonly plugins: string;
  /** Default: a fresh temporary one, removed on close. */
  readonly prefix?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly binary?: string;
  readonly cwd?: string;
  /** Nothing of its stderr is read: it is this descriptor, or a socket whose other end nobody reads. */
  readonly stderr?: number | "unread";
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningServer {
  /** Of the process that serves: the one that answered when the server had started. */
  readonly pid: number;
  /** Of the process that was started, which holds the socket; without a supervisor the same. */
  readonly startedPid: number;
  readonly prefix: string;
  readonly socketPath: string;
  /** What it printed so far, stdout and stderr together, line by line. */
  readonly lines: readonly string[];
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly exited: Promise<Exit>;
  /** The first line that matches, already printed or still to come. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Sends it to the process that was started. */
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after 15 seconds. May be called twice. */
  close(): Promise<Exit>;
}

type StartingServer = Omit<RunningServer, "pid"> & { pid: number };

const live = new Set<ChildProcess>();

// A test that fails before its close must not leave a server behind.
process.on("exit", () => {
  for (const child of live) child.kill("SIGKILL");
});

/** Starts a server and resolves when it answers on its socket; rejects with its output when it ends before. */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const temp = options.prefix === undefined ? createTempDir("srv") : undefined;
  const prefix = options.prefix ?? temp?.path ?? "";
  mkdirSync(prefix, { recursive: true });
  const flags = options.flags ?? [];
  const socketFlag = flags.indexOf("-socket");
  const socketPath = (socketFlag >= 0 ? flags[socketFlag + 1] : undefined) ?? join(prefix, "go_pluginserver.sock");
  const child = spawn(options.binary ?? BINARY, ["-kong-prefix", prefix, "-plugins-dir", options.plugins, ...flags], {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", typeof options.stderr === "number" ? options.stderr : "pipe"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const server: StartingServer = watch(child, prefix, socketPath, () => temp?.remove(), options.stderr === undefined);
  const speaksWire = !flags.join(" ").includes("ProtoBuf:1");
  if (speaksWire) await untilServing(server);
  else server.pid = Number(/pluginserver (\d+) is listening/.exec(await server.waitForLine(/is listening on/))?.[1]);
  return server;
}

export interface ProgramOptions {
  /** The command and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Where it is going to listen. */
  readonly socketPath: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Nothing of its stderr is read: it is this descriptor. */
  readonly stderr?: number;
}

/** Starts a plugin that is a program of its own, and resolves when it answers on its socket. */
export async function startProgram({ command, socketPath, env, cwd, stderr }: ProgramOptions): Promise<RunningServer> {
  const [file, ...args] = command;
  const child = spawn(file, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", stderr ?? "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const server = watch(child, dirname(socketPath), socketPath, () => {}, stderr === undefined);
  await untilServing(server);
  return server;
}

/** Starts a command that need not be a server, and keeps what it prints. */
export function startCommand(args: readonly string[], cwd: string, binary = BINARY): RunningServer {
  return watch(spawn(binary, [...args], { cwd, stdio: ["ignore", "pipe", "pipe"] }), cwd, "", () => {});
}

function watch(child: ChildProcess, prefix: string, socketPath: string, cleanUp: () => void, readsStderr = true): StartingServer {
  live.add(child);
  const lines: string[] = [];
  const stdout: string[] = [];
  const stderr: string[] = [];
  const listeners = new Set<(line: string) => void>();
  const collect = (stream: NodeJS.ReadableStream | null, own: string[]): void => {
    if (stream === null) return;
    createInterface({ input: stream }).on("line", (line) => {
      own.push(line);
      lines.push(line);
      for (const listener of listeners) listener(line);
    });
  };
  collect(child.stdout, stdout);
  if (readsStderr) collect(child.stderr, stderr);
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      live.delete(child);
      resolve({ code, signal });
    });
  });
  exited.catch(() => live.delete(child));
  return {
    pid: child.pid ?? 0,
    startedPid: child.pid ?? 0,
    prefix,
    socketPath,
    lines,
    stdout,
    stderr,
    exited,
    waitForLine: (pattern, timeoutMs = 10_000) => waitForLine(lines, listeners, exited, pattern, timeoutMs),
    kill: (signal) => void child.kill(signal),
    async close() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
      const exit = await exited;
      clearTimeout(timer);
      cleanUp();
      return exit;
    },
  };
}

function waitForLine(
  lines: readonly string[],
  listeners: Set<(line: string) => void>,
  exited: Promise<Exit>,
  pattern: RegExp,
  timeoutMs: number,
): Promise<string> {
  const printed = lines.find((line) => pattern.test(line));
  if (printed !== undefined) return Promise.resolve(printed);
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      listeners.delete(listener);
      act();
    };
    const fail = (why: string): void =>
      settle(() => reject(new Error(`no line matches ${String(pattern)} (${why}); printed:\n${lines.join("\n")}`)));
    const listener = (line: string): void => {
      if (pattern.test(line)) settle(() => resolve(line));
    };
    const timer = setTimeout(() => fail(`${timeoutMs} ms`), timeoutMs);
    listeners.add(listener);
    void exited.then(() => fail("the server ended"));
  });
}

async function untilServing(server: StartingServer): Promise<void> {
  let ended: Exit | undefined;
  void server.exited.then((exit) => (ended = exit));
  const deadline = Date.now() + 20_000;
  for (;;) {
    const pid = await pidBehind(server.socketPath);
    if (pid !== undefined && (pid === server.startedPid || parentOf(pid) === server.startedPid)) {
      server.pid = pid;
      return;
    }
    if (ended !== undefined || Date.now() > deadline) {
      server.kill("SIGKILL");
      const why = ended === undefined ? "did not listen within 20 s" : `ended with ${ended.code ?? ended.signal}`;
      throw new Error(`the server ${why}; it printed:\n${server.lines.join("\n")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}

/** Whose socket it is: a predecessor may still listen there. */
async function pidBehind(path: string): Promise<number | undefined> {
  try {
    const client = await WireClient.connect(path);
    await client.close();
    return client.pid;
  } catch {
    return undefined;
  }
}
