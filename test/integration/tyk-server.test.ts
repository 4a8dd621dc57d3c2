// A server for Tyk gateways as a client of another make sees it: hooks in real isolates, found by name, failing closed.
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import type * as Isolates from "../../src/core/isolates/index.js";
import type { IsolateLimits } from "../../src/core/isolates/index.js";
import type { PluginApi } from "../../src/core/plugins/index.js";
import type * as Server from "../../src/core/server/index.js";
import type { Address } from "../../src/gateways/tyk/address/index.js";
import type { DefinitionSource } from "../../src/gateways/tyk/definitions/index.js";
import type * as Tyk from "../../src/gateways/tyk/server/index.js";
import { GrpcClient, type Outcome } from "../unit/gateways/tyk/http2/grpc-client.js";
import { peerDecode, peerEncode } from "../unit/gateways/tyk/messages/peer.js";

const load = async (folder: string): Promise<unknown> =>
  import(/* @vite-ignore */ new URL(`../../dist/${folder}/index.js`, import.meta.url).href);
const { PluginPool, startThread } = (await load("core/isolates")) as typeof Isolates;
const { PluginDirectory } = (await load("core/server")) as typeof Server;
const { TykServer } = (await load("gateways/tyk/server")) as typeof Tyk;

const FIXTURES = fileURLToPath(new URL("../fixtures/tyk-hooks", import.meta.url));
const WORKER = new URL("../fixtures/tyk-hooks/worker.mjs", import.meta.url).href;
const API: PluginApi = {
  package: "hooks",
  name: "hooks",
  version: "1.0.0",
  versionFields: ["version"],
  entries: new Map(),
  compatibleFlag: "",
};
const LIMITS: IsolateLimits = {
  memory: 96 * 2 ** 20,
  maxCalls: 5,
  stallTimeout: 1000,
  loadTimeout: 10_000,
  maxBodySize: 0,
  idleTimeout: 60_000,
  endTimeout: 5000,
  disposeTimeout: 1000,
  env: {},
};

interface Started {
  readonly server: Tyk.TykServer;
  readonly client: GrpcClient;
  readonly directory: string;
  readonly address: Address;
  /** What it logged, as JSON lines. */
  readonly log: readonly string[];
  readonly logged: (text: string) => Promise<void>;
}

interface Settings {
  readonly directory?: string;
  readonly address?: Address;
  readonly callTimeout?: number;
  readonly definitions?: DefinitionSource;
}

