// Bodies whose memory is freed as they go: they arrive whole, and what a gateway refuses is still told of.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  BINARY,
  connectPeer,
  createTempDir,
  GatewayAnswer,
  type Peer,
  PROTOCOLS,
  runPhase,
  type RunningServer,
  startInstance,
  startProgram,
  startServer,
  type TempDir,
} from "../support/index.js";

const KONG_JS = `class Plugin {
  async access(kong) {
    const body = await kong.request.getRawBody();
    await kong.service.request.setRawBody(body);
    const again = await kong.request.getRawBody();
    await kong.service.request.setRawBody(typeof again + String(again.length) + (again === body));
  }
}
module.exports = { Plugin, Schema: [], Version: "1.0.0" };`;
/** It keeps the bytes of one request for the next. */
const GO_STYLE = `exports.Version = "1.0.0";
exports.Priority = 1;
exports.New = () => {
  let former = Buffer.alloc(0);
  return {
    async Access(kong) {
      const body = await kong.request.getRawBody();
      kong.service.request.setRawBody(body);
      kong.service.request.setRawBody(former);
      await kong.service.request.setRawBody(body);
      former = body;
    },
  };
};`;

const SIZES = [65_530, 65_536, 65_537, 70_000, 1 << 20, 5 << 20];
const body = (size: number, character: string): Buffer => Buffer.alloc(size, `${character} a line of text, `);

let plugins: TempDir;
let server: RunningServer;

beforeAll(async () => {
  plugins = createTempDir("bodies");
  plugins.write("texts.cjs", KONG_JS);
  plugins.write("bytes.cjs", GO_STYLE);
  server = await startServer({ plugins: plugins.path });
});

afterAll(async () => {
  expect(await server.close()).toEqual({ code: 0, signal: null });
  plugins.remove();
});

const asBuffer = (value: unknown): Buffer => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)));

describe.each(PROTOCOLS)("over %s", (protocol) => {
  let peer: Peer;
  beforeAll(async () => {
    peer = await connectPeer(protocol, server.socketPath);
  });
  afterAll(() => peer.close());

  const given = (bytes: Buffer) => (method: string) => (method === "kong.request.get_raw_body" ? bytes : undefined);

  it.each(["x", "é", "漢"])("bodies that are texts of %s are the same in and out", async (character) => {
    const id = await startInstance(peer, "texts");
    for (const size of SIZES) {
      const bytes = body(size - (size % Buffer.byteLength(`${character} a line of text, `)), character);
      const { calls, end } = await runPhase(peer, id, "access", { answer: given(bytes) });
      expect(end).toBe("ret");
      expect(bytes.equals(asBuffer(calls[1]?.args[0]))).toBe(true);
      expect(asBuffer(calls[3]?.args[0]).toString()).toBe(`string${bytes.toString().length}true`);
    }
  });

  it("bytes that a plugin keeps stay what they were", async () => {
    const id = await startInstance(peer, "bytes");
    let former = Buffer.alloc(0);
    for (const size of [...SIZES, ...SIZES]) {
      const bytes = Buffer.alloc(size, Buffer.from([0xff, size & 0xff, 0x80]));
      const { calls } = await runPhase(peer, id, "access", { answer: given(bytes) });
      const sent = calls.slice(1).map(({ args }) => asBuffer(args[0]));
      expect([bytes, former, bytes].map((expected, index) => sent[index]?.equals(expected))).toEqual([true, true, true]);
      former = bytes;
    }
  });
});

it("a large call that the gateway refuses fails its event and is named in the log", async () => {
  const peer = await connectPeer("MsgPack:1", server.socketPath);
  const id = await startInstance(peer, "texts");
  const run = await runPhase(peer, id, "access", {
    answer: (method) => (method === "kong.request.get_raw_body" ? body(1 << 20, "x") : GatewayAnswer.error("too large")),
  });
  expect(run.end).toBe("exit");
  expect(run.calls.at(-2)).toMatchObject({
    method: "kong.log.err",
    args: [expect.stringMatching(/kong\.service\.request\.set_raw_body failed in the gateway: too large/)],
  });
  await server.waitForLine(/kong\.service\.request\.set_raw_body failed in the gateway: too large/);
  await peer.close();
});

it.each(PROTOCOLS)("a program of one plugin passes bodies on over %s", async (protocol) => {
  const socketPath = join(plugins.path, "texts.socket");
  const program = await startProgram({
    command: [BINARY, "run", join(plugins.path, "texts.cjs"), "-socket", socketPath],
    socketPath,
  });
  const peer = await connectPeer(protocol, program.socketPath);
  const id = await startInstance(peer, "texts");
  for (let round = 0; round < 3; round += 1) {
    const bytes = body(1_048_000 - (1_048_000 % 18), "x");
    const { calls } = await runPhase(peer, id, "access", {
      answer: (method) => (method.endsWith("get_raw_body") ? bytes : undefined),
    });
    expect(bytes.equals(asBuffer(calls[1]?.args[0]))).toBe(true);
  }
  await peer.close();
  expect(await program.close()).toEqual({ code: 0, signal: null });
});
