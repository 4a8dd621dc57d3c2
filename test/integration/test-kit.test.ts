// What the test kit says against what the real server and the stand-in gateway do over sockets: the same plugins, both ways.
import { isUtf8 } from "node:buffer";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsName, PDK_METHODS } from "../../src/gateways/kong/pdk/index.js";
import { type Gateway, startGateway } from "../../src/gateways/kong/standin/index.js";
import { testPlugin, type TestResult } from "../../src/apps/testing/index.js";
import { runCli, type RunningServer, startServer } from "../support/index.js";
import { ask } from "../unit/gateways/kong/standin/http-client.js";

const PLUGINS = fileURLToPath(new URL("../fixtures/test-kit/", import.meta.url));

type Headers = readonly (readonly [string, string])[];

interface Exchange {
  readonly method?: string;
  /** Path and query. */
  readonly path?: string;
  readonly headers?: Headers;
  readonly body?: string | Buffer;
}

/** What can be compared of one request. */
interface Seen {
  readonly status: number;
  readonly headers: unknown;
  readonly body: string;
  readonly upstream: unknown;
  readonly logs: unknown;
}

const SERVICE_HEADERS = [["Content-Type", "application/json"], ["X-Service", "real"], ["X-Twice", "a"], ["X-Twice", "b"]] as const; // prettier-ignore
const SERVICE_BODY = '{"from":"the service","empty":{},"list":[1,null]}';

let service: Server;
const asked: { method: string; url: string; headers: Headers; body: Buffer }[] = [];
let server: RunningServer;
let pluginInfos: unknown;

beforeAll(async () => {
  const [started, dump] = await Promise.all([
    startServer({ plugins: PLUGINS }),
    runCli(["-plugins-dir", PLUGINS, "-dump-all-plugins"]),
    startService(),
  ]);
  server = started;
  pluginInfos = JSON.parse(dump.stdout.toString());
});

afterAll(async () => {
  service.close();
  await server.close();
});

function startService(): Promise<void> {
  service = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const headers = pairs(incoming.rawHeaders);
      asked.push({ method: incoming.method ?? "", url: incoming.url ?? "", headers, body: Buffer.concat(chunks) });
      outgoing.sendDate = false;
      outgoing.writeHead(200, [...SERVICE_HEADERS.flat(), "Content-Length", String(Buffer.byteLength(SERVICE_BODY))]);
      outgoing.end(incoming.method === "HEAD" ? undefined : SERVICE_BODY);
    });
  });
  return new Promise((resolve) => service.listen(0, "127.0.0.1", resolve));
}

const pairs = (raw: readonly string[]): [string, string][] =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, readable(raw[index + 1] ?? "")] as [string, string]] : []));

const serviceUrl = (): string => `http://127.0.0.1:${(service.address() as AddressInfo).port}`;

async function inGateway(plugin: string, config: unknown, use: (gateway: Gateway) => Promise<void>): Promise<void> {
  const gateway = await startGateway({
    port: 0,
    socketPath: server.socketPath,
    pluginInfos,
    config: {
      _format_version: "3.0",
      services: [{ name: "service", url: serviceUrl(), routes: [{ name: "route", paths: ["/"] }] }],
      plugins: [{ name: plugin, config }],
    },
  });
  try {
    await use(gateway);
  } finally {
    await gateway.close();
  }
}

async function overSockets(gateway: Gateway, { method = "GET", path = "/", headers = [], body }: Exchange): Promise<Seen> {
  asked.length = 0;
  const logged = gateway.logs.length;
  const question = { method, headers: [["Host", "example.com"], ...headers] as const };
  const answer = await ask(`${gateway.url}${path}`, body === undefined ? question : { ...question, body });
  await gateway.idle();
  const [request] = asked;
  return {
    status: answer.status,
    headers: comparable(answer.headers.map(([name, value]) => [name, readable(value)])),
    body: masked(answer.body.toString("latin1")),
    upstream: request && { ...request, headers: comparable(request.headers) },
    logs: gateway.logs.slice(logged).map(({ level, message, plugin }) => ({ level, message: masked(message), plugin })),
  };
}

