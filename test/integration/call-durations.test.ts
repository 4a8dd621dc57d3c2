// Owns checking from when on the duration of a call counts: from its first byte, however slowly the others come.
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  connectPeer,
  createTempDir,
  encodeRequest,
  PROTOCOLS,
  type Peer,
  rpcCall,
  type RunningServer,
  startInstance,
  startServer,
  type TempDir,
  type TestProtocol,
} from "../support/index.js";
import { scrape } from "../support/metrics-client.js";
import { peerEncode } from "../unit/gateways/tyk/messages/peer.js";

/** Milliseconds between two parts of a message. */
const PAUSE = 600;
/** Seconds: the first part may be read late on a busy machine. */
const AT_LEAST = PAUSE / 2000;

let temp: TempDir;
let server: RunningServer | undefined;
let peer: Peer | undefined;
let socket: Socket | undefined;

beforeEach(() => {
  temp = createTempDir("dur");
  temp.write("plugins/quick.cjs", `module.exports = { Plugin: class { access() {} log() {} }, Version: "1.0.0" };`);
});

afterEach(async () => {
  socket?.destroy();
  await peer?.close();
  await server?.close();
  temp.remove();
});

const start = async (flags: readonly string[] = []): Promise<RunningServer> => {
  server = await startServer({
    plugins: join(temp.path, "plugins"),
    flags: ["-metrics", `unix://${join(temp.path, "m.sock")}`, ...flags],
  });
  return server;
};

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE));

const secondsOf = async (name: string): Promise<{ count: number; sum: number }> => {
  const scraped = await scrape(join(temp.path, "m.sock"));
  const labels = { function: name };
  return {
    count: scraped.value("pluginserver_call_duration_seconds_count", labels),
    sum: scraped.value("pluginserver_call_duration_seconds_sum", labels),
  };
};

const eventOf = (protocol: TestProtocol, id: number, instanceId: number, phase: string): Buffer =>
  protocol === "MsgPack:1"
    ? encodeRequest(id, "plugin.HandleEvent", { InstanceId: instanceId, EventName: phase })
    : rpcCall(id, "cmdHandleEvent", { instanceId, eventName: phase });

describe.each(PROTOCOLS)("an event of %s", (protocol) => {
  it.each([1, 4, -1])("counts from its first byte, where it is cut at %i", async (cut) => {
    const { socketPath } = await start();
    peer = await connectPeer(protocol, socketPath);
    const event = eventOf(protocol, 7, await startInstance(peer, "quick"), "access");
    socket = connect(socketPath);
    socket.write(event.subarray(0, cut));
    await pause();
    socket.write(event.subarray(cut));
    await expect.poll(async () => (await secondsOf("access")).count, { timeout: 10_000 }).toBe(1);
    const { sum } = await secondsOf("access");
    expect(sum).toBeGreaterThan(AT_LEAST);
  });

  it("counts from its own first byte, where it comes in one piece with the one before", async () => {
    const { socketPath } = await start();
    peer = await connectPeer(protocol, socketPath);
    const id = await startInstance(peer, "quick");
    const [before, event] = [eventOf(protocol, 7, id, "access"), eventOf(protocol, 8, id, "log")];
    socket = connect(socketPath);
    socket.write(before.subarray(0, 9));
    await pause();
    socket.write(Buffer.concat([before.subarray(9), event.subarray(0, 9)]));
    await pause();
    socket.write(event.subarray(9));
    await expect.poll(async () => (await secondsOf("log")).count, { timeout: 10_000 }).toBe(1);
    const [first, second] = [await secondsOf("access"), await secondsOf("log")];
    expect(first.sum).toBeGreaterThan(AT_LEAST);
    expect(second.sum).toBeGreaterThan(AT_LEAST);
    // Not from the first byte of the other.
    expect(second.sum - first.sum).toBeLessThan(AT_LEAST);
  });
});

it("a hook of Tyk counts from its first frame", async () => {
  temp.write(
    "plugins/hooks.mjs",
    `import { defineTykPlugin } from "pluginserver/tyk"; export default defineTykPlugin({ pre: { ok() {} } });`,
  );
  const tyk = join(temp.path, "tyk.sock");
  const running = await start(["-tyk", `unix://${tyk}`]);
  await running.waitForLine(/listening for Tyk/);
  const body = peerEncode({ hook_type: 1, hook_name: "hooks:ok", request: { url: "/", method: "GET" }, spec: { APIID: "a" } });
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(body.length, 1);
  const client = connectHttp2("http://localhost", { createConnection: () => connect(tyk) });
  const stream = client.request({
    ":method": "POST",
    ":path": "/coprocess.Dispatcher/Dispatch",
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.write(prefix);
  await pause();
  stream.end(body);
  await expect.poll(async () => (await secondsOf("pre/ok")).count, { timeout: 10_000 }).toBe(1);
  expect((await secondsOf("pre/ok")).sum).toBeGreaterThan(AT_LEAST);
  client.destroy();
});
