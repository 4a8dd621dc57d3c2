// Owns checking what an instance is told of its configuration, and what others are told of it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connectPeer,
  createTempDir,
  type Peer,
  PROTOCOLS,
  type RunningServer,
  runPhase,
  startInstance,
  startServer,
  type TempDir,
} from "../support/index.js";

/** Each form of a plugin that answers with its whole configuration. */
const FORMS = {
  defined: `import { definePlugin } from "pluginserver/pdk";
    export default definePlugin({ version: "1.0.0", schema: [{ text: { type: "string" } }],
      access(kong, config) { return kong.response.exit(200, JSON.stringify(config)); } });`,
  golike: `exports.New = () => ({ text: "", Access(kong) { return kong.response.exit(200, JSON.stringify(this)); } });
    exports.Version = "1.0.0"; exports.Priority = 1;`,
  jspdk: `exports.Plugin = class { constructor(config) { this.config = config; }
      access(kong) { return kong.response.exit(200, JSON.stringify(this.config)); } };
    exports.Schema = [{ text: { type: "string" } }]; exports.Version = "1.0.0"; exports.Priority = 1;`,
} as const;

/** What gateways from 2.0 to 3.9 add. */
const ADDED = {
  __seq__: 3,
  __key__: "plugins:x:r:::",
  __plugin_id: "7e0e52a5-3c3f-4f6b-a3e5-6c6ed7d5a001",
  __ws_id: "7e0e52a5-3c3f-4f6b-a3e5-6c6ed7d5a002",
  route_id: "7e0e52a5-3c3f-4f6b-a3e5-6c6ed7d5a003",
  service_id: "7e0e52a5-3c3f-4f6b-a3e5-6c6ed7d5a004",
  consumer_id: "7e0e52a5-3c3f-4f6b-a3e5-6c6ed7d5a005",
  plugin_instance_name: "one-of-many",
};

let plugins: TempDir;
let server: RunningServer;

beforeAll(async () => {
  plugins = createTempDir("in");
  for (const [name, code] of Object.entries(FORMS)) plugins.write(`${name}.${name === "defined" ? "ts" : "cjs"}`, code);
  server = await startServer({ plugins: plugins.path });
});

afterAll(async () => {
  await server.close();
  plugins.remove();
});

describe.each(PROTOCOLS)("%s", (protocol) => {
  let peer: Peer;

  beforeAll(async () => {
    peer = await connectPeer(protocol, server.socketPath);
  });

  afterAll(() => peer.close());

  it.each(Object.keys(FORMS))("the configuration of a plugin (%s) is its own, without the gateway's keys", async (name) => {
    const id = await startInstance(peer, name, { text: "hello", ...ADDED });
    const run = await runPhase(peer, id, "access");
    expect(parsed(run.calls[0]?.args[1])).toEqual({ text: "hello" });
  });
});

/** ProtoBuf:1 carries a text as bytes where it must. */
const parsed = (text: unknown): unknown => JSON.parse(String(text));
