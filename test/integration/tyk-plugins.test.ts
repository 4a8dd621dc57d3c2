// Plugins of `defineTykPlugin` in real isolates behind the server for Tyk, called over gRPC by the stand-in of the gateway.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import type * as Isolates from "../../src/core/isolates/index.js";
import type { IsolateLimits } from "../../src/core/isolates/index.js";
import type * as Server from "../../src/core/server/index.js";
import type * as Api from "../../src/apps/plugin-api/index.js";
import type * as Tyk from "../../src/gateways/tyk/server/index.js";
import { findTykRelease } from "../../src/gateways/tyk/releases/index.js";
import {
  describeApi,
  GrpcDispatcher,
  type StandinApi,
  TykGateway,
  type ClientResponse,
} from "../../src/gateways/tyk/standin/index.js";

const load = async (folder: string): Promise<unknown> =>
  import(/* @vite-ignore */ new URL(`../../dist/${folder}/index.js`, import.meta.url).href);
const { PluginPool, startThread } = (await load("core/isolates")) as typeof Isolates;
const { PluginDirectory } = (await load("core/server")) as typeof Server;
const { TykServer } = (await load("gateways/tyk/server")) as typeof Tyk;
const { PLUGIN_API } = (await load("apps/plugin-api")) as typeof Api;

const WORKER = new URL("../../dist/gateways/tyk/worker/gateway-worker.js", import.meta.url).href;
const LIMITS: IsolateLimits = {
  memory: 96 * 2 ** 20,
  maxCalls: 50,
  stallTimeout: 2000,
  loadTimeout: 20_000,
  maxBodySize: 0,
  idleTimeout: 60_000,
  endTimeout: 5000,
  disposeTimeout: 1000,
  env: {},
};
const RELEASE = findTykRelease("5.14.0");

const PLUGIN = `
import { defineTykPlugin } from "pluginserver/tyk";

let hits = 0;
export default defineTykPlugin({
  config: { greeting: { type: "string", required: true } },
  init: ({ log }) => log.info("it begins"),
  pre: {
    addFooBar: (request) => request.headers.set("Foo", "Bar"),
    upper(request) { request.body = request.text().toUpperCase(); },
    stray(request) { setTimeout(() => { throw new Error("stray"); }); },
  },
  authCheck: (request, { session, deny }) =>
    request.headers.get("authorization") === "abc" ? session({ alias: "abc-session" }) : deny(403, "no"),
  post(request, { session, config, log }) {
    hits += 1;
    log.info("hit", { hits });
    request.headers.set("X-Seen", config.greeting + " " + session?.alias);
  },
  endpoints: { "GET /get": (_request, { respond }) => respond(200, { virtual: true }) },
  response(response) {
    response.headers.append("Set-Cookie", "c=3");
    response.body = JSON.stringify({ message: "Hi! I'm a response plugin" });
  },
});
`;

async function start(api: Partial<StandinApi>) {
  const root = await mkdtemp(join(tmpdir(), "tyk-plugins-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const directory = join(root, "plugins");
  await mkdir(directory);
  await writeFile(join(directory, "hello.ts"), PLUGIN);
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
    address: { kind: "unix", path: join(root, "tyk.sock") },
    socketMode: 0o600,
    callTimeout: 6000,
    bindingTimeout: 60_000,
    drainTimeout: 10_000,
    maxMessageSize: 8 * 2 ** 20,
    maxConnections: 100,
    maxCalls: 1000,
    definitions: undefined,
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
          api: PLUGIN_API,
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
  const dispatcher = new GrpcDispatcher({ server: `unix://${join(root, "tyk.sock")}`, release: RELEASE });
  onTestFinished(() => dispatcher.close());
  const seen: { headers: Readonly<Record<string, string>>; body: string }[] = [];
  const gateway = new TykGateway({
    apis: [describeApi({ targetUrl: "http://service.test", listenPath: "/t/", configData: { greeting: "hello" }, ...api })],
    dispatcher,
    release: RELEASE,
    upstream: ({ headers, body }) => {
      seen.push({ headers: Object.fromEntries(headers), body: body.toString() });
      const answer = [
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
        ["Content-Length", "2"],
      ] as const;
      return Promise.resolve({ status: 200, headers: answer, body: Buffer.from("up") });
    },
  });
  const logged = async (text: string): Promise<void> => {
    while (!log.some((line) => line.includes(text))) await new Promise<void>((resolve) => (onLine = resolve));
  };
  const send = async (target: string, { body = "", key }: { body?: string; key?: string } = {}): Promise<ClientResponse> => {
    const headers = [["Host", "example.com"], ...(key === undefined ? [] : [["Authorization", key] as const])] as const;
    const client = {
      method: body === "" ? "GET" : "POST",
      target,
      headers,
      body: Buffer.from(body),
      scheme: "http",
      address: "",
    } as const;
    const outcome = await gateway.handle(client);
    if ("dropped" in outcome) throw new Error(outcome.dropped);
    return outcome;
  };
  return { send, seen, log, logged };
}

describe("a plugin for Tyk", () => {
  it("runs its hooks through gateway, gRPC and isolate", async () => {
    const t = await start({
      keyless: false,
      pre: [{ name: "addFooBar" }, { name: "hello:upper" }],
      authCheck: { name: "hello" },
      post: [{ name: "hello:post" }, { name: "hello:endpoints" }],
      response: [{ name: "hello" }],
    });
    const answer = await t.send("/t/x?a=1", { body: "body", key: "abc" });
    expect([answer.status, answer.body.toString()]).toEqual([200, JSON.stringify({ message: "Hi! I'm a response plugin" })]);
    expect(answer.headers.filter(([name]) => name === "Set-Cookie").map(([, value]) => value)).toEqual(["a=1", "b=2", "c=3"]);
    expect(t.seen[0]).toMatchObject({ body: "BODY", headers: { Foo: "Bar", "X-Seen": "hello abc-session" } });
    const refused = await t.send("/t/x");
    expect([refused.status, JSON.parse(refused.body.toString())]).toEqual([403, { error: "no" }]);
    const virtual = await t.send("/t/get", { key: "abc" });
    expect(JSON.parse(virtual.body.toString())).toEqual({ virtual: true });
    await t.logged("it begins");
    await t.logged("server-sent events");
    expect(t.log.some((line) => line.includes("hit") && line.includes("api_id"))).toBe(true);
  });

  it("has large bodies both ways", async () => {
    const t = await start({ pre: [{ name: "upper" }] });
    const body = "a".repeat(300_000);
    expect((await t.send("/t/x", { body })).status).toBe(200);
    expect(t.seen[0]?.body).toBe(body.toUpperCase());
  });

  it("fails closed where its configuration does not fit, and where a name means nothing", async () => {
    const t = await start({ pre: [{ name: "addFooBar" }], configData: {} });
    expect((await t.send("/t/x")).status).toBe(500);
    await t.logged("greeting is missing");
    const other = await start({ pre: [{ name: "nobody" }] });
    expect((await other.send("/t/x")).status).toBe(500);
    await other.logged('no pre function \\"nobody\\"');
    expect(t.seen).toEqual([]);
  });

  it("has errors of its timers logged with their hook", async () => {
    const t = await start({ pre: [{ name: "stray" }] });
    expect((await t.send("/t/x")).status).toBe(200);
    await t.logged("stray");
    expect(t.log.find((line) => line.includes("stray"))).toContain("pre/stray");
  });
});