async function inTheKit(plugin: string, config: object, gateway: Gateway, exchange: Exchange): Promise<Seen> {
  const t = await testPlugin(`${PLUGINS}${plugin}`, {
    config: config as never,
    service: { url: serviceUrl() },
    upstream: { headers: SERVICE_HEADERS, body: SERVICE_BODY },
  });
  return seenInTheKit(await t.run(kitRequest(gateway, exchange)));
}

function kitRequest(gateway: Gateway, { method = "GET", path = "/", headers = [], body }: Exchange): object {
  return {
    method,
    url: `${gateway.url}${path}`,
    // What the HTTP client of the other side adds.
    headers: [["Host", "example.com"], ...headers, ...lengthOf(body, method), ["Connection", "close"]],
    ...(body === undefined ? {} : { body }),
  };
}

const lengthOf = (body: string | Buffer | undefined, method: string): Headers =>
  body === undefined
    ? method === "GET" || method === "HEAD"
      ? []
      : [["Content-Length", "0"]]
    : [["Content-Length", String(Buffer.byteLength(body))]];

function seenInTheKit(result: TestResult): Seen {
  const { response, upstreamRequest } = result;
  return {
    status: response.status,
    headers: comparable(Object.entries(response.headers)),
    body: masked(response.body.toString("latin1")),
    upstream: upstreamRequest && {
      method: upstreamRequest.method,
      url: `${upstreamRequest.path}${upstreamRequest.rawQuery === "" ? "" : `?${upstreamRequest.rawQuery}`}`,
      headers: comparable(Object.entries(upstreamRequest.headers)),
      body: upstreamRequest.body,
    },
    logs: result.logs.map(({ level, message, plugin }) => ({ level, message: masked(message), plugin })),
  };
}

/** Belongs to a connection, or to the moment. */
const OF_THE_CONNECTION = new Set(["connection", "keep-alive", "date", "transfer-encoding"]);
const OF_THE_MOMENT = /^x-kong-(?:request-id|.*-latency)$/;

function comparable(headers: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const values = new Map<string, unknown[]>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (OF_THE_CONNECTION.has(key)) continue;
    const items = OF_THE_MOMENT.test(key) ? ["*"] : [value].flat();
    values.set(key, [...(values.get(key) ?? []), ...items]);
  }
  return Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** node:http gives a character per byte. */
