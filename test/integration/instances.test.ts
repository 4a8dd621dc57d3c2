// Owns checking what an instance is told of its configuration, and what others are told of it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connectPeer,
  createTempDir,
  isRecord,
  type Peer,
  PROTOCOLS,
  type RunningServer,
  runPhase,
  startInstance,
  startServer,
  type TempDir,
  WireClient,
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
  plugins.write("broken.ts", "export default {{");
  plugins.write(
    "mapped.ts",
    `import { definePlugin } from "pluginserver/pdk";
    export default definePlugin({ version: "1.0.0", schema: [
      { map: { type: "map", keys: { type: "string" }, values: { type: "string" } } },
      { list: { type: "record", fields: [{ a: { type: "string" } }] } },
    ], access() {} });`,
  );
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

it("a status hides what the schema cannot tell of", async () => {
  const client = await WireClient.connect(server.socketPath);
  const secret = "hunter2";
  for (const [plugin, config] of [
    ["nowhere", { text: secret, ...ADDED }],
    ["broken", { text: secret }],
    ["defined", { text: [secret] }],
    ["defined", { text: { [secret]: 1 }, other: secret, [secret]: secret }],
    ["mapped", { map: { [secret]: 1 }, list: [secret] }],
  ] as const) {
    const started = await client.call("plugin.StartInstance", { Name: plugin, Config: JSON.stringify(config) });
    expect(started).toHaveProperty("Error");
    expect(JSON.stringify(started)).not.toContain(secret);
    const id = isRecord(started) ? started["Id"] : 0;
    for (const [method, argument] of [
      ["plugin.InstanceStatus", id],
      ["plugin.GetStatus", 0],
      ["plugin.CloseInstance", id],
    ] as const) {
      expect(JSON.stringify(await client.call(method, argument))).not.toContain(secret);
    }
  }
  const text = await client.call("plugin.StartInstance", { Name: "defined", Config: `{"text": ${secret}` });
  expect(JSON.stringify(text)).not.toContain(secret);
  expect(server.lines.filter((line) => line.includes(secret))).toEqual([]);
  await client.close();
});

/** ProtoBuf:1 carries a text as bytes where it must. */
const parsed = (text: unknown): unknown => JSON.parse(String(text));
