// Owns checking that each way to write a plugin works from a file dropped into a directory to calls on the wire.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTempDir, GatewayAnswer, runPhase, startInstance, startServer, WireClient } from "../support/index.js";
import type { RunningServer } from "../support/index.js";

const PHASES = fileURLToPath(new URL("../fixtures/phases", import.meta.url));

describe("kong-js-pdk's form and Go's", () => {
  let server: RunningServer;
  let client: WireClient;

  beforeAll(async () => {
    server = await startServer({ plugins: PHASES });
    client = await WireClient.connect(server.socketPath);
  });

  afterAll(() => server.close());

  it("hello sets a header from the request and its configuration", async () => {
    const id = await startInstance(client, "hello", { message: "dear" });
    const run = await runPhase(client, id, "access", { answer: () => "example.com" });
    expect(run.calls.slice(1)).toEqual([
      { method: "kong.response.set_header", args: ["x-hello", "dear example.com"] },
      { method: "kong.response.set_header", args: ["x-pid", server.pid] },
    ]);
    expect(run.end).toBe("ret");
  });

  it("hello without a host header writes to the gateway's log", async () => {
    const id = await startInstance(client, "hello");
    expect(await runPhase(client, id, "access")).toMatchObject({
      calls: [{ method: "kong.request.get_header" }, { method: "kong.log.err", args: ["no host header"] }],
      end: "ret",
    });
  });

  it("status answers 403 with a table and a header, and nothing after it happens", async () => {
    const id = await startInstance(client, "status");
    expect(await runPhase(client, id, "access")).toMatchObject({
      calls: [{ method: "kong.response.exit", args: [403, { error: "no entry" }, { "x-why": "status" }] }],
      end: "exit",
    });
  });

  it("transform reads bytes and answers bytes", async () => {
    const id = await startInstance(client, "transform");
    const body = Buffer.from([0x00, 0x80, 0xc3, 0x28, 0xfe]);
    const run = await runPhase(client, id, "response", {
      answer: (method) => (method === "kong.service.response.get_raw_body" ? body : 202),
    });
    expect(run.calls.at(-1)).toEqual({
      method: "kong.response.exit",
      args: [202, Buffer.concat([body, Buffer.from([0xff, 0x00])])],
    });
  });

  it("every phase reaches its handler with the configuration", async () => {
    const id = await startInstance(client, "every-phase", { label: "L" });
    for (const phase of ["certificate", "rewrite", "access", "response", "preread", "log"]) {
      expect(await runPhase(client, id, phase)).toMatchObject({
        calls: [{ method: "kong.ctx.shared.set", args: [phase, "L"] }],
        end: "ret",
      });
    }
  });

  it("the Go form gets its configuration over its defaults", async () => {
    const id = await startInstance(client, "go-style", { Message: "hi" });
    const run = await runPhase(client, id, "access", { answer: () => "GET" });
    expect(run.calls.at(-1)).toEqual({ method: "kong.response.set_header", args: ["x-go", "hi GET 2"] });
  });

  it("an instance keeps to its own configuration", async () => {
    const ids = await Promise.all(["a", "b", "c"].map((message) => startInstance(client, "hello", { message })));
    const runs = await Promise.all(ids.map((id) => runPhase(client, id, "access", { answer: () => "h" })));
    expect(runs.map(({ calls }) => calls[1]?.args[1])).toEqual(["a h", "b h", "c h"]);
  });

  it("a handler of kong-js-pdk's form gets the gateway's error", async () => {
    const id = await startInstance(client, "hello");
    const run = await runPhase(client, id, "access", { answer: () => GatewayAnswer.error("no such header") });
    expect(run.calls.some(({ args }) => String(args[0]).includes("no such header"))).toBe(true);
    expect(run.end).toBe("exit");
  });
});

