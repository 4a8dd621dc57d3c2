// What the core promises while code, load and servers change, through a gateway that is no Kong's.
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { pino } from "pino";
import { createTempDir, type TempDir } from "../support/index.js";
import { core } from "./line-gateway/core-from-dist.js";
import { type Answer, LineClient } from "./line-gateway/line-client.js";
import {
  type LineGatewayOptions,
  loadOptions,
  type StartedLineGateway,
  startLineGateway,
} from "./line-gateway/start-line-gateway.js";

/** What is waited for comes in the end, on a busy machine too. */
const PATIENCE = { timeout: 15_000 };

let directory: TempDir;
let open: StartedLineGateway[];

const version = (number: number): string =>
  `module.exports = {
    version: () => ${number},
    slow: (ms) => new Promise((resolve) => setTimeout(resolve, ms, ${number})),
  };`;

beforeEach(() => {
  open = [];
  directory = createTempDir("line");
  directory.write("plugins/versioned.cjs", version(1));
});

afterEach(async () => {
  for (const { gateway } of open) await gateway.close();
  directory.remove();
});

async function start(options: Partial<LineGatewayOptions> = {}): Promise<StartedLineGateway> {
  const started = await startLineGateway({
    directory: join(directory.path, "plugins"),
    path: join(directory.path, "s"),
    ...options,
  });
  open.push(started);
  return started;
}

/** Calls without a pause until told to stop; gives every answer. */
function load(path: string, clients = 8): { stop(): Promise<Answer[]> } {
  const answers: Answer[] = [];
  let isRunning = true;
  const run = async (): Promise<void> => {
    const client = new LineClient(path);
    while (isRunning) answers.push(await client.call("versioned", "version"));
    await client.close();
  };
  const ran = Array.from({ length: clients }, run);
  return {
    async stop() {
      isRunning = false;
      await Promise.all(ran);
      return answers;
    },
  };
}

it("a reload loses no call: each is answered by the former or the new code, and then by the new alone", async () => {
  const { gateway, path } = await start();
  const client = new LineClient(path);
  const loaded = load(path);
  const slow = client.call("versioned", "slow", 1000);
  for (const number of [2, 3, 4]) {
    directory.write("plugins/versioned.cjs", version(number));
    gateway.reload();
    await expect.poll(() => client.call("versioned", "version"), PATIENCE).toEqual({ result: number });
  }
  const answers = await loaded.stop();
  expect(answers.filter((answer) => !("result" in answer))).toEqual([]);
  expect(await slow).toEqual({ result: 1 });
  await client.close();
});

it("code that does not load leaves the former in place, and the log says why", async () => {
  const { gateway, path, log } = await start();
  const client = new LineClient(path);
  directory.write("plugins/versioned.cjs", "module.exports = {");
  gateway.reload();
  await expect.poll(() => log.some((line) => line.includes("is not reloaded, its former version goes on")), PATIENCE).toBe(true);
  expect(await client.call("versioned", "version")).toEqual({ result: 1 });
  await client.close();
});

it("calls beyond the limit are refused at once, those that run finish", async () => {
  const { path } = await start({ limits: { maxCalls: 2 } });
  const client = new LineClient(path);
  const answers = await Promise.all([1, 2, 3].map(() => client.call("versioned", "slow", 300)));
  expect(answers.filter((answer) => "result" in answer)).toHaveLength(2);
  expect(answers).toContainEqual({ error: expect.stringContaining("runs 2 events at once already") as unknown });
  await client.close();
});

it("a call whose client leaves is given up", async () => {
  const { gateway, path } = await start();
  const client = new LineClient(path);
  const lost = client.call("versioned", "slow", 60_000);
  await expect.poll(() => gateway.callCount, PATIENCE).toBe(1);
  await client.close();
  expect(await lost).toEqual({ error: "the connection was lost" });
  await expect.poll(() => gateway.callCount, PATIENCE).toBe(0);
});

it("a server takes the path of another over under load, and no call is lost", async () => {
  const first = await start();
  const loaded = load(first.path);
  const client = new LineClient(first.path);
  const slow = client.call("versioned", "slow", 500);
  for (let takeovers = 0; takeovers < 3; takeovers += 1) {
    const [former] = open.splice(0);
    await start();
    await former?.gateway.close();
  }
  const answers = await loaded.stop();
  expect(answers.length).toBeGreaterThan(0);
  expect(answers.filter((answer) => !("result" in answer))).toEqual([]);
  expect(await slow).toEqual({ result: 1 });
});

it("two gateways share a directory: it is read once, each serves its own plugins, and a reload reaches both", async () => {
  directory.write("plugins/other.cjs", version(10));
  const shared = new core.SharedDirectory({
    directory: join(directory.path, "plugins"),
    watch: false,
    logger: pino({ enabled: false }),
    load: loadOptions(),
  });
  const isVersioned = ({ name }: { readonly name: string }): boolean => name === "versioned";
  const first = await start({ source: shared.sourceFor(isVersioned) });
  const second = await start({
    source: shared.sourceFor((generation) => !isVersioned(generation)),
    path: join(directory.path, "t"),
  });
  const [one, two] = [new LineClient(first.path), new LineClient(second.path)];
  expect(await one.call("versioned", "version")).toEqual({ result: 1 });
  expect(await two.call("other", "version")).toEqual({ result: 10 });
  expect(await one.call("other", "version")).toEqual({ error: "there is no plugin other in the plugins directory" });
  directory.write("plugins/versioned.cjs", version(2));
  directory.write("plugins/other.cjs", version(20));
  first.gateway.reload();
  await expect.poll(() => one.call("versioned", "version"), PATIENCE).toEqual({ result: 2 });
  await expect.poll(() => two.call("other", "version"), PATIENCE).toEqual({ result: 20 });
  await one.close();
  await two.close();
});
