// Owns checking that a log which nobody reads holds nothing up, and that what is lost of it is counted.
import * as util from "node:util";
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createTempDir,
  runPhase,
  type RunningServer,
  type StartOptions,
  startInstance,
  startProgram,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

const SERVER_ENTRY = fileURLToPath(new URL("../../dist/apps/program/public.js", import.meta.url));
const PLUGIN = fileURLToPath(new URL("../fixtures/unread/prints.cjs", import.meta.url));
/** Each has its own limit of lines in a second: together they print more than the queue holds. */
const NAMES = ["one", "two", "three", "four"];
const EVENTS_EACH = 250;

let temp: TempDir;
/** The end of the pipe that is read, or not. */
let reader: number;
let server: RunningServer;

beforeEach(() => {
  temp = createTempDir("out");
  execFileSync("mkfifo", [join(temp.path, "stderr")]);
  reader = openSync(join(temp.path, "stderr"), constants.O_RDONLY | constants.O_NONBLOCK);
});

afterEach(() => {
  server.kill("SIGKILL");
  closeSync(reader);
  temp.remove();
});

async function start({ flags = [], stderr }: Pick<StartOptions, "flags" | "stderr"> = {}): Promise<void> {
  const plugins = join(temp.path, "plugins");
  for (const name of NAMES) temp.write(join("plugins", `${name}.cjs`), readFileSync(PLUGIN));
  const pipe = openSync(join(temp.path, "stderr"), constants.O_WRONLY);
  server = await startServer({ plugins, flags, stderr: stderr ?? pipe });
  closeSync(pipe);
}

/** What has been written since the last time. */
function readAll(): string {
  const chunk = Buffer.alloc(64 * 1024);
  let text = "";
  for (;;) {
    try {
      const size = readSync(reader, chunk);
      if (size === 0) return text;
      text += chunk.toString("utf8", 0, size);
    } catch {
      return text;
    }
  }
}

/** Reads on until the log says so. */
async function readUntil(pattern: RegExp): Promise<string> {
  let text = "";
  await expect.poll(() => (text += readAll()), { timeout: 10_000, interval: 5 }).toMatch(pattern);
  return text;
}

async function failingEvents(): Promise<string[]> {
  const client = await WireClient.connect(server.socketPath);
  const each = NAMES.map(async (name) => {
    const id = await startInstance(client, name);
    const ends: string[] = [];
    for (let event = 0; event < EVENTS_EACH; event += 1) ends.push((await runPhase(client, id, "access")).end);
    return ends;
  });
  const ends = (await Promise.all(each)).flat();
  await client.close();
  return ends;
}

const TEXT_LINE = /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] (?:INFO|WARN|ERROR): [^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/;

function expectWholeLines(text: string, format: string): void {
  for (const line of text.split("\n").slice(0, -1)) {
    if (format === "text") expect(line).toMatch(TEXT_LINE);
    else expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number) as number, msg: expect.any(String) as string });
    expect(line).not.toMatch(/[\u007f-\u009f\u2028\u2029]/);
    expect(line.length).toBeLessThan(64 * 1024);
  }
}

describe.each(["thread", "process"])("plugins in a %s", (isolation) => {
  it.each(["text", "json"])("all events are answered, and what the log lost is counted, as %s", async (format) => {
    await start({ flags: ["-isolation", isolation, "-log-format", format] });
    const ends = await failingEvents();
    expect(ends).toHaveLength(NAMES.length * EVENTS_EACH);
    expect(new Set(ends)).toEqual(new Set(["exit"]));
    const text = await readUntil(/\d+ log lines were dropped: nobody read them in time.*\n/);
    expectWholeLines(text, format);
    expect(text).toMatch(/event 1 fails\\n\[2026/);
    if (isolation === "process") expect(text).toMatch(/past Node\.js yyy/);
    server.kill("SIGTERM");
    await readUntil(/\bended\b/);
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });
});

it("nobody reads until the end: the server ends all the same", async () => {
  await start();
  await failingEvents();
  server.kill("SIGTERM");
  expect(await server.exited).toEqual({ code: 0, signal: null });
});

it("a socket that nobody reads, and that other programs share", async () => {
  // A plugin in TypeScript is compiled by esbuild, which is started with the same stderr and has it block.
  await start({ stderr: "unread" });
  expect(new Set(await failingEvents())).toEqual(new Set(["exit"]));
  server.kill("SIGTERM");
  expect(await server.exited).toEqual({ code: 0, signal: null });
});

const PROGRAM = `import { startServer } from ${JSON.stringify(SERVER_ENTRY)};
  startServer({ Plugin: class { access() {} }, Schema: [], Version: "1.0.0" });`;
const startProgramHere = async (): Promise<void> => {
  const file = temp.write("program.mjs", PROGRAM);
  const pipe = openSync(join(temp.path, "stderr"), constants.O_WRONLY);
  const command = [process.execPath, file, "-kong-prefix", temp.path] as const;
  server = await startProgram({ command, socketPath: join(temp.path, "program.socket"), stderr: pipe });
  closeSync(pipe);
};

it.each<[what: string, start: () => Promise<void>]>([
  ["a server", start],
  // What listens before the command is loaded does not know it.
  ["a server with a flag of another command line", () => start({ flags: ["--no-watch=true"] })],
  // Where node:util has diff, Node.js asks for stderr while it links the modules of a program, before any of ours can run.
  ...("diff" in util ? [] : [["a program", startProgramHere] as [string, () => Promise<void>]]),
])("the pipe of %s stays as it was for whoever shares it", async (_what, begin) => {
  await begin();
  for (const pid of [server.startedPid, server.pid]) {
    const [, flags = ""] = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/2`, "utf8")) ?? [];
    expect(Number.parseInt(flags, 8) & constants.O_NONBLOCK).toBe(0);
  }
  expect(server.startedPid).not.toBe(server.pid);
  server.kill("SIGTERM");
  await readUntil(/\bended\b/);
});
