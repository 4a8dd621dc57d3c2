// Every fault of plugin code, through a gateway that is no Kong's: it fails its own call, and a plugin beside it notices nothing.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTempDir, type TempDir } from "../support/index.js";
import { type BesideReport, callBeside, FAULT_CASES, type FaultCase } from "./fault-cases.js";
import { LineClient } from "./line-gateway/line-client.js";
import { type StartedLineGateway, startLineGateway } from "./line-gateway/start-line-gateway.js";

const PLUGINS = fileURLToPath(new URL("../fixtures/line-gateway/plugins", import.meta.url));

/** What only this gateway's words can do wrong. */
const OWN_CASES: readonly FaultCase[] = [
  { how: "no JSON", reason: /serialize a BigInt/ },
  { how: "no such function", reason: /there is no function no such function/ },
];

let directory: TempDir;
let started: StartedLineGateway;
let client: LineClient;

/** Calls the plugin beside it until it is told to stop. */
function bystander(path: string): { stop(): Promise<BesideReport> } {
  const own = new LineClient(path);
  const beside = callBeside(async (number) => {
    const answer = await own.call("calm", "double", number);
    return JSON.stringify(answer) === JSON.stringify({ result: number * 2 }) ? undefined : answer;
  });
  return {
    async stop() {
      const report = await beside.stop();
      await own.close();
      return report;
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

  it.each([...FAULT_CASES, ...OWN_CASES])(
    "$how fails its call and nothing else",
    { timeout: 60_000 },
    async ({ how, reason }) => {
      expect(await client.call("misbehaves", "none")).toEqual({ result: "fine" });
      const beside = bystander(started.path);
      try {
        const answer = reason === undefined ? { result: "fine" } : { error: expect.stringMatching(reason) as unknown };
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
    },
  );

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