describe("a directory of an operator", () => {
  const temp = createTempDir("forms");
  let server: RunningServer;
  let client: WireClient;

  beforeAll(async () => {
    temp.write("typed.ts", TYPED);
    temp.write(
      "legacy.js",
      "module.exports = { Plugin: class { async access(kong) { await kong.response.setHeader('x-form', 'legacy'); } }, Version: '1', Priority: 1, Schema: [] };",
    );
    temp.write("folder/package.json", '{"name": "anything", "type": "module", "main": "./entry.js"}');
    temp.write(
      "folder/entry.js",
      'import { value } from "./part.js"; export function New() { return { async Access(kong) { await kong.response.setHeader("x-form", value); } }; }',
    );
    temp.write("folder/part.js", 'export const value = "folder";');
    temp.write(
      "indexed/index.ts",
      'import { value } from "./part.js"; export const New = () => ({ async Access(kong: any) { await kong.response.setHeader("x-form", value); } });',
    );
    temp.write("indexed/part.ts", 'export const value: string = "indexed";');
    temp.write(
      "with-package/index.cjs",
      'const { value } = require("dep"); module.exports = { Plugin: class { async access(kong) { await kong.response.setHeader("x-form", value); } }, Version: "1", Schema: [] };',
    );
    temp.write("with-package/node_modules/dep/package.json", '{"name": "dep", "main": "index.js"}');
    temp.write("with-package/node_modules/dep/index.js", 'exports.value = "own package";');
    temp.write(
      "counter.mts",
      'let hits = 0; export const New = () => ({ async Access(kong: any) { hits += 1; await kong.ctx.shared.set("hits", hits); } });',
    );
    server = await startServer({ plugins: temp.path });
    client = await WireClient.connect(server.socketPath);
  });

  afterAll(async () => {
    await server.close();
    temp.remove();
  });

  it.each([
    ["legacy", "legacy"],
    ["folder", "folder"],
    ["indexed", "indexed"],
    ["with-package", "own package"],
  ])("%s is served", async (name, value) => {
    const id = await startInstance(client, name);
    expect(await runPhase(client, id, "access")).toMatchObject({
      calls: [{ method: "kong.response.set_header", args: ["x-form", value] }],
      end: "ret",
    });
  });

  it("a single TypeScript file gets pluginserver/pdk from the server", async () => {
    const id = await startInstance(client, "typed", { realm: "R" });
    const refused = await runPhase(client, id, "access");
    expect(refused.calls.at(-1)).toEqual({
      method: "kong.response.exit",
      args: [401, { message: "no key" }, { "www-authenticate": 'Key realm="R"' }],
    });
    const passed = await runPhase(client, id, "access", {
      answer: (method) => (method === "kong.request.get_header" ? "key" : undefined),
    });
    expect(passed).toMatchObject({ end: "ret", calls: [{ method: "kong.request.get_header", args: ["apikey"] }] });
  });

  it("gives line numbers of the TypeScript source in stack traces", async () => {
    const id = await startInstance(client, "typed", { realm: "throw" });
    await runPhase(client, id, "access");
    const line = TYPED.split("\n").findIndex((text) => text.includes("asked to throw")) + 1;
    await server.waitForLine(/asked to throw/);
    expect(server.lines.join("\n")).toContain(`typed.ts:${line}`);
  });

  it("state of the module lasts from event to event and is shared by its instances", async () => {
    const [one, two] = [await startInstance(client, "counter"), await startInstance(client, "counter")];
    const hits: unknown[] = [];
    for (const id of [one, two, one]) {
      await runPhase(client, id, "access", { answer: (_, args) => void hits.push(args[1]) });
    }
    expect(hits).toEqual([1, 2, 3]);
  });
});

const TYPED = `// A comment, an interface and a type that leave no trace in JavaScript.
import { definePlugin } from "pluginserver/pdk";

interface Unused {
  readonly text: string;
}

const assert = (value: string | undefined): value is string => value !== undefined;

export default definePlugin({
  version: "1.2.3",
  priority: 900,
  schema: [{ realm: { type: "string", default: "gateway" } }],
  async access(kong, config) {
    if (config.realm === "throw") throw new Error("asked to throw");
    const key = await kong.request.getHeader("apikey");
    if (!assert(key)) await kong.response.exit(401, { message: "no key" }, { "www-authenticate": \`Key realm="\${config.realm}"\` });
  },
});
`;
