// What operators see of a running server and have it do, over its admin socket and its listener, with the real binary.
import { existsSync, lstatSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  type CliResult,
  createTempDir,
  type RunningServer,
  runCli,
  runPhase,
  startInstance,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

const GREETER = `module.exports = {
  Plugin: class { constructor(config) { this.config = config; }
    async access(kong) { if (this.config.fails) throw new Error("boom \\u001b[31m<b>"); await kong.request.getMethod(); } },
  Schema: [{ fails: { type: "boolean" } }, { secret: { type: "string", encrypted: true } }], Version: "2.1.0", Priority: 1, Name: "greeter" };`;

let plugins: TempDir;
let prefix: TempDir;
let server: RunningServer;

beforeEach(async () => {
  plugins = createTempDir("op");
  plugins.write("greeter.cjs", GREETER);
  prefix = createTempDir("opp");
  server = await startServer({ plugins: plugins.path, prefix: prefix.path, flags: ["-no-watch"] });
});
afterEach(async () => {
  await server.close();
  plugins.remove();
  prefix.remove();
});

const adminPath = (): string => join(server.prefix, ".go_pluginserver.sock.admin");
const ask = (...command: string[]): Promise<CliResult> =>
  runCli([...command, "-kong-prefix", server.prefix], { cwd: plugins.path });
const json = async (...command: string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await ask(...command, "-json")).stdout.toString()) as Record<string, unknown>;

async function runCalls(config: object, count: number): Promise<void> {
  const client = await WireClient.connect(server.socketPath);
  const instance = await startInstance(client, "greeter", config);
  for (let i = 0; i < count; i += 1) await runPhase(client, instance, "access", { answer: () => "GET" });
  await client.close();
}

function get(path: string, socketPath = adminPath()): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ path, socketPath }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode, body }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

it("status has what was counted, and hides what is secret", async () => {
  await runCalls({ secret: "s3cret" }, 5);
  await runCalls({ fails: true }, 3);
  const { plugins: [status] = [] } = (await json("status")) as { plugins?: readonly Record<string, unknown>[] };
  expect(status).toMatchObject({
    plugin: "greeter",
    gateway: "kong",
    version: "2.1.0",
    generation: 1,
    bindings: 2,
    total: { calls: 8, failures: { threw: 3, timeout: 0 } },
    lastError: { function: "access", reason: "threw" },
  });
  const detail = await ask("status", "greeter", "-json");
  expect(detail.stdout.toString()).not.toContain("s3cret");
  expect(JSON.parse(detail.stdout.toString())).toMatchObject({
    functions: [{ function: "access", calls: 8, failures: { threw: 3 } }],
    bindings: [{ state: "living", generation: "current", configuration: { secret: "(redacted)" } }, {}],
  });
  const text = (await ask("status")).stdout.toString();
  expect(text).toMatch(/^PLUGIN +VERSION +GEN/m);
  expect(text).toMatch(/^greeter +2\.1\.0 +1 /m);
  expect(text).toContain("boom \\u001b[31m<b>");
  expect(text).not.toContain("\u001b");
});

it("reload says what it did", async () => {
  expect((await ask("reload")).stdout.toString()).toBe("nothing has changed: 1 plugin served as before\n");
  expect((await ask("reload", "greeter")).stdout.toString()).toMatch(/^plugin greeter 2\.1\.0 has not changed: fresh isolates/);
  plugins.write("greeter.cjs", GREETER.replace("2.1.0", "2.2.0"));
  plugins.write("broken.cjs", "module.exports = {");
  const both = (await ask("reload")).stdout.toString();
  expect(both).toMatch(/^plugin greeter was reloaded: version 2\.2\.0$/m);
  expect(both).toMatch(/^plugin broken does not load: /m);
  const { code, stderr } = await ask("reload", "broken");
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^pluginserver: plugin broken does not load: /)]);
  const { code: ready, body } = { code: (await get("/readyz")).status, body: (await get("/readyz")).body };
  expect([ready, JSON.parse(body)]).toMatchObject([
    503,
    { reason: expect.stringContaining("broken") as string, plugins: ["broken"] },
  ]);
  expect(await get("/healthz")).toMatchObject({ status: 200 });
});

