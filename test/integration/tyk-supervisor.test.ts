// What holds Tyk's address while servers come and go: after a kill -9 new connections wait, and only what was under way is lost.
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Address } from "../../src/gateways/tyk/address/index.js";
import {
  createTempDir,
  runPhase,
  type RunningServer,
  startCommand,
  startInstance,
  type TempDir,
  WireClient,
} from "../support/index.js";
import { GrpcClient, type Outcome } from "../unit/gateways/tyk/http2/grpc-client.js";
import { peerDecode, peerEncode } from "../unit/gateways/tyk/messages/peer.js";

let temp: TempDir;
let server: RunningServer;

const KONG = `exports.Version = "1"; exports.Priority = 1;
  exports.New = () => ({ async Access(kong) { await kong.response.setHeader("x-pid", String(process.pid)); } });`;
const TYK = `import { defineTykPlugin } from "pluginserver/tyk";
  export default defineTykPlugin({
    pre: { pid(request) { request.headers.set("x-pid", String(process.pid)); } },
    post: { slow: (request, { signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)) },
  });`;

beforeEach(() => {
  temp = createTempDir("tyksup");
  temp.write("plugins/for-kong.cjs", KONG);
  temp.write("plugins/for-tyk.mjs", TYK);
});

afterEach(async () => {
  expect(await server.close()).toEqual({ code: 0, signal: null });
  temp.remove();
});

async function freePort(): Promise<number> {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as AddressInfo;
  await new Promise((resolve) => taken.close(resolve));
  return port;
}

const LISTENING = /pluginserver (\d+) is listening for Tyk gateways/;

async function start(url: string, ...flags: string[]): Promise<number> {
  server = startCommand(["-plugins-dir", join(temp.path, "plugins"), "-tyk", url, ...flags], temp.path);
  return Number(LISTENING.exec(await server.waitForLine(LISTENING))?.[1]);
}

/** The process that serves after the one that is gone. */
async function nextPid(former: number): Promise<number> {
  const lastPid = (): number => Number(LISTENING.exec(server.lines.findLast((line) => LISTENING.test(line)) ?? "")?.[1]);
  await expect.poll(lastPid, { timeout: 15_000 }).not.toBe(former);
  return lastPid();
}

function call(client: GrpcClient, hook_name: string, hook_type: number): Promise<Outcome> {
  const request = { url: "/get", method: "GET", return_overrides: { response_code: -1 } };
  return client.call("/coprocess.Dispatcher/Dispatch", {
    message: peerEncode({ hook_type, hook_name, request, spec: { OrgID: "org", APIID: "api1" } }),
  });
}

function pidOf({ message, details }: Outcome): string {
  if (message === undefined) throw new Error(details);
  const { set_headers } = peerDecode(message)["request"] as { readonly set_headers: Readonly<Record<string, string>> };
  return set_headers["X-Pid"] ?? "";
}

describe.each(["tcp", "unix"] as const)("a server for Tyk alone, on %s", (kind) => {
  let address: Address;
  let url: string;

  beforeEach(async () => {
    address = kind === "tcp" ? { kind, host: "127.0.0.1", port: await freePort() } : { kind, path: join(temp.path, "tyk.sock") };
    url = address.kind === "tcp" ? `tcp://127.0.0.1:${address.port}` : `unix://${address.path}`;
  });

  it("is killed: its calls fail, and whoever connects then waits for the next one", async () => {
    const pid = await start(url);
    expect(pid).not.toBe(server.startedPid);
    const client = new GrpcClient(address);
    expect(pidOf(await call(client, "pid", 1))).toBe(String(pid));
    const slow = call(client, "slow", 2);
    expect(await Promise.race([slow, call(client, "pid", 1)])).toMatchObject({ status: 0 });
    process.kill(pid, "SIGKILL");
    expect(await slow).toMatchObject({ status: 14 });
    // The former has just gone, and the next has not started.
    const late = await Promise.all([1, 2, 3].map(() => call(new GrpcClient(address), "pid", 1)));
    const next = await nextPid(pid);
    expect(late.map(pidOf)).toEqual(Array(3).fill(String(next)));
    await server.waitForLine(/the server before this one was ended by SIGKILL/);
  });

  it("is killed under load: each caller loses at most what it had under way", { timeout: 120_000 }, async () => {
    let pid = await start(url);
    const failures: Outcome[] = [];
    let isOver = false;
    let answered = 0;
    const callers = Array.from({ length: 4 }, async () => {
      let client = new GrpcClient(address);
      while (!isOver) {
        const outcome = await call(client, "pid", 1);
        answered += 1;
        if (outcome.status === 0) continue;
        failures.push(outcome);
        // As a gateway does at once, whose connection was cut.
        client = new GrpcClient(address);
      }
    });
    const kills = 3;
    for (let kill = 0; kill < kills; kill += 1) {
      const before = answered;
      await expect.poll(() => answered - before, { timeout: 15_000 }).toBeGreaterThan(200);
      process.kill(pid, "SIGKILL");
      pid = await nextPid(pid);
    }
    const last = answered;
    await expect.poll(() => answered - last, { timeout: 15_000 }).toBeGreaterThan(200);
    isOver = true;
    await Promise.all(callers);
    expect(failures.length).toBeLessThanOrEqual(kills * callers.length);
  });

  it("ends in order when it is told to", async () => {
    await start(url);
    const client = new GrpcClient(address);
    expect(await call(client, "pid", 1)).toMatchObject({ status: 0 });
    expect(await server.close()).toEqual({ code: 0, signal: null });
    await expect(call(new GrpcClient(address), "pid", 1)).resolves.toMatchObject({ status: 14 });
  });
});

it("without a supervisor the process that is started serves", async () => {
  const port = await freePort();
  expect(await start(`tcp://127.0.0.1:${port}`, "-no-supervisor")).toBe(server.startedPid);
  const client = new GrpcClient({ kind: "tcp", host: "127.0.0.1", port });
  expect(pidOf(await call(client, "pid", 1))).toBe(String(server.startedPid));
});

it("one process holds the sockets of both gateways, and the next server has both", async () => {
  const port = await freePort();
  const socket = join(temp.path, "kong.sock");
  const pid = await start(`tcp://127.0.0.1:${port}`, "-socket", socket);
  process.kill(pid, "SIGKILL");
  const client = await WireClient.connect(socket);
  const [tyk, { calls }] = await Promise.all([
    call(new GrpcClient({ kind: "tcp", host: "127.0.0.1", port }), "pid", 1),
    startInstance(client, "for-kong").then((instance) => runPhase(client, instance, "access")),
  ]);
  const next = String(await nextPid(pid));
  expect([pidOf(tyk), calls.at(-1)?.args[1]]).toEqual([next, next]);
  await client.close();
});
