// The seven plugins of examples/: their own tests, and all of them behind the stand-in gateway, with a real Redis and a real token server.
import { spawn, spawnSync } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startEchoUpstream, startGateway } from "../../src/gateways/kong/standin/index.js";
import { createTempDir, runCli, startServer, type TempDir } from "../support/index.js";

const ROOT = join(import.meta.dirname, "../..");
const NAMES = ["ab-router", "audit-log", "body-transformer", "idempotency", "introspection", "jwt", "rate-limit"];
const SECRET = "not for production";
/** A compiler, on a machine that does other things too. */
const SLOW = 180_000;

/** What counts and keeps in Redis is tested where there is one, as in CI: so many tests are left out elsewhere. */
const SKIPPED = 4;
const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

let temp: TempDir;
let examples: string;
let redisPort = 0;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  temp = createTempDir("examples");
  examples = join(temp.path, "examples");
  cpSync(join(ROOT, "examples"), examples, { recursive: true });
  // As npm would install it.
  const modules = join(temp.path, "node_modules");
  mkdirSync(join(modules, "@types"), { recursive: true });
  symlinkSync(ROOT, join(modules, "pluginserver"));
  for (const name of ["typescript", "@types/node", "undici-types"])
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  if (hasRedis) redisPort = await startRedis();
}, SLOW);

afterAll(() => {
  for (const end of ends) end();
  temp.remove();
});

async function listen(listener: RequestListener): Promise<{ readonly url: string; readonly port: number }> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port };
}

async function startRedis(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const redis = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", temp.path]);
  ends.push(() => redis.kill());
  for await (const line of createInterface({ input: redis.stdout }))
    if (line.includes("Ready to accept connections")) return port;
  throw new Error("redis-server did not start");
}