it("readyz says where another server has taken the socket over", { timeout: 30_000 }, async () => {
  expect(await get("/readyz")).toMatchObject({ status: 200 });
  const metrics = join(plugins.path, "metrics.sock");
  const former = await startServer({ plugins: plugins.path, flags: ["-no-watch", "-metrics", `unix://${metrics}`] });
  const successor = await startServer({ plugins: plugins.path, prefix: former.prefix, flags: ["-no-watch"] });
  await former.waitForLine(/another server has taken .* over/);
  const taken = await get("/readyz", metrics);
  expect([taken.status, JSON.parse(taken.body)]).toMatchObject([
    503,
    {
      reason: expect.stringMatching(
        /^gateways do not reach it: another server has taken .*go_pluginserver\.sock over$/,
      ) as string,
    },
  ]);
  await former.close();
  await successor.close();
});

it("log levels change while it runs", async () => {
  expect((await ask("log-level", "greeter", "silent")).stdout.toString()).toBe(
    "the log level of plugin greeter is silent, it was info\n",
  );
  await runCalls({ fails: true }, 1);
  await ask("log-level", "greeter", "info");
  await runCalls({ fails: true }, 1);
  await server.waitForLine(/plugin greeter failed in access/);
  expect(server.lines.filter((line) => line.includes("failed in access"))).toHaveLength(1);
});

it.each(["thread", "process"])(
  "log levels reach each %s with a socket of its own while it runs",
  async (isolation) => {
    const sockets = createTempDir("opo");
    const own = await startServer({
      plugins: plugins.path,
      flags: ["-no-watch", "-threads", "3", "-plugin-sockets", sockets.path, "-isolation", isolation],
    });
    await own.waitForLine(/plugin greeter 2\.1\.0 is listening/);
    const fail = async (): Promise<void> => {
      // So many connections that each isolate has one.
      for (let i = 0; i < 6; i += 1) {
        const client = await WireClient.connect(join(sockets.path, "greeter.socket"));
        await runPhase(client, await startInstance(client, "greeter", { fails: true }), "access");
        await client.close();
      }
    };
    const set = (level: string): Promise<CliResult> =>
      runCli(["log-level", "greeter", level, "-kong-prefix", own.prefix], { cwd: plugins.path });
    await set("silent");
    await fail();
    await set("info");
    await fail();
    await own.waitForLine(/plugin greeter failed in access/);
    await own.close();
    expect(own.lines.filter((line) => line.includes("failed in access"))).toHaveLength(6);
    sockets.remove();
  },
  60_000,
);

it("readyz says where the socket of a plugin is gone", { timeout: 60_000 }, async () => {
  const sockets = createTempDir("opo");
  sockets.write("s/.keep", "");
  const own = await startServer({ plugins: plugins.path, flags: ["-no-watch", "-plugin-sockets", join(sockets.path, "s")] });
  await own.waitForLine(/plugin greeter 2\.1\.0 is listening/);
  const admin = join(own.prefix, ".go_pluginserver.sock.admin");
  await expect.poll(async () => (await get("/readyz", admin)).status, { timeout: 10_000 }).toBe(200);
  // The server cannot put it back where its folder is.
  rmSync(join(sockets.path, "s"), { recursive: true });
  const { status, body } = await get("/readyz", admin);
  expect([status, body]).toEqual([503, expect.stringMatching(/gateways do not reach it: .*greeter\.socket is gone/) as string]);
  await own.close();
  sockets.remove();
});