function readable(byteString: string): string {
  const bytes = Buffer.from(byteString, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : byteString;
}

/** Ids of requests and instances, and how long something took. */
const masked = (text: string): string =>
  text
    .replace(/\b[0-9a-f]{32}\b/g, "ID")
    .replace(/\binstance \d+/, "instance ID")
    .replace(/(-latency":\[")\d+/g, "$1N");

const POST: Exchange = {
  method: "POST",
  path: "/items/a%20b?a=1&b=x&b=y&flag&empty=",
  headers: [["X-One", "1"], ["X-Multi", "a"], ["X-Multi", "b"], ["Content-Type", "application/json"], ["X-Cleared", "1"], ["X-Real-IP", "203.0.113.9"], ["X-Forwarded-Proto", "https"]], // prettier-ignore
  body: '{"name":"J\u00fcrgen","n":1.5,"empty":{},"list":[1,null]}',
};

describe("a plugin in the kit and behind a gateway", () => {
  it.each([
    ["writes.ts", {}, POST],
    ["writes.ts", { message: "hi", limits: {}, labels: { z: 2.5 } }, { path: "/?only" }],
    ["text-bodies.cjs", {}, { method: "POST", body: "some text" }],
    ["go-style.ts", { Header: "x-own", Limits: { first: 9 } }, {}],
    ["go-style.ts", {}, { method: "HEAD" }],
    ["unborn.ts", {}, POST],
  ] as const)("%s with %j: the same", async (plugin, config, exchange) => {
    await inGateway(plugin.replace(/\.\w+$/, ""), config, async (gateway) => {
      const real = await overSockets(gateway, exchange);
      expect(await inTheKit(plugin, config, gateway, exchange)).toEqual(real);
    });
  });

  const WAYS = ["exit", "exit with a table", "exit with bytes", "exit with nothing", "exit, not awaited, and more", "error", "throw", "throw something odd", "reject late", "refused", "refused, not waited for"]; // prettier-ignore

  it.each(["rewrite", "access", "response", "log"].flatMap((phase) => WAYS.map((way) => [way, phase] as const)))(
    "that ends by %s in %s: the same",
    async (way, phase) => {
      const config = { phase, way };
      await inGateway("ends", config, async (gateway) => {
        const real = await overSockets(gateway, POST);
        expect(real.logs).not.toEqual([]);
        expect(await inTheKit("ends.ts", config, gateway, POST)).toEqual(real);
      });
    },
  );

  describe.each(["rewrite", "access", "response", "log"])("that calls each function of the PDK in %s", (phase) => {
    it("gets the same", async () => {
      await inGateway("probe", {}, async (gateway) => {
        const t = await testPlugin(`${PLUGINS}probe.ts`, {
          service: { url: serviceUrl() },
          upstream: { headers: SERVICE_HEADERS, body: SERVICE_BODY },
        });
        const answered = new Set<string>();
        for (const { path, args } of CALLS) {
          const probe = JSON.stringify({ phase, path, args });
          const exchange = { ...POST, headers: [...(POST.headers ?? []), ["X-Probe", probe] as const] };
          const real = await overSockets(gateway, exchange);
          const kit = seenInTheKit(await t.run(kitRequest(gateway, exchange)));
          expect(ofThisMoment(path, kit), probe).toEqual(ofThisMoment(path, real));
          if (JSON.stringify(real.logs).includes(`${phase} ${path}: `)) answered.add(path);
        }
        // No comparison of failures with failures: these are the functions that the phase allows, and a name that none has.
        const allowed = PDK_METHODS.filter(({ phases, ends }) => (phases as readonly string[]).includes(phase) && !ends);
        const missing = allowed
          .map(({ method }) => pathOf(method))
          .filter((path) => !answered.has(path) && path !== "log.inspect");
        expect(missing).toEqual([]);
      });
    });
  });
});

interface Call {
  readonly path: string;
  readonly args: readonly unknown[];
}

const pathOf = (method: string): string => method.split(".").slice(1).map(jsName).join(".");

/** What a function needs to be of use; most need nothing. */
const ARGUMENTS: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  "client.loadConsumer": [["00000000-0000-0000-0000-000000000000"], ["nobody", true], ["nobody"]],
  "client.authenticate": [
    [
      { id: "c", username: "alice" },
      { id: "k", key: "secret" },
    ],
  ],
  "client.tls.setClientVerify": [["SUCCESS"]],
  "ctx.shared.get": [["k"]],
  "ctx.shared.set": [
    ["k", { $bytes: "/w==" }],
    ["k", { a: [1, { b: null }] }],
  ],
  "ip.isTrusted": [["127.0.0.1"], ["8.8.8.8"], ["x"]],
  "log.alert": [["text", 1, true, { a: [1] }, { $bytes: "/w==" }]],
  "log.setSerializeValue": [
    ["a.b", { c: 1 }],
    ["a.b", "v", { mode: "add" }],
  ],
  "nginx.getVar": [["request_uri"], ["no_such_var"], ["arg_a"], ["http_x_one"]],
  "nginx.getCtx": [["route"], ["none"]],
  "nginx.setCtx": [["k", "v"]],
  "node.getMemoryStats": [[], ["m"], ["x"]],
  "request.getQueryArg": [["a"], ["b"], ["flag"], ["empty"], ["none"], []],
  "request.getQuery": [[], [2], [1001]],
  "request.getHeader": [["X-One"], ["x_multi"], ["none"], [1]],
  "request.getHeaders": [[], [2], [1001]],
  "request.getRawBody": [[], [0]],
  "request.getBody": [[], ["application/x-www-form-urlencoded"], ["text/plain"]],
  "response.getHeader": [["x-service"], ["X-Twice"], ["none"]],
  "response.getHeaders": [[], [1]],
  "response.setStatus": [[201], [7]],
  "response.setHeader": [
    ["x-a", "1"],
    ["x-a", 1.5],
    ["x-a", ["1", "2"]],
    ["x-a", { $bytes: "w7w=" }],
    ["x-a", {}],
  ],
  "response.addHeader": [["x-service", "2"]],
  "response.clearHeader": [["x-service"]],
  "response.setHeaders": [[{ "x-a": "1", "x-b": ["1", "2"], "x-n": 3 }]],
  "response.exit": [[418], ["418"], [200, { a: 1 }], [200, null, { a: "1" }]],
  "response.error": [[500], [400, "bad"]],
  "service.setUpstream": [["none"]],
  "service.setTarget": [["127.0.0.1", 1]],
  "service.setRetries": [[3]],
  "service.setTimeouts": [[1000, 1000, 1000]],
  "service.setTlsVerify": [[true]],
  "service.request.setScheme": [["http"], ["ftp"]],
  "service.request.setPath": [["/other path"], ["no-slash"]],
  "service.request.setRawQuery": [["x=1&y"]],
  "service.request.setMethod": [["PUT"], ["put"]],
  "service.request.setQuery": [[{ a: "1", b: ["2", "3"], c: true }], [{}]],
  "service.request.setHeader": [["x-u", "1"], ["host", "other.example"], ["x-u"], ["x-u", { $bytes: "/w==" }]],
  "service.request.addHeader": [
    ["x-one", "2"],
    ["x-u", ["1", "2"]],
  ],
  "service.request.clearHeader": [["x-one"]],
  "service.request.setHeaders": [[{ "x-s": "1", "x-t": ["a", "b"] }]],
  "service.request.setRawBody": [["text"], [{ $bytes: "AAH/" }], [""]],
  "service.request.setBody": [[{ a: 1 }], [{ a: "x y" }, "application/x-www-form-urlencoded"], [{ a: 1 }, "text/plain"]],
  "service.response.getHeader": [["x-service"], ["none"]],
  "service.response.getHeaders": [[], [2]],
  "service.response.getBody": [[], ["application/json"], ["text/plain"]],
  "vault.isReference": [["{vault://env/x}"], ["x"]],
  "vault.get": [["{vault://env/x}"]],
};

