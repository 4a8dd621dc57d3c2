// What a plugin always asks first is asked ahead: a gateway that plays many events sees the same conversation in each.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connectPeer,
  createTempDir,
  GatewayAnswer,
  type Peer,
  type PhaseRun,
  PROTOCOLS,
  runPhase,
  type RunningServer,
  startInstance,
  startServer,
  type TempDir,
} from "../support/index.js";

/** More than it takes to be sure. */
const EVENTS = 1100;
const plugin = (body: string, before = ""): string =>
  `${before} module.exports = { Plugin: class { constructor(config) { this.config = config; } async access(kong) { ${body} } }, Schema: [], Version: "1.0.0" };`;

let plugins: TempDir;
let server: RunningServer;

beforeAll(async () => {
  plugins = createTempDir("openings");
  plugins.write(
    "reads.cjs",
    plugin(
      `const [path, host] = await Promise.all([kong.request.getPath(), kong.request.getHeader("host")]);
       const consumer = await kong.client.getConsumer();
       await kong.response.setHeader("x-seen", path + " " + host + " " + (consumer ? consumer.username : "nobody"));`,
    ),
  );
  plugins.write(
    "refused.cjs",
    plugin(
      `const host = await kong.request.getHeader("host").catch((error) => error.code);
       if (host === "evil") kong.response.exit(403, "no");
       await kong.response.setHeader("x-host", String(host));`,
    ),
  );
  server = await startServer({ plugins: plugins.path });
});

afterAll(async () => {
  expect(await server.close()).toEqual({ code: 0, signal: null });
  plugins.remove();
});

const answers = (request: number) => (method: string) => {
  if (method === "kong.request.get_path") return `/${request}`;
  if (method === "kong.request.get_header") return `host-${request}`;
  return method === "kong.client.get_consumer" && request % 3 === 0 ? { id: "1", username: `user-${request}` } : undefined;
};

describe.each(PROTOCOLS)("over %s", (protocol) => {
  let peer: Peer;
  beforeAll(async () => {
    peer = await connectPeer(protocol, server.socketPath);
  });
  afterAll(() => peer.close());

  it("each event is told of its own request, by the same calls", async () => {
    const id = await startInstance(peer, "reads");
    for (let request = 0; request < EVENTS; request += 1) {
      const { calls, end } = await runPhase(peer, id, "access", { answer: answers(request) });
      expect(end).toBe("ret");
      expect(calls.map(({ method }) => method)).toEqual([
        "kong.request.get_path",
        "kong.request.get_header",
        "kong.client.get_consumer",
        "kong.response.set_header",
      ]);
      const name = request % 3 === 0 ? `user-${request}` : "nobody";
      expect(calls[3]?.args).toEqual(["x-seen", `/${request} host-${request} ${name}`]);
    }
  });

  it("an answer that is nil or an error, and an exit behind it, are what they were", async () => {
    const id = await startInstance(peer, "refused");
    const run = (answer: unknown): Promise<PhaseRun> => runPhase(peer, id, "access", { answer: () => answer });
    for (let request = 0; request < EVENTS; request += 1) await run("example.com");
    expect((await run(undefined)).calls[1]?.args).toEqual(["x-host", "undefined"]);
    expect(await run("evil")).toMatchObject({ end: "exit", calls: [{}, { method: "kong.response.exit" }] });
    // ProtoBuf:1 has no step that says so.
    if (protocol === "MsgPack:1") {
      expect((await run(GatewayAnswer.error("no such header"))).calls[1]?.args).toEqual(["x-host", "PDK_CALL_FAILED"]);
    }
    expect((await run("example.com")).calls[1]?.args).toEqual(["x-host", "example.com"]);
  });
});
