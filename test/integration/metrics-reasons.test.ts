// Each reason for which a call can fail is counted under its name, over every protocol that can tell.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  connectPeer,
  createTempDir,
  GatewayAnswer,
  type Peer,
  PROTOCOLS,
  type RunningServer,
  runPhase,
  startInstance,
  startServer,
  type TempDir,
} from "../support/index.js";
import { scrape } from "../support/metrics-client.js";
import { GrpcClient } from "../unit/gateways/tyk/http2/grpc-client.js";
import { peerEncode } from "../unit/gateways/tyk/messages/peer.js";

const LOAD = `
  class Load {
    constructor(config) { if (config.bad) throw new Error("it cannot run so"); }
    async access(kong) {
      const what = await kong.request.getHeader("x-do");
      if (what === "throw") throw new Error("as asked");
      if (what === "hang") await new Promise((resolve) => setTimeout(resolve, 3000));
      if (what === "die") process.exit(3);
      if (what === "write") await kong.response.setHeader("x", "y");
    }
  }
  module.exports = { Plugin: Load, Name: "load", Version: "1", Priority: 1, Schema: [{ bad: { type: "boolean" } }] };`;

let temp: TempDir;
let server: RunningServer;

beforeEach(() => {
  temp = createTempDir("reasons");
  temp.write("plugins/load.cjs", LOAD);
});

afterEach(async () => {
  await server.close();
  temp.remove();
});

const metrics = (): string => join(temp.path, "metrics.sock");
const start = async (...flags: string[]): Promise<void> => {
  server = await startServer({ plugins: join(temp.path, "plugins"), flags: ["-metrics", `unix://${metrics()}`, ...flags] });
};
const run = (client: Peer, instance: number, what: string): Promise<unknown> =>
  runPhase(client, instance, "access", {
    answer: (method) => {
      if (method === "kong.request.get_header") return what;
      return what === "write" ? GatewayAnswer.error("no") : undefined;
    },
  }).catch(() => {});

/** How many calls of the function failed, by reason; those that are none are left out. */
async function failures(of: Readonly<Record<string, string>>): Promise<Readonly<Record<string, number>>> {
  const scraped = await scrape(metrics());
  const reasons = ["threw", "timeout", "isolate_died", "overloaded", "configuration", "refused", "abandoned", "stopped"];
  const counts = reasons.map((reason) => [reason, scraped.value("pluginserver_call_failures_total", { ...of, reason })] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

describe.each(PROTOCOLS)("over %s", (protocol) => {
  it("counts each failure once, under its reason", { timeout: 60_000 }, async () => {
    await start("-protocol", "auto", "-max-events", "2", "-event-timeout", "10s");
    const client = await connectPeer(protocol, server.socketPath);
    const instance = await startInstance(client, "load", {});
    const bad = await startInstance(client, "load", { bad: true });
    for (let i = 0; i < 3; i += 1) await run(client, instance, "throw");
    for (let i = 0; i < 2; i += 1) await run(client, bad, "nothing");
    const hanging = [run(client, instance, "hang"), run(client, instance, "hang")];
    const running = async (): Promise<number> =>
      (await scrape(metrics())).value("pluginserver_calls_running", { plugin: "load" });
    await expect.poll(running, { timeout: 5000 }).toBe(2);
    for (let i = 0; i < 4; i += 1) await run(client, instance, "nothing");
    await Promise.all(hanging);
    // ProtoBuf:1 has no errors: what a gateway refuses ends its event.
    if (protocol === "MsgPack:1") await run(client, instance, "write");
    await run(client, instance, "die");
    expect(await failures({ gateway: "kong", plugin: "load", function: "access" })).toEqual({
      threw: 3,
      configuration: 2,
      overloaded: 4,
      isolate_died: 1,
      ...(protocol === "MsgPack:1" ? { refused: 1 } : {}),
    });
    await client.close();
  });
});

it("counts what a gateway of ProtoBuf:1 leaves, and what a client of Tyk cancels", { timeout: 60_000 }, async () => {
  temp.write(
    "plugins/hooks.mjs",
    `import { defineTykPlugin } from "pluginserver/tyk";
     export default defineTykPlugin({ pre: { async waits() { await new Promise((resolve) => setTimeout(resolve, 5000)); } } });`,
  );
  const tyk = join(temp.path, "tyk.sock");
  await start("-protocol", "auto", "-tyk", `unix://${tyk}`);
  await server.waitForLine(/listening for Tyk/);
  const client = await connectPeer("ProtoBuf:1", server.socketPath);
  const instance = await startInstance(client, "load", {});
  const left = run(client, instance, "hang");
  const running = async (gateway: string): Promise<number> =>
    (await scrape(metrics())).value("pluginserver_calls_running", { gateway });
  await expect.poll(() => running("kong"), { timeout: 5000 }).toBe(1);
  await client.close();
  await left;
  const grpc = new GrpcClient({ kind: "unix", path: tyk });
  const message = peerEncode({
    hook_type: 1,
    hook_name: "hooks:waits",
    request: { url: "/", method: "GET" },
    spec: { APIID: "a" },
  });
  const started = grpc.start("/coprocess.Dispatcher/Dispatch", { message });
  await expect.poll(() => running("tyk"), { timeout: 5000 }).toBe(1);
  started.call.cancel();
  await started.outcome;
  const kong = { gateway: "kong", plugin: "load", function: "access" };
  await expect.poll(() => failures(kong), { timeout: 5000 }).toEqual({ abandoned: 1 });
  await expect.poll(() => failures({ gateway: "tyk", plugin: "hooks" }), { timeout: 5000 }).toEqual({ abandoned: 1 });
});
