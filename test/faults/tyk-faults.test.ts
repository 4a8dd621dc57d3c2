// The core's fault suite through the real server's Tyk gateway: each fault fails its own call, and a light hook beside it is answered
// rightly, each time.
import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BesideReport, callBeside, FAULT_CASES } from "../core/fault-cases.js";
import { createTempDir, type RunningServer, startServer, type TempDir } from "../support/index.js";
import { GrpcClient, type Outcome } from "../unit/gateways/tyk/http2/grpc-client.js";
import { peerDecode, peerEncode } from "../unit/gateways/tyk/messages/peer.js";

const PLUGINS = resolve("test/fixtures/tyk-faults/plugins");
/** What is waited for comes in the end, on a busy machine too. */
const PATIENCE = { timeout: 20_000 };
const FLAGS = ["-event-timeout", "3s", "-stall-timeout", "2s", "-isolate-memory", "64MB", "-no-watch"];
const UNAVAILABLE = 14;

let temp: TempDir;
let servers: RunningServer[];

beforeEach(() => {
  temp = createTempDir("tyk-faults");
  servers = [];
});

afterEach(async () => {
  for (const server of servers) await server.close();
  temp.remove();
});

const socket = (): string => join(temp.path, "tyk.socket");
const newClient = (): GrpcClient => new GrpcClient({ kind: "unix", path: socket() });

async function start(flags: readonly string[], plugins = PLUGINS): Promise<RunningServer> {
  const server = await startServer({ plugins, flags: ["-tyk", `unix://${socket()}`, ...FLAGS, ...flags] });
  servers.push(server);
  await server.waitForLine(/listening for Tyk gateways on unix:/);
  return server;
}

interface Request {
  readonly headers?: Readonly<Record<string, string>>;
  readonly raw_body?: Buffer;
}

async function callHook(client: GrpcClient, name: string, request: Request = {}): Promise<Outcome> {
  const message = peerEncode({
    hook_type: 1,
    hook_name: name,
    request: { url: "/", method: "GET", return_overrides: { response_code: -1 }, ...request },
    spec: { OrgID: "org", APIID: "api1" },
  });
  return client.call("/coprocess.Dispatcher/Dispatch", { message, waits: true });
}

interface Reply {
  readonly set_headers?: Readonly<Record<string, string>>;
  readonly raw_body?: string;
}

const replyOf = ({ message }: Outcome): Reply => (message === undefined ? {} : (peerDecode(message)["request"] ?? {}));

/** `name` fails with the reason of `FAULT_CASES`, or sets a header. */
const faultNamed = (how: string): string => `misbehaves:${how.replaceAll(" ", "-")}`;

function bystander(lets: (outcome: Outcome) => boolean = () => false): { stop(): Promise<BesideReport> } {
  const client = newClient();
  return callBeside(async (number) => {
    const outcome = await callHook(client, "calm:double", { headers: { "X-Number": String(number) } });
    const isRight = outcome.status === 0 && replyOf(outcome).set_headers?.["X-Double"] === String(number * 2);
    return isRight || lets(outcome) ? undefined : { status: outcome.status, details: outcome.details };
  });
}