async function start({ directory: given, address, callTimeout = 6000, definitions }: Settings = {}): Promise<Started> {
  const root = await mkdtemp(join(tmpdir(), "tyk-server-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const directory = given ?? join(root, "plugins");
  if (given === undefined) await cp(join(FIXTURES, "plugins"), directory, { recursive: true });
  const log: string[] = [];
  let onLine: () => void = () => {};
  const logger = pino(
    { base: null },
    {
      write: (line) => {
        log.push(line);
        onLine();
      },
    },
  );
  const server = new TykServer({
    address: address ?? { kind: "unix", path: join(root, "tyk.sock") },
    socketMode: 0o600,
    callTimeout,
    bindingTimeout: 60_000,
    drainTimeout: 10_000,
    maxMessageSize: 8 * 2 ** 20,
    maxConnections: 100,
    maxCalls: 1000,
    definitions,
    logger,
    createPool: ({ name, artifact }, listener) =>
      new PluginPool({
        plugin: name,
        artifact,
        gatewayWorker: WORKER,
        isolates: 1,
        startTransport: startThread,
        limits: LIMITS,
        listener,
      }),
    createSource: ({ served, onNewCode, onPluginLog }) =>
      new PluginDirectory({
        directory,
        watch: false,
        served,
        onNewCode,
        logger,
        load: {
          gatewayWorker: WORKER,
          checkDefinition: () => ({ errors: [], warnings: [], notes: [], effects: [], announced: {} }),
          api: API,
          versionMatch: "compatible",
          trustedKeys: [],
          loadTimeout: LIMITS.loadTimeout,
          limits: LIMITS,
          runsInit: true,
          onPluginLog,
        },
      }),
  });
  onTestFinished(() => server.close());
  await server.start();
  const logged = async (text: string): Promise<void> => {
    while (!log.some((line) => line.includes(text))) await new Promise<void>((resolve) => (onLine = resolve));
  };
  return { server, client: new GrpcClient(server.address), directory, address: server.address, log, logged };
}

const SPEC = { OrgID: "org", APIID: "api1" };

const object = (hook: string, fields: object = {}): Buffer =>
  peerEncode({
    hook_type: 1,
    hook_name: hook,
    request: { url: "/t/get?a=1", method: "POST", raw_body: Buffer.from("body"), return_overrides: { response_code: -1 } },
    spec: SPEC,
    ...fields,
  });

const dispatch = (client: GrpcClient, message: Uint8Array, metadata: Record<string, string> = {}): Promise<Outcome> =>
  client.call("/coprocess.Dispatcher/Dispatch", { message, metadata });

/** What the reply says of the request. */
function requestOf({ message, details }: Outcome): unknown {
  if (message === undefined) throw new Error(details);
  return peerDecode(message)["request"];
}

describe("a hook", () => {
  it.each([
    ["calm:hello", "by file and function"],
    ["hello", "by its function alone"],
  ])("%s is found %s, and has the configuration of the API", async (name) => {
    const { client } = await start();
    const { request } = {
      request: requestOf(await dispatch(client, object(name, { spec: { ...SPEC, config_data: '{"a":1}' } }))),
    };
    expect(request).toEqual({
      url: "/t/get?a=1",
      method: "POST",
      raw_body: Buffer.from("body").toString("base64"),
      return_overrides: {},
      set_headers: { "X-Config": '{"a":1}' },
    });
    expect(requestOf(await dispatch(client, object(name)))).toMatchObject({ set_headers: { "X-Config": "{}" } });
  });

  it("of many calls at once for many APIs has each its own configuration", async () => {
    const { client } = await start();
    const configs = Array.from({ length: 5 }, (_, i) => JSON.stringify({ i }));
    for (let round = 0; round < 5; round += 1) {
      const outcomes = await Promise.all(
        configs.map((config_data) => dispatch(client, object("hello", { spec: { ...SPEC, config_data } }))),
      );
      expect(outcomes.map((outcome) => requestOf(outcome))).toMatchObject(
        configs.map((config) => ({ set_headers: { "X-Config": config } })),
      );
    }
  });

  it("takes and makes megabytes", async () => {
    const { client } = await start();
    const request = { url: "/", method: "POST", raw_body: Buffer.alloc(2_000_000, "y"), return_overrides: {} };
    const { message } = await dispatch(client, object("large", { request }));
    expect(message?.length).toBeGreaterThan(3_000_000);
  });

  it("gets the trace of its call", async () => {
    const { client } = await start();
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    expect(requestOf(await dispatch(client, object("trace"), { traceparent }))).toMatchObject({
      set_headers: { "X-Trace": traceparent },
    });
    expect(requestOf(await dispatch(client, object("trace")))).toMatchObject({ set_headers: { "X-Trace": "none" } });
  });

  it("gets the definition of its API, where there is a source of it", async () => {
    const definitions: DefinitionSource = {
      definition: (apiId) => (apiId === "api1" ? Promise.resolve({ api_id: apiId } as never) : Promise.reject(new Error("none"))),
      bundles: () => Promise.resolve([]),
      close: () => Promise.resolve(),
    };
    const { client } = await start({ definitions });
    const wanted = { set_headers: { "X-Definition": '{"api_id":"api1"}' } };
    for (let i = 0; i < 3; i += 1) expect(requestOf(await dispatch(client, object("definition")))).toMatchObject(wanted);
    expect((await dispatch(client, object("strange"))).details).toContain("the isolate asks for what there is not");
    const without = await start();
    expect((await dispatch(without.client, object("definition"))).details).toContain("the server has no definitions");
  });
});

describe("a call that fails names plugin and function:", () => {
  it.each([
    ["nothing:hello", 5, 'plugin server: there is no plugin "nothing"'],
    ["misbehaves:hello", 5, 'plugin server: plugin "misbehaves" has no pre function "hello"'],
    ["only", 5, "is a function of post, and was called as pre"],
    ["", 5, "plugin server: there is no plugin"],
    ["throws", 13, "plugin misbehaves, pre/throws: thrown by a hook: nö"],
    ["exits", 13, "plugin misbehaves, pre/exits: "],
    ["silent", 13, "plugin misbehaves, pre/silent: it made no reply"],
    ["loops", 13, "plugin misbehaves, pre/loops: "],
  ])("%s", async (name, status, text) => {
    const { client, log } = await start();
    const outcome = await dispatch(client, object(name));
    expect(outcome.status).toBe(status);
    expect(outcome.details).toContain(text);
    // What ends the isolate is told of the isolate, once.
    const told = name === "exits" || name === "loops" ? "isolate of plugin misbehaves died" : "api1";
    expect(log.some((line) => line.includes(told))).toBe(true);
    // The plugin beside it, and this one anew.
    expect(await dispatch(client, object("hello"))).toMatchObject({ status: 0 });
    expect(await dispatch(client, object("misbehaves:only", { hook_type: 2 }))).toMatchObject({ status: 0 });
  });

  it("one that takes too long", async () => {
    const { client, logged } = await start({ callTimeout: 2000 });
    const outcome = await dispatch(client, object("waits"));
    expect(outcome).toMatchObject({ status: 4, details: "plugin misbehaves, pre/waits: it took longer than 2000 ms" });
    await logged("cancelled: it took longer than 2000 ms");
  });

  it("one whose client leaves is cancelled in the isolate", async () => {
    const { client, logged } = await start();
    const { call, outcome } = client.start("/coprocess.Dispatcher/Dispatch", { message: object("waits") });
    await logged("waiting");
    call.cancel();
    expect(await outcome).toMatchObject({ status: 1 });
    await logged("cancelled: the client has cancelled");
  });

  it("more at once than an isolate takes", async () => {
    const { client, log, logged } = await start();
    const calls = Array.from({ length: LIMITS.maxCalls }, () =>
      client.start("/coprocess.Dispatcher/Dispatch", { message: object("waits") }),
    );
    await logged("waiting");
    while (log.filter((line) => line.includes("waiting")).length < LIMITS.maxCalls)
      await new Promise((resolve) => setImmediate(resolve));
    const { status, details } = await dispatch(client, object("waits"));
    expect([status, details]).toEqual([8, expect.stringContaining("plugin misbehaves, pre/waits: ")]);
    for (const { call } of calls) call.cancel();
  });

  it.each([
    ["bytes that are no message", Buffer.from([0xff]), 3],
    ["an unknown hook type", object("hello", { hook_type: 0 }), 3],
  ])("%s", async (_what, message, status) => {
    const { client, logged } = await start();
    expect(await dispatch(client, message)).toMatchObject({ status });
    await logged("a gateway's call is refused");
  });

  it("a configuration that the plugin refuses", async () => {
    const { client, log } = await start();
    const misfit = object("hello", { spec: { ...SPEC, config_data: '{"misfit":1}' } });
    await dispatch(client, misfit);
    expect(log.filter((line) => line.includes("cannot run with the config_data"))).toHaveLength(1);
  });
});

describe("an event", () => {
  const event = (handler_name: string): Buffer => {
    const payload = JSON.stringify({
      message: { Type: "AuthFailure", Meta: {} },
      handler_name,
      spec: { APIID: "api1", OrgID: "org" },
    });
    const size = Buffer.byteLength(payload);
    return Buffer.concat([Buffer.from([0x0a, (size & 0x7f) | 0x80, size >> 7]), Buffer.from(payload)]);
  };
  const tell = (client: GrpcClient, message: Uint8Array): Promise<Outcome> =>
    client.call("/coprocess.Dispatcher/DispatchEvent", { message });

  it.each(["calm", "calm:AuthFailure", "AuthFailure"])("reaches its function by the handler's name %s", async (name) => {
    const { client, logged } = await start();
    expect(await tell(client, event(name))).toMatchObject({ status: 0, message: Buffer.alloc(0) });
    await logged("event of ");
  });

  it("that nobody handles, or that is none, is refused", async () => {
    const { client } = await start();
    expect(await tell(client, event("misbehaves"))).toMatchObject({ status: 5 });
    expect(await tell(client, Buffer.from("0a017b", "hex"))).toMatchObject({ status: 3 });
  });
});

describe("plugins that change", () => {
  it("are served after a reload, with nothing lost meanwhile, and a name that two have fails", async () => {
    const { server, client, directory } = await start();
    expect(await dispatch(client, object("hello"))).toMatchObject({ status: 0 });
    const until = new AbortController();
    const statuses: number[] = [];
    const caller = (async () => {
      while (!until.signal.aborted) statuses.push((await dispatch(client, object("calm:hello"))).status);
    })();
    const twin = 'module.exports = { "pre/hello": ({ reply }) => reply({ setHeaders: new Map([["X-New", "code"]]) }) };';
    await writeFile(join(directory, "twin.cjs"), twin);
    await writeFile(join(directory, "calm.cjs"), twin);
    void server.reload();
    const isNew = async (): Promise<boolean> => {
      const request = requestOf(await dispatch(client, object("calm:hello"))) as { set_headers: Record<string, string> };
      return request.set_headers["X-New"] === "code";
    };
    while (!(await isNew()));
    while ((await dispatch(client, object("twin:hello"))).status !== 0);
    until.abort();
    await caller;
    expect(statuses.filter((status) => status !== 0)).toEqual([]);
    const { status, details } = await dispatch(client, object("hello"));
    expect([status, details]).toEqual([
      5,
      'plugin server: "hello" means more than one pre function: write "calm:hello" or "twin:hello" in the API definition',
    ]);
  });

  it("a plugin that does not load says so to who calls it", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tyk-plugins-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await writeFile(join(directory, "broken.cjs"), "throw new Error('not today')");
    const { client } = await start({ directory });
    const { status, details } = await dispatch(client, object("broken:hello"));
    expect([status, details]).toEqual([5, expect.stringContaining("not today")]);
  });
});

describe("the server", () => {
  it("serves over TCP, and says by its health service whether it serves", async () => {
    const { client, address } = await start({ address: { kind: "tcp", host: "127.0.0.1", port: 0 } });
    expect(address).toMatchObject({ kind: "tcp", host: "127.0.0.1" });
    const check = Buffer.from("\n\u0014coprocess.Dispatcher");
    expect(await client.call("/grpc.health.v1.Health/Check", { message: check })).toMatchObject({
      status: 0,
      message: Buffer.from([8, 1]),
    });
    expect(await dispatch(client, object("hello"))).toMatchObject({ status: 0 });
  });

  it("hands its clients over to the server that takes its path, which loses none of their calls", async () => {
    const former = await start();
    const statuses: number[] = [];
    let isOver = false;
    const callers = Array.from({ length: 4 }, async () => {
      while (!isOver) statuses.push((await dispatch(former.client, object("hello"))).status);
    });
    const successor = await start({ address: former.address });
    await former.logged("another server has taken");
    await former.server.close();
    const before = statuses.length;
    while (statuses.length < before + 50) await new Promise((resolve) => setImmediate(resolve));
    isOver = true;
    await Promise.all(callers);
    expect(statuses.filter((status) => status !== 0)).toEqual([]);
    expect(await dispatch(successor.client, object("hello"))).toMatchObject({ status: 0 });
  });

  it("answers what runs before it ends", async () => {
    const { server, client } = await start();
    const calls = Array.from({ length: 3 }, () => dispatch(client, object("large")));
    await dispatch(client, object("hello"));
    await server.close();
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([0, 0, 0]);
  });
});