const CALLS: readonly Call[] = [
  ...PDK_METHODS.flatMap(({ method }) => {
    const path = pathOf(method);
    return (ARGUMENTS[path] ?? [["argument"]]).map((args) => ({ path, args }));
  }),
  { path: "no.suchFunction", args: [1] },
];

/** Its target is a port that nobody listens on: what a service answers is not what is compared here. */
const REFUSING = new Set(["service.setTarget"]);

/** Times, sizes and ids of a process are what they are. */
const MOMENTARY =
  /^(?:client\.getPort|log\.serialize|nginx\.(?:getStatistics|reqStartTime)|node\.getMemoryStats|request\.getStartTime)$/;

function ofThisMoment(path: string, seen: Seen): unknown {
  if (REFUSING.has(path)) return { logs: (seen.logs as { plugin?: string }[]).filter(({ plugin }) => plugin !== undefined) };
  if (!MOMENTARY.test(path)) return { ...seen, logs: JSON.parse(JSON.stringify(seen.logs).replace(TIMESTAMPS, "0")) as unknown };
  return { ...seen, logs: JSON.parse(JSON.stringify(seen.logs).replace(/\d+(?:\.\d+)?/g, "0")) as unknown };
}

const TIMESTAMPS = /(?<=(?:created|updated)_at\\":\{\\"number\\":)\d+/g;