describe.each(["thread", "process"] as const)("in a %s", (isolation) => {
  it.each(FAULT_CASES)("$how fails its call and nothing else", { timeout: 90_000 }, async ({ how, reason }) => {
    await start(["-isolation", isolation]);
    const client = newClient();
    expect(replyOf(await callHook(client, "misbehaves:none")).set_headers).toEqual({ "X-Result": "fine" });
    const beside = bystander();
    try {
      const outcome = await callHook(client, faultNamed(how));
      if (reason === undefined) expect(replyOf(outcome).set_headers).toEqual({ "X-Result": "fine" });
      else {
        expect([4, 13]).toContain(outcome.status);
        expect(outcome.details).toMatch(reason);
        expect(outcome.details).toMatch(/^plugin misbehaves, pre\//);
        expect(outcome.message).toBeUndefined();
      }
      const works = async (): Promise<unknown> => replyOf(await callHook(client, "misbehaves:none")).set_headers;
      await expect.poll(works, PATIENCE).toEqual({ "X-Result": "fine" });
    } finally {
      await beside.stop();
    }
    const { calls, wrong } = await beside.stop();
    expect(wrong).toEqual([]);
    expect(calls).toBeGreaterThan(0);
  });

  it("large bodies beside it", { timeout: 60_000 }, async () => {
    await start(["-isolation", isolation]);
    const client = newClient();
    const beside = bystander();
    for (const size of [0, 1, 65_535, 65_536, 1_000_000, 8_000_000]) {
      const body = Buffer.from(Uint8Array.from({ length: size }, (_, i) => i % 251));
      const reply = replyOf(await callHook(client, "calm:reverse", { raw_body: body }));
      expect(Buffer.from(reply.raw_body ?? "", "base64").equals(Buffer.from(body).reverse())).toBe(true);
    }
    expect((await beside.stop()).wrong).toEqual([]);
  });

  it(
    "reloads under load: each call is answered by the former or the new code, and then by the new alone",
    { timeout: 60_000 },
    async () => {
      const version = (number: number): string => `const { defineTykPlugin } = require("pluginserver/tyk");
      exports.default = defineTykPlugin({ post(request) { request.headers.set("x-version", "${number}"); } });`;
      cpSync(PLUGINS, join(temp.path, "plugins"), { recursive: true, filter: (path) => !path.endsWith("misbehaves.cjs") });
      temp.write("plugins/versioned.cjs", version(1));
      const server = await start(["-isolation", isolation], join(temp.path, "plugins"));
      const client = newClient();
      const wrong: unknown[] = [];
      const post = async (): Promise<string | undefined> => {
        const message = peerEncode({
          hook_type: 2,
          hook_name: "versioned",
          request: { url: "/", method: "GET", return_overrides: { response_code: -1 } },
          spec: { OrgID: "org", APIID: "api1" },
        });
        const outcome = await client.call("/coprocess.Dispatcher/Dispatch", { message });
        if (outcome.status !== 0) wrong.push(outcome);
        return replyOf(outcome).set_headers?.["X-Version"];
      };
      const beside = bystander();
      for (const number of [2, 3, 4]) {
        temp.write("plugins/versioned.cjs", version(number));
        server.kill("SIGHUP");
        await expect.poll(post, PATIENCE).toBe(String(number));
      }
      expect((await beside.stop()).wrong).toEqual([]);
      expect(wrong).toEqual([]);
    },
  );
});

it("another server takes the address over under load, and no call is lost", { timeout: 60_000 }, async () => {
  await start([]);
  const beside = bystander();
  for (let takeovers = 0; takeovers < 3; takeovers += 1) {
    const [former] = servers.splice(0);
    await start([]);
    await former?.close();
  }
  const { calls, wrong } = await beside.stop();
  expect(wrong).toEqual([]);
  expect(calls).toBeGreaterThan(0);
});

it(
  "kill -9: calls fail with a status until a server is there again, and none is answered wrongly",
  { timeout: 60_000 },
  async () => {
    const first = await start(["-no-supervisor"]);
    const beside = bystander(({ status }) => status === UNAVAILABLE);
    const running = callHook(newClient(), "misbehaves:hang");
    await expect.poll(async () => (await callHook(newClient(), "calm:double")).status, PATIENCE).toBe(0);
    first.kill("SIGKILL");
    expect((await running).status).toBe(UNAVAILABLE);
    await first.exited;
    servers = [];
    await start([]);
    await expect.poll(async () => (await callHook(newClient(), "calm:double")).status, PATIENCE).toBe(0);
    expect((await beside.stop()).wrong).toEqual([]);
  },
);
