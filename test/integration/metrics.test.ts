// What a server tells of itself is true: a load of known counts, failures and times comes out exactly, in every mode that it can run in.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BINARY,
  createTempDir,
  GatewayAnswer,
  type RunningServer,
  runPhase,
  startInstance,
  startProgram,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";
import { type Scraped, scrape } from "../support/metrics-client.js";
import { GrpcClient } from "../unit/gateways/tyk/http2/grpc-client.js";
import { peerEncode } from "../unit/gateways/tyk/messages/peer.js";

/** Does what a header asks for: `sleep`, `throw`, `exit` (of the request), `die`. */
const LOAD = (version: string): string => `
  class Load {
    async access(kong) {
      const what = await kong.request.getHeader("x-do");
      if (what === "throw") throw new Error("as asked");
      if (what === "die") process.exit(3);
      if (what === "hang") await new Promise(() => {});
      if (what === "exit") await kong.response.exit(403, "no");
      if (what === "write") await kong.response.setHeader("x", "y");
      if (what === "sleep") await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  module.exports = { Plugin: Load, Name: "load", Version: "${version}", Priority: 1, Schema: [] };`;

let temp: TempDir;
let server: RunningServer | undefined;

beforeEach(() => {
  temp = createTempDir("metrics");
  temp.write("plugins/load.cjs", LOAD("1"));
});

afterEach(async () => {
  await server?.close();
  temp.remove();
});

const METRICS = (): string => join(temp.path, "metrics.sock");
const OF_ACCESS = { gateway: "kong", plugin: "load", function: "access" };

/** Runs one call that does this; one whose isolate dies may take its connection along. */
async function run(client: WireClient, instance: number, what: string): Promise<void> {
  const answer = (method: string): unknown => {
    if (method === "kong.request.get_header") return what;
    return what === "write" ? GatewayAnswer.error("no") : undefined;
  };
  await runPhase(client, instance, "access", { answer }).catch(() => {});
}