const REFUSED: readonly (readonly [readonly string[], string])[] = [
  [["reload", "nope"], "there is no plugin nope; there is: greeter"],
  [["log-level", "loud"], 'a log level is one of trace, debug, info, warn, error, fatal, silent, not "loud"'],
  [["log-level", "nope", "info"], "there is no plugin nope"],
  [["log-level"], "log-level takes a level"],
  [["heap"], "heap takes one argument"],
  [["heap", "nope"], "there is no plugin nope"],
  [["profile", "greeter", "-seconds", "-1"], '-seconds takes a number such as 10, not "-1"'],
  [["profile", "greeter", "-seconds", "1e9"], "-seconds takes a number"],
  [["profile", "greeter", "-seconds", "99999"], "-seconds takes a number above 0 and up to 300"],
  [["drain", "now"], "drain takes flags alone"],
  [["status", "nope"], "there is no plugin nope"],
];

it("what it cannot understand ends with status 2 and one line", async () => {
  for (const [command, message] of REFUSED) {
    const { code, stderr, stdout } = await ask(...command);
    expect([command, code, stdout.toString()]).toEqual([command, 2, ""]);
    expect(stderr.trimEnd().split("\n")).toEqual([expect.stringContaining(message)]);
  }
});

it("heap and profile write files that nobody else can read", async () => {
  await runCalls({}, 1);
  const { stdout } = await ask("heap", "greeter");
  const [heap = ""] = readdirSync(plugins.path).filter((name) => name.endsWith(".heapsnapshot"));
  expect(stdout.toString()).toContain(join(plugins.path, heap));
  expect(JSON.parse(readFileSync(join(plugins.path, heap), "utf8"))).toHaveProperty("nodes");
  const profile = join(plugins.path, "p.cpuprofile");
  expect((await ask("profile", "greeter", "-seconds", "0.2", "-out", profile)).code).toBe(0);
  expect(JSON.parse(readFileSync(profile, "utf8"))).toHaveProperty("samples");
  for (const file of [join(plugins.path, heap), profile]) expect(statSync(file).mode & 0o777).toBe(0o600);
  const again = await ask("profile", "greeter", "-seconds", "0.2", "-out", profile);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("EEXIST")]);
});

it("drain ends it when what runs has finished", async () => {
  const { code, stdout } = await ask("drain");
  expect([code, stdout.toString()]).toEqual([
    0,
    expect.stringMatching(/takes no more connections and ends: 0 calls[^]*it has ended\n$/),
  ]);
  expect(await server.exited).toEqual({ code: 0, signal: null });
  expect(existsSync(adminPath())).toBe(false);
});

it("its admin socket is its user's alone, follows no link, leads to the newest server, and goes with it", async () => {
  expect(lstatSync(adminPath()).mode & 0o777).toBe(0o600);
  const successor = await startServer({ plugins: plugins.path, prefix: server.prefix });
  const { process } = (await json("status")) as { process: { pid: number } };
  expect(process.pid).toBe(successor.pid);
  await server.close();
  expect(((await json("status")) as { process: { pid: number } }).process.pid).toBe(successor.pid);
  await successor.close();
  expect(existsSync(adminPath())).toBe(false);
  const victim = join(plugins.path, "victim");
  writeFileSync(victim, "precious");
  symlinkSync(victim, adminPath());
  server = await startServer({ plugins: plugins.path, prefix: server.prefix });
  await server.waitForLine(/admin socket .* cannot be used/);
  expect(readFileSync(victim, "utf8")).toBe("precious");
  const { code, stderr } = await ask("status");
  expect([code, stderr]).toEqual([1, expect.stringContaining("no server runs in")]);
});

it("what is no request of an operator changes nothing", async () => {
  expect((await get("/nothing")).status).toBe(404);
  expect((await get("/reload")).status).toBe(405);
  expect((await get("/status/%ff")).status).toBe(400);
  expect((await get("/status/__proto__")).status).toBe(400);
  expect((await json("status"))["state"]).toBe("serving");
});

it.runIf(process.platform === "linux")(
  "a server for Tyk whose folder of temporary files cannot be made says so and ends",
  async () => {
    const flags = ["-plugins-dir", plugins.path, "-tyk", "tcp://127.0.0.1:0"];
    const { code, stderr } = await runCli(flags, { cwd: plugins.path, env: { TMPDIR: "/proc/nowhere" } });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/the folder of the admin socket cannot be made: .*TMPDIR.*\n$/)]);
  },
);
