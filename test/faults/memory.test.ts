// Owns checking that events leave nothing behind: those that end by exit, and those a gateway abandons.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runPhase, startInstance, startServer, WireClient } from "../support/index.js";
import type { RunningServer } from "../support/index.js";
import { processState } from "./process-state.js";

const FAULTS = fileURLToPath(new URL("../fixtures/faults", import.meta.url));
const HOOK = fileURLToPath(new URL("./collect-on-signal.cjs", import.meta.url));
const EVENTS = 100_000;
/** A burst of the same size first: what V8 and malloc keep depends on the highest water. */
const WARM_UP = EVENTS;
const ALLOWED = 20 * 1024 * 1024;
/**
 * The kernel's figure has the room that V8 and malloc keep for the next burst, and settles only in tens of megabytes.
 * It still shows what no heap does: a kilobyte left by each event would be 100 MB.
 */
const ALLOWED_RESIDENT = 80 * 1024 * 1024;

let server: RunningServer;
let client: WireClient;
let instance: number;

beforeAll(async () => {
  server = await startServer({
    plugins: FAULTS,
    // A line per abandoned event would measure the log.
    flags: ["-event-timeout", "500ms", "-log-level", "fatal"],
    env: { NODE_OPTIONS: `--require ${HOOK}` },
  });
  client = await WireClient.connect(server.socketPath);
  instance = await startInstance(client, "leak");
});

afterAll(async () => {
  await client.close();
  expect(await server.close()).toEqual({ code: 0, signal: null });
});

interface Memory {
  readonly main: number;
  readonly isolate: number;
  readonly resident: number;
}

/** What is in use after a collection in both threads. */
async function memory(): Promise<Memory> {
  let isolate = 0;
  await runPhase(client, instance, "log", { answer: (_, args) => void (isolate = Number(args[1])) });
  const seen = server.stderr.length;
  server.kill("SIGWINCH");
  const line = await nextLine(seen);
  return { main: Number(line.split(" ").at(-1)), isolate, resident: processState(server.pid).residentBytes };
}

async function nextLine(seen: number): Promise<string> {
  for (;;) {
    const line = server.stderr.slice(seen).find((text) => text.startsWith("main thread holds"));
    if (line !== undefined) return line;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Begins `count` events, 64 at a time; nobody answers what they ask. */
async function begin(phase: string, count: number): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const { error } = await client.request("plugin.HandleEvent", { InstanceId: instance, EventName: phase });
      if (error !== null) throw new Error(JSON.stringify(error));
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
}

/** The last events have their deadline still before them, and the server may look for passed ones only now and then. */
async function untilGivenUp(): Promise<void> {
  let before = await memory();
  for (let i = 0; i < 10; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const now = await memory();
    if (Math.abs(now.main - before.main) + Math.abs(now.isolate - before.isolate) < 512 * 1024) return;
    before = now;
  }
}

it.each([
  ["that end by exit", "access"],
  ["that are abandoned", "rewrite"],
])(`${EVENTS} events %s leave memory where it was`, { timeout: 120_000 }, async (_how, phase) => {
  await begin(phase, WARM_UP);
  await untilGivenUp();
  const before = await memory();
  await begin(phase, EVENTS);
  await untilGivenUp();
  const after = await memory();
  expect(after.main + after.isolate - before.main - before.isolate).toBeLessThan(ALLOWED);
  expect(after.resident - before.resident).toBeLessThan(ALLOWED_RESIDENT);
});