async function untilScraped(isThere: (scraped: Scraped) => boolean): Promise<Scraped> {
  for (let attempt = 0; ; attempt += 1) {
    const scraped = await scrape(METRICS());
    if (isThere(scraped) || attempt === 50) return scraped;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

interface Mode {
  readonly name: string;
  readonly flags: readonly string[];
  /** Whether each plugin has a socket of its own. */
  readonly ownSocket: boolean;
}

const MODES: readonly Mode[] = [
  { name: "isolates behind the shared socket", flags: ["-threads", "2"], ownSocket: false },
  { name: "processes behind the shared socket", flags: ["-isolation", "process"], ownSocket: false },
  { name: "threads with a socket of their own", flags: ["-threads", "3"], ownSocket: true },
  { name: "a process with a socket of its own", flags: ["-isolation", "process"], ownSocket: true },
];

describe.each(MODES)("$name", ({ flags, ownSocket }) => {
  it(
    "counts each call once, with the reason for which it failed, also over a death and a reload",
    { timeout: 60_000 },
    async () => {
      const own = ownSocket ? ["-plugin-sockets", join(temp.path, "own")] : [];
      if (ownSocket) temp.write("own/.keep", "");
      const metrics = ["-metrics", `unix://${METRICS()}`, "-event-timeout", "2s"];
      server = await startServer({ plugins: join(temp.path, "plugins"), flags: [...flags, ...own, ...metrics] });
      const path = ownSocket ? join(temp.path, "own", "load.socket") : server.socketPath;
      if (ownSocket) await server.waitForLine(/plugin load 1 is listening/);
      const clients = await Promise.all([1, 2, 3].map(() => WireClient.connect(path)));
      const instance = await startInstance(clients[0] as WireClient, "load", {});
      const each = async (count: number, what: string): Promise<void> => {
        for (let i = 0; i < count; i += 1) await run(clients[i % 3] as WireClient, instance, what);
      };
      await each(60, "ok");
      await each(5, "throw");
      await each(4, "exit");
      await each(2, "write");
      await Promise.all(clients.map((client) => run(client, instance, "hang")));
      await Promise.all(Array.from({ length: 30 }, (_, i) => run(clients[i % 3] as WireClient, instance, "sleep")));
      temp.write("plugins/load.cjs", LOAD("2"));
      await server.waitForLine(/plugin load was reloaded/);
      if (ownSocket) await server.waitForLine(/plugin load 2 is listening/);
      const late = await WireClient.connect(path);
      const again = await startInstance(late, "load", {});
      for (let i = 0; i < 10; i += 1) await run(late, again, "ok");
      await run(late, again, "die");
      const scraped = await untilScraped(
        (now) => now.value("pluginserver_call_failures_total", { ...OF_ACCESS, reason: "isolate_died" }) === 1,
      );
      const failures = (reason: string): number => scraped.value("pluginserver_call_failures_total", { ...OF_ACCESS, reason });
      expect({
        calls: scraped.value("pluginserver_calls_total", OF_ACCESS),
        running: scraped.value("pluginserver_calls_running", OF_ACCESS),
        threw: failures("threw"),
        refused: failures("refused"),
        timeout: failures("timeout"),
        died: failures("isolate_died"),
        other: scraped.value("pluginserver_calls_total", { function: "other" }),
        reloads: scraped.value("pluginserver_plugin_reloads_total", { plugin: "load" }),
      }).toEqual({
        calls: 60 + 5 + 4 + 2 + 3 + 30 + 10 + 1,
        running: 0,
        threw: 5,
        refused: 2,
        timeout: 3,
        died: 1,
        other: 0,
        reloads: 1,
      });
      expect(scraped.value("pluginserver_handler_duration_seconds_count", OF_ACCESS)).toBe(60 + 5 + 4 + 2 + 30 + 10);
      const deaths = await untilScraped((now) => now.value("pluginserver_isolate_deaths_total") > 0);
      expect(deaths.value("pluginserver_isolate_deaths_total", { plugin: "load", reason: "ended" })).toBe(1);
    },
  );
});

it("counts what a program does, in the thread of its socket and in isolates", { timeout: 60_000 }, async () => {
  for (const threads of ["0", "2"]) {
    const socketPath = join(temp.path, `load-${threads}.socket`);
    const flags = ["-socket", socketPath, "-threads", threads, "-metrics", `unix://${METRICS()}`];
    server = await startProgram({ command: [BINARY, "run", join(temp.path, "plugins/load.cjs"), ...flags], socketPath });
    const client = await WireClient.connect(socketPath);
    const instance = await startInstance(client, "load", {});
    for (const what of ["ok", "ok", "throw", "exit"]) await run(client, instance, what);
    await Promise.all(Array.from({ length: 20 }, () => run(client, instance, "sleep")));
    const scraped = await scrape(METRICS());
    expect(scraped.value("pluginserver_calls_total", OF_ACCESS)).toBe(24);
    expect(scraped.value("pluginserver_call_failures_total", OF_ACCESS)).toBe(1);
    expect(scraped.value("pluginserver_connections", { gateway: "kong" })).toBe(1);
    const median = scraped.value("pluginserver_call_duration_quantile_seconds", { ...OF_ACCESS, quantile: "0.5" });
    expect(median / 0.2).toBeGreaterThan(0.95);
    await client.close();
    await server.close();
  }
});

it("counts what Tyk gateways call, and tells both gateways apart", { timeout: 60_000 }, async () => {
  temp.write(
    "plugins/hooks.mjs",
    `import { defineTykPlugin } from "pluginserver/tyk";
     export default defineTykPlugin({ pre: { ok() {}, bad() { throw new Error("as asked"); } } });`,
  );
  const tyk = join(temp.path, "tyk.sock");
  server = await startServer({
    plugins: join(temp.path, "plugins"),
    flags: ["-tyk", `unix://${tyk}`, "-metrics", `unix://${METRICS()}`],
  });
  await server.waitForLine(/listening for Tyk/);
  const client = new GrpcClient({ kind: "unix", path: tyk });
  const call = (name: string): Promise<unknown> =>
    client.call("/coprocess.Dispatcher/Dispatch", {
      message: peerEncode({ hook_type: 1, hook_name: name, request: { url: "/", method: "GET" }, spec: { APIID: "a" } }),
    });
  for (let i = 0; i < 20; i += 1) await call("hooks:ok");
  for (let i = 0; i < 3; i += 1) await call("hooks:bad");
  const scraped = await scrape(METRICS(), "application/openmetrics-text; version=1.0.0");
  const of = (name: string): Record<string, string> => ({ gateway: "tyk", plugin: "hooks", function: name });
  expect(scraped.value("pluginserver_calls_total", of("pre/ok"))).toBe(20);
  expect(scraped.value("pluginserver_calls_total", of("pre/bad"))).toBe(3);
  expect(scraped.value("pluginserver_call_failures_total", { ...of("pre/bad"), reason: "threw" })).toBe(3);
  expect(scraped.value("pluginserver_call_received_bytes_total", of("pre/ok"))).toBeGreaterThan(20);
  expect(scraped.contentType).toContain("application/openmetrics-text");
  expect(scraped.text.endsWith("# EOF\n")).toBe(true);
});
