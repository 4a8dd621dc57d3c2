// A real Prometheus scrapes the server, with the rules of deploy/ loaded, and finds what happened.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  createTempDir,
  isRecord,
  runPhase,
  type RunningServer,
  startInstance,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

const ALERTS = fileURLToPath(new URL("../../deploy/prometheus/alerts.yml", import.meta.url));
const PLUGIN = `module.exports = {
  Plugin: class { async access(kong) { if (await kong.request.getHeader("x-do")) throw new Error("as asked"); } },
  Schema: [], Version: "1", Priority: 1, Name: "greeter" };`;
const hasPrometheus = spawnSync("prometheus", ["--version"]).status === 0;
const POLL = 200;

let temp: TempDir;
let server: RunningServer;
let prometheus: ChildProcess | undefined;

beforeEach(() => {
  temp = createTempDir("prom");
  temp.write("plugins/greeter.cjs", PLUGIN);
});

afterEach(async () => {
  if (prometheus?.exitCode === null) {
    prometheus.kill("SIGKILL");
    await once(prometheus, "exit");
  }
  await server.close();
  temp.remove();
});

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, "close");
  return port;
}

async function startPrometheus(target: string): Promise<string> {
  const config = temp.write(
    "prometheus.yml",
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [${ALERTS}]
scrape_configs:
  - job_name: pluginserver
    static_configs: [{ targets: ["${target}"] }]
`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  const flags = [`--config.file=${config}`, `--storage.tsdb.path=${join(temp.path, "tsdb")}`, `--web.listen-address=${address}`];
  prometheus = spawn("prometheus", flags, { stdio: "ignore" });
  return `http://${address}`;
}

/** What an address answers; undefined where nothing does yet. */
async function get(url: string): Promise<unknown> {
  const answer = await fetch(url).catch(() => undefined);
  const body: unknown = answer?.ok === true ? await answer.json() : undefined;
  return isRecord(body) ? body["data"] : undefined;
}

/** The value of a query that has one result. */
async function query(at: string, text: string): Promise<string | undefined> {
  const data = await get(`${at}/api/v1/query?query=${encodeURIComponent(text)}`);
  const results: unknown = isRecord(data) ? data["result"] : undefined;
  const first: unknown = Array.isArray(results) && results.length === 1 ? results[0] : undefined;
  const value: unknown = isRecord(first) ? first["value"] : undefined;
  return Array.isArray(value) ? String(value[1]) : undefined;
}

it.skipIf(!hasPrometheus)(
  "is scraped without a complaint, and its rules are evaluated (skipped without Prometheus: apt-get install prometheus)",
  { timeout: 120_000 },
  async () => {
    server = await startServer({ plugins: join(temp.path, "plugins"), flags: ["-metrics", "127.0.0.1:0"] });
    const [, target = ""] = /http:\/\/(\S+)\/metrics/.exec(await server.waitForLine(/metrics are served on/)) ?? [];
    const client = await WireClient.connect(server.socketPath);
    const instance = await startInstance(client, "greeter", {});
    for (let i = 0; i < 20; i += 1)
      await runPhase(client, instance, "access", {
        answer: (method) => (method === "kong.request.get_header" && i < 3 ? "throw" : undefined),
      });
    const at = await startPrometheus(target);
    const labels = '{gateway="kong",plugin="greeter",function="access"}';
    const poll = { timeout: 60_000, interval: POLL };
    await expect.poll(() => query(at, `pluginserver_calls_total${labels}`), poll).toBe("20");
    expect(await query(at, "up")).toBe("1");
    expect(await query(at, `sum(pluginserver_call_failures_total${labels})`)).toBe("3");
    expect(await query(at, `pluginserver_call_duration_seconds_count${labels}`)).toBe("20");
    expect(
      Number(await query(at, `histogram_quantile(0.99, pluginserver_call_duration_seconds_bucket${labels})`)),
    ).toBeGreaterThan(0);
    const targets = await get(`${at}/api/v1/targets`);
    expect(targets).toMatchObject({ activeTargets: [{ health: "up", lastError: "" }] });
    const states = async (): Promise<readonly string[]> => {
      const data = await get(`${at}/api/v1/rules`);
      const groups =
        isRecord(data) && Array.isArray(data["groups"])
          ? (data["groups"] as readonly { readonly rules: readonly { readonly health: string }[] }[])
          : [];
      return groups.flatMap(({ rules }) => rules.map(({ health }) => health));
    };
    await expect
      .poll(async () => (await states()).length > 0 && (await states()).every((health) => health === "ok"), poll)
      .toBe(true);
    await client.close();
  },
);