it("all have sources and tests, and the README names them", () => {
  const folders = readdirSync(join(ROOT, "examples"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual(NAMES);
});

it("compile, and pass their own tests", { timeout: SLOW }, () => {
  const compilerOptions = {
    rootDir: examples,
    outDir: join(temp.path, "build"),
    typeRoots: [join(temp.path, "node_modules/@types")],
  };
  const config = temp.write(
    "tsconfig.json",
    JSON.stringify({ extends: "./examples/jwt/tsconfig.json", compilerOptions, include: ["examples/*/src", "examples/*/test"] }),
  );
  temp.write("package.json", '{ "type": "module" }');
  const compiled = spawnSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", config], {
    encoding: "utf8",
  });
  expect(compiled.stdout).toBe("");
  const tests = NAMES.map((name) => join(temp.path, "build", name, "test", `${name}.test.js`));
  const env: NodeJS.ProcessEnv = { ...process.env, REDIS_PORT: String(redisPort) };
  // A test runner in a test runner would report to the outer one.
  delete env["NODE_TEST_CONTEXT"];
  const { stdout, status } = spawnSync(process.execPath, ["--test", "--test-reporter=tap", ...tests], { encoding: "utf8", env });
  expect(status, stdout).toBe(0);
  expect(stdout).toContain("# fail 0");
  expect(stdout).toContain(`# skipped ${hasRedis ? 0 : SKIPPED}`);
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** What the service was told. */
  readonly told: (name: string) => string | undefined;
}

function tokenFor(sub: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256" })}.${part({ sub })}`;
  return `Bearer ${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}

describe.each(["MsgPack:1", "ProtoBuf:1"] as const)("behind the gateway over %s", (protocol) => {
  it("do what they are for", { timeout: SLOW }, async () => {
    const lines: string[] = [];
    const collector = await listen((request, response) => {
      void text(request).then((body) => {
        lines.push(...body.trim().split("\n"));
        response.end();
      });
    });
    const asked: string[] = [];
    const tokens = await listen((request, response) => {
      void text(request).then((body) => {
        const token = new URLSearchParams(body).get("token") ?? "";
        asked.push(token);
        response.end(JSON.stringify(token === "active" ? { active: true, username: "bob" } : { active: false }));
      });
    });
    const echo = await startEchoUpstream();
    const other = await listen((_request, response) => response.end("the other one"));
    const server = await startServer({ plugins: examples, flags: ["-protocol", protocol] });
    const dump = await runCli(["-plugins-dir", examples, "-dump-all-plugins"]);
    const route = (name: string, plugin: string, config: object): object => ({
      name,
      paths: [`/${name}`],
      plugins: [{ name: plugin, config }],
    });
    const gateway = await startGateway({
      port: 0,
      protocol,
      socketPath: server.socketPath,
      pluginInfos: JSON.parse(dump.stdout.toString()) as unknown,
      config: {
        _format_version: "3.0",
        services: [
          {
            name: "echo",
            url: echo.url,
            routes: [
              route("jwt", "jwt", { secret: SECRET }),
              route("limited", "rate-limit", { limit: 2, window: 3600, redis_port: redisPort === 0 ? 6379 : redisPort }),
              route("body", "body-transformer", { add: { source: "gateway" }, remove: ["body_len"] }),
              route("ab", "ab-router", { percent: 0, host: "127.0.0.1", port: other.port }),
              route("audit", "audit-log", { url: collector.url, fields: [] }),
              route("token", "introspection", { endpoint: tokens.url, client_id: "gateway", client_secret: "word" }),
            ],
          },
        ],
      },
    });
    onTestFinished(async () => {
      await gateway.close();
      await server.close();
      await echo.close();
    });
    const ask = async (path: string, init: RequestInit = {}): Promise<Answer> => {
      const answer = await fetch(`${gateway.url}${path}`, init);
      const body = await answer.text();
      const told = (name: string): string | undefined =>
        (JSON.parse(body) as { headers: [string, string][] }).headers.find(([key]) => key.toLowerCase() === name)?.[1];
      return { status: answer.status, headers: answer.headers, body, told };
    };

    expect((await ask("/jwt")).status).toBe(401);
    expect((await ask("/jwt", { headers: { authorization: tokenFor("alice") } })).told("x-user")).toBe("alice");

    if (hasRedis) {
      const headers = { "x-real-ip": `10.0.0.${protocol === "MsgPack:1" ? 1 : 2}` };
      const statuses: number[] = [];
      for (let index = 0; index < 3; index += 1) statuses.push((await ask("/limited", { headers })).status);
      expect(statuses).toEqual([200, 200, 429]);
      expect((await ask("/limited", { headers: { "x-real-ip": `fd00::${randomUUID().slice(0, 4)}` } })).status).toBe(200);
    }

    const json = { "content-type": "application/json" };
    const transformed = await ask("/body", { method: "POST", body: '{"a":1}', headers: json });
    const seen = JSON.parse(transformed.body) as Record<string, unknown>;
    expect(JSON.parse(String(seen["body"]))).toEqual({ a: 1, source: "gateway" });
    expect(seen).not.toHaveProperty("body_len");

    expect((await ask("/ab")).told("x-variant")).toBe("a");
    const routed = await ask("/ab", { headers: { "x-variant": "b" } });
    expect([routed.body, routed.headers.get("x-variant")]).toEqual(["the other one", "b"]);

    expect((await ask("/token", { headers: { authorization: "Bearer expired" } })).status).toBe(401);
    for (let index = 0; index < 2; index += 1)
      expect((await ask("/token", { headers: { authorization: "Bearer active" } })).told("x-user")).toBe("bob");
    expect(asked.filter((token) => token === "active")).toHaveLength(1);

    await Promise.all(["/audit/1", "/audit/2", "/audit/3"].map((path) => ask(path)));
    await gateway.idle();
    // What waits is sent before the server ends.
    await server.close();
    const uris = lines.map((line) => (JSON.parse(line) as { uri: string }).uri);
    expect(uris.sort()).toEqual(["/audit/1", "/audit/2", "/audit/3"]);
  });
});
