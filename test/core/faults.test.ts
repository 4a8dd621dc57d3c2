// Every fault of plugin code, through a gateway that is no Kong's: it fails its own call, and a plugin beside it notices nothing.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTempDir, type TempDir } from "../support/index.js";
import { LineClient } from "./line-gateway/line-client.js";
import { type StartedLineGateway, startLineGateway } from "./line-gateway/start-line-gateway.js";

const PLUGINS = fileURLToPath(new URL("../fixtures/line-gateway/plugins", import.meta.url));

const FAULTS: readonly [how: string, answer: object][] = [
  ["throw", { error: "thrown on purpose" }],
  ["reject", { error: "rejected on purpose" }],
  ["throw in a timer", { result: "fine" }],
  ["no JSON", { error: expect.stringContaining("serialize a BigInt") as unknown }],
  ["no such function", { error: "there is no function no such function" }],
  ["hang", { error: "it took too long" }],
  ["loop", { error: expect.stringMatching(/took too long|no sign of life/) as unknown }],
  ["loop of microtasks", { error: expect.stringMatching(/took too long|no sign of life/) as unknown }],
  ["exit", { error: expect.stringContaining("the isolate of plugin misbehaves ended") as unknown }],
  // On a busy machine its deadline may pass before its memory is full.
  ["objects without end", { error: expect.stringMatching(/took too long|the isolate of plugin misbehaves ended/) as unknown }],
];

let directory: TempDir;
let started: StartedLineGateway;
let client: LineClient;

/** Calls the plugin beside it, one call after another, until it is told to stop. */
function bystander(path: string): { stop(): Promise<{ readonly calls: number; readonly wrong: unknown[] }> } {
  const own = new LineClient(path);
  const wrong: unknown[] = [];
  let [calls, isRunning] = [0, true];
  const run = async (): Promise<void> => {
    for (; isRunning; calls += 1) {
      const answer = await own.call("calm", "double", calls);
      if (JSON.stringify(answer) !== JSON.stringify({ result: calls * 2 })) wrong.push(answer);
    }
  };
  const ran = run();
  return {
    async stop() {
      isRunning = false;
      await ran;
      await own.close();
      return { calls, wrong };
    },
  };
}

describe.each(["thread", "process"] as const)("in a %s", (isolation) => {
  beforeEach(async () => {
    directory = createTempDir("line");
    started = await startLineGateway({
      directory: PLUGINS,
      path: join(directory.path, "s"),
      isolation,
      callTimeout: 3000,
    });
    client = new LineClient(started.path);
  });

  afterEach(async () => {
    await client.close();
    await started.gateway.close();
    directory.remove();
  });

  it.each(FAULTS)("%s fails its call and nothing else", { timeout: 60_000 }, async (how, answer) => {
    expect(await client.call("misbehaves", "none")).toEqual({ result: "fine" });
    const beside = bystander(started.path);
    try {
      expect(await client.call("misbehaves", how)).toEqual(answer);
      await expect.poll(() => client.call("misbehaves", "none"), { timeout: 20_000 }).toEqual({ result: "fine" });
    } finally {
      // Before the gateway closes, which would wait for its calls.
      await beside.stop();
    }
    const { calls, wrong } = await beside.stop();
    expect(wrong).toEqual([]);
    expect(calls).toBeGreaterThan(0);
    expect(started.gateway.callCount).toBe(0);
  });

  it("payloads and results of any size arrive as they were", async () => {
    for (const size of [0, 1, 65_000, 65_536, 66_000, 3_000_000]) {
      const value = { text: "x".repeat(size) };
      expect(await client.call("calm", "echo", value)).toEqual({ result: value });
    }
  });

  it("a plugin that is not there fails its calls with the reason", async () => {
    expect(await client.call("missing", "any")).toEqual({ error: "there is no plugin missing in the plugins directory" });
  });
});
