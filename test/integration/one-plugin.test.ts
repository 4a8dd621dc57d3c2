// Plugins that are written for Kong run behind both gateways, unmodified: each gateway's client calls the real binary.
import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createTempDir,
  runCli,
  runPhase,
  type RunningServer,
  startInstance,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";
import { GrpcClient } from "../unit/gateways/tyk/http2/grpc-client.js";
import { peerDecode, peerEncode } from "../unit/gateways/tyk/messages/peer.js";

const HOOKS = { pre: 1, post: 2, postKeyAuth: 3, auth: 4, response: 5 } as const;
/** As the peer numbers them: Pre 1, Post 2, PostKeyAuth 3, CustomKeyCheck 4, Response 5. */
type HookName = keyof typeof HOOKS;

interface Request {
  readonly headers?: Readonly<Record<string, string>>;
  readonly set_headers?: Readonly<Record<string, string>>;
  readonly delete_headers?: readonly string[];
  readonly add_params?: Readonly<Record<string, string>>;
  readonly url?: string;
  readonly method?: string;
  readonly raw_body?: Buffer;
  readonly return_overrides?: {
    readonly response_code?: number;
    readonly response_body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
}
interface Reply {
  readonly status: number;
  readonly details: string;
  readonly request: Request;
  readonly response: {
    readonly status_code?: number;
    readonly multivalue_headers?: readonly { readonly key: string; readonly values: readonly string[] }[];
    readonly raw_body?: string;
  };
  readonly session?: object;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Given {
  readonly config?: object;
  readonly request?: Request;
  readonly response?: object;
  readonly api?: string;
}

let temp: TempDir;
let server: RunningServer;

beforeEach(() => {
  temp = createTempDir("one-plugin");
});

afterEach(async () => {
  expect(await server.close()).toEqual({ code: 0, signal: null });
  temp.remove();
});

const socket = (): string => join(temp.path, "tyk.socket");

async function start(flags: readonly string[] = []): Promise<void> {
  const path = socket();
  server = await startServer({ plugins: join(temp.path, "plugins"), flags: ["-tyk", `unix://${path}`, ...flags] });
  await server.waitForLine(/listening for Tyk gateways on unix:/);
}

async function call(
  hook: HookName,
  name: string,
  { config = {}, request = {}, response, api = "api1" }: Given = {},
): Promise<Reply> {
  const message = peerEncode({
    hook_type: HOOKS[hook],
    hook_name: name,
    request: {
      url: "/get?a=1",
      method: "GET",
      headers: { Host: "shop.test" },
      return_overrides: { response_code: -1 },
      ...request,
    },
    spec: { OrgID: "org", APIID: api, config_data: JSON.stringify(config) },
    ...(response === undefined ? {} : { response }),
  });
  const outcome = await new GrpcClient({ kind: "unix", path: socket() }).call("/coprocess.Dispatcher/Dispatch", { message });
  const reply = outcome.message === undefined ? {} : peerDecode(outcome.message);
  return { request: {}, response: {}, ...reply, status: outcome.status, details: outcome.details };
}

const valuesOf = (reply: Reply, name: string): readonly string[] | undefined =>
  reply.response.multivalue_headers?.find(({ key }) => key.toLowerCase() === name)?.values;

const containing = (text: string): string => expect.stringContaining(text) as string;

/** As the peer gives bytes. */
const base64 = (text: string): string => Buffer.from(text).toString("base64");

const OK = {
  status_code: 200,
  raw_body: Buffer.from("up"),
  headers: { "Content-Length": "2", "Set-Cookie": "a=1" },
  multivalue_headers: [
    { key: "Content-Length", values: ["2"] },
    { key: "Set-Cookie", values: ["a=1", "b=2"] },
  ],
};

/** The request that the gateway's response hook has: with what the hook before has set. */
const sentOn = ({ request }: Reply, headers: Readonly<Record<string, string>> = { Host: "shop.test" }): Request => ({
  url: "/get?a=1",
  method: "GET",
  headers: { ...headers, ...request.set_headers },
});

describe("the plugins of plugins-dir", () => {
  beforeEach(async () => {
    cpSync(resolve("plugins-dir"), join(temp.path, "plugins"), { recursive: true });
    await start();
  });

  it("hello greets the clients of both", async () => {
    const client = await WireClient.connect(server.socketPath);
    const { calls } = await runPhase(client, await startInstance(client, "hello", { message: "hi" }), "access", {
      answer: () => "shop.test",
    });
    await client.close();
    expect(calls.map(({ method }) => method)).toEqual(["kong.request.get_header", "kong.response.set_header"]);
    const access = await call("post", "hello", { config: { message: "hi" } });
    expect(access).toMatchObject({ status: 0, request: { url: "/get?a=1", method: "GET" } });
    const response = await call("response", "hello", { config: { message: "hi" }, request: sentOn(access), response: OK });
    expect(valuesOf(response, "x-hello-from-typescript")).toEqual(["TypeScript says hi to shop.test"]);
    expect(valuesOf(response, "set-cookie")).toEqual(["a=1", "b=2"]);
    expect(response.response).toMatchObject({ status_code: 200, raw_body: base64("up") });
  });

  it.each(["auth", "postKeyAuth", "post"] as const)("api-key lets in and refuses as %s", async (hook) => {
    const config = { keys: { alice: "secret" } };
    const good = await call(hook, "api-key", { config, request: { headers: { Apikey: "secret", Host: "h" } } });
    expect(good.details).toBe("");
    expect(good.request).toMatchObject({ set_headers: { "X-Consumer-Name": "alice" }, delete_headers: ["Apikey"] });
    expect(good.metadata?.["token"]).toEqual(hook === "auth" ? expect.stringMatching(/^[0-9a-f]{64}$/) : undefined);
    const bad = await call(hook, "api-key", { config, request: { headers: { Apikey: "wrong", Host: "h" } } });
    expect(bad.request.return_overrides).toMatchObject({
      response_code: 401,
      response_body: '{"message":"Unauthorized"}',
      headers: { "Content-Type": "application/json; charset=utf-8" },
    });
    expect((await call(hook, "api-key", { config })).request.return_overrides).toMatchObject({
      response_body: '{"message":"No API key found in request"}',
    });
  });

  it("the same key is the same session, another key another", async () => {
    const config = { keys: { alice: "secret", bob: "other" } };
    const token = async (key: string) =>
      (await call("auth", "api-key", { config, request: { headers: { Apikey: key } } })).metadata?.["token"];
    expect(await token("secret")).toBe(await token("secret"));
    expect(await token("secret")).not.toBe(await token("other"));
  });
});

const plugin = (body: string): string => `import { definePlugin } from "pluginserver/pdk";
  export default definePlugin({ version: "1", priority: 1, ${body} });`;

describe("what a plugin does", () => {
  it("changes of a request travel in the reply, whole replacements and edits", async () => {
    temp.write(
      "plugins/edits.mjs",
      plugin(`async rewrite(kong) {
        await kong.service.request.setMethod("PUT");
        await kong.service.request.setPath("/other");
        await kong.service.request.setQuery({ b: "2", c: true });
        await kong.service.request.setHeaders({ "x-one": "1", "x-two": "2" });
        await kong.service.request.clearHeader("x-gone");
        await kong.service.request.setRawBody("new");
        if (await kong.request.getMethod() !== "GET") kong.log.notice("the method is " + await kong.request.getMethod());
      }`),
    );
    await start();
    const given = { headers: { Host: "h", "X-Gone": "1", "Content-Length": "3" }, raw_body: Buffer.from("old"), method: "POST" };
    const { request, details } = await call("pre", "edits", { request: given });
    expect(details).toBe("");
    expect(request).toMatchObject({
      method: "PUT",
      url: "/other?b=2&c=",
      add_params: { b: "2", c: "" },
      delete_params: ["a"],
      set_headers: { "X-One": "1", "X-Two": "2" },
      delete_headers: ["X-Gone"],
      raw_body: base64("new"),
    });
    await server.waitForLine(/the method is PUT/);
  });

  it("kong.ctx.shared and a header of the response reach the response phase, and no upstream can read them", async () => {
    temp.write(
      "plugins/shared.mjs",
      plugin(`async access(kong) {
        await kong.ctx.shared.set("who", { name: "alice", n: 1 });
        await kong.response.addHeader("x-early", "1");
      }, async response(kong) {
        const { name, n } = await kong.ctx.shared.get("who");
        await kong.response.setHeader("x-who", name + n + (await kong.service.response.getStatus()));
        await kong.response.setStatus(201);
      }`),
    );
    await start();
    const access = await call("post", "shared");
    const [sealed = ""] = Object.values(access.request.set_headers ?? {});
    expect(Buffer.from(sealed, "base64url").toString("latin1")).not.toContain("alice");
    const response = await call("response", "shared", { request: sentOn(access), response: OK });
    expect([response.details, valuesOf(response, "x-who"), valuesOf(response, "x-early")]).toEqual(["", ["alice1200"], ["1"]]);
    expect(response.response.status_code).toBe(201);
    const forged = { ...sentOn(access), headers: { "X-Pluginserver-Context": `${sealed.slice(0, -4)}AAAA` } };
    expect((await call("response", "shared", { request: forged, response: OK })).status).toBe(13);
  });

  it("a client cannot bring a context along", async () => {
    temp.write("plugins/plain.mjs", plugin(`async access(kong) { await kong.service.request.setHeader("x-a", "1"); }`));
    await start();
    const { request } = await call("post", "plain", { request: { headers: { "X-Pluginserver-Context": "AAAA", Host: "h" } } });
    expect(request).toMatchObject({ set_headers: { "X-A": "1" }, delete_headers: ["X-Pluginserver-Context"] });
  });

  it("exit in the response phase is the response", async () => {
    temp.write("plugins/ends.mjs", plugin(`async response(kong) { return kong.response.exit(502, { no: 1 }, { "x-e": "1" }); }`));
    await start();
    const { response } = await call("response", "ends", { response: OK });
    expect(response).toMatchObject({ status_code: 502, raw_body: base64('{"no":1}') });
  });

  it("log runs once, after the answer of the last hook: where the plugin ended it, or its response hook", async () => {
    temp.write(
      "plugins/logs.mjs",
      plugin(`async access(kong) { if (await kong.request.getHeader("x-end") === "1") return kong.response.exit(403, "no"); },
        async response() {},
        async log(kong) { await kong.log.notice("logged " + (await kong.response.getStatus())); }`),
    );
    await start();
    await call("post", "logs", { request: { headers: { "X-End": "1" } } });
    await server.waitForLine(/logged 403/);
    const access = await call("post", "logs");
    await call("response", "logs", { request: sentOn(access), response: OK });
    await server.waitForLine(/logged 200/);
    expect(server.lines.filter((line) => line.includes("logged "))).toHaveLength(2);
  });

  it("the client's address is what a proxy says", async () => {
    temp.write("plugins/ip.mjs", plugin(`async access(kong) { return kong.response.exit(200, await kong.client.getIp()); }`));
    await start();
    const from = async (headers: Record<string, string>) =>
      (await call("post", "ip", { request: { headers } })).request.return_overrides;
    expect(await from({ "X-Forwarded-For": "203.0.113.9, 10.0.0.1" })).toMatchObject({ response_body: "203.0.113.9" });
    expect(await from({ "X-Real-Ip": "203.0.113.8" })).toMatchObject({ response_body: "203.0.113.8" });
    expect(await call("post", "ip")).toMatchObject({ status: 13, details: containing("kong.client.get_ip") });
  });
});

describe("what cannot be had", () => {
  const REFUSED: readonly (readonly [string, string])[] = [
    ["kong.router.get_route", "await kong.router.getRoute()"],
    ["kong.client.get_consumer", "const { getConsumer } = kong.client; await getConsumer()"],
    ["kong.service.set_target", 'await kong.service.setTarget("h", 1)'],
    ["kong.service.request.set_scheme", 'await kong.service.request.set_scheme("https")'],
    ["kong.nginx.get_var", 'await kong.nginx.getVar("x")'],
  ];

  it.each(REFUSED)("%s: check names it, and its call fails closed", async (method, code) => {
    temp.write("plugins/refused.mjs", plugin(`async access(kong) { ${code} }`));
    await start();
    const { stdout } = await runCli(["check", join(temp.path, "plugins"), "-json", "-no-types"]);
    expect(JSON.parse(stdout.toString())).toMatchObject({
      plugins: [{ tyk: { hooks: expect.arrayContaining(["post/post"]) as string[], refused: [method] } }],
    });
    expect(await call("post", "refused")).toMatchObject({ status: 13, details: containing(method) });
  });

  it.each([
    ["kong.service.request.add_header", 'kong.service.request.addHeader("x-there", "2")'],
    ["kong.service.request.set_header", 'kong.service.request.setHeader("host", "evil.test")'],
    ["kong.service.request.set_raw_query", 'kong.service.request.setRawQuery("a=1&a=2")'],
    ["kong.no_such.function", "kong.noSuch.function()"],
  ])("%s fails where Tyk would drop what it does", async (method, code) => {
    temp.write("plugins/refused.mjs", plugin(`async access(kong) { ${code} }`));
    await start();
    const request = { headers: { "X-There": "1", Host: "h" } };
    expect(await call("post", "refused", { request })).toMatchObject({ status: 13, details: containing(method) });
  });

  it("a header of the response where the API calls no response hook", async () => {
    temp.write("plugins/early.mjs", plugin(`async access(kong) { await kong.response.setHeader("x-e", "1"); }`));
    const definition = (id: string, response: object[]) =>
      JSON.stringify({
        api_id: id,
        org_id: "org",
        proxy: { listen_path: "/" },
        custom_middleware: { post: [{ name: "early" }], response },
      });
    temp.write("apps/without.json", definition("without", []));
    temp.write("apps/with.json", definition("with", [{ name: "early" }]));
    await start(["-tyk-apps", join(temp.path, "apps")]);
    expect(await call("post", "early", { api: "without" })).toMatchObject({
      status: 13,
      details: containing("kong.response.set_header"),
    });
    expect(await call("post", "early", { api: "with" })).toMatchObject({ status: 0 });
  });

  it("a configuration that does not fit is told with the field's name", async () => {
    cpSync(resolve("plugins-dir/api-key.ts"), join(temp.path, "plugins/api-key.ts"));
    await start();
    expect(await call("post", "api-key", { config: { header: 5 } })).toMatchObject({
      status: 13,
      details: containing("config.header"),
    });
    const named = await call("post", "api-key", {
      config: { header: 5, "api-key": { header: "x-k", keys: { a: "s" } } },
      request: { headers: { "X-K": "s" } },
    });
    expect(named.request.set_headers).toMatchObject({ "X-Consumer-Name": "a" });
  });
});
