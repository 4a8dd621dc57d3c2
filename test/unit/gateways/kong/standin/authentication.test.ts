import { describe, expect, it } from "vitest";

import { type Answer, ask } from "./http-client.js";
import { headerOf, run, type Running, told } from "./running-gateway.js";
import type { Handler } from "./scripted-plugin-server.js";

const says: Handler = (kong, { config }) => kong("service.request.set_header", "x-limit", config["limit"] ?? "none");

const CONSUMERS = [
  {
    username: "alice",
    custom_id: "a-1",
    keyauth_credentials: [{ key: "k1" }],
    basicauth_credentials: [{ username: "al", password: "pa:ss" }],
    plugins: [{ name: "limit", config: { limit: "alice" } }],
  },
  { username: "bob", keyauth_credentials: [{ key: "k2" }] },
  { username: "nobody" },
];

async function start(): Promise<Running & { ask: (path: string, headers?: [string, string][]) => Promise<Answer> }> {
  const running = await run({
    plugins: {
      limit: { priority: 900, fields: [{ limit: { type: "string" } }], access: says },
      first: { priority: 2000, access: (kong) => kong("client.get_consumer") },
    },
    config: { services: [], plugins: [] },
  });
  running.gateway.reload({
    _format_version: "3.0",
    consumers: CONSUMERS,
    services: [
      {
        name: "echo",
        url: running.echo.url,
        routes: [
          { name: "key", paths: ["/key"], plugins: [{ name: "key-auth" }] },
          {
            name: "hidden",
            paths: ["/hidden"],
            plugins: [{ name: "key-auth", config: { hide_credentials: true, key_names: ["k"] } }],
          },
          { name: "basic", paths: ["/basic"], plugins: [{ name: "basic-auth" }] },
          { name: "open", paths: ["/open"], plugins: [{ name: "key-auth", config: { anonymous: "nobody" } }] },
          { name: "preset", paths: ["/preset"], consumer: "bob" },
        ],
      },
    ],
    plugins: [
      { name: "limit", config: { limit: "all" } },
      { name: "limit", route: "preset", consumer: "bob", config: { limit: "bob" } },
    ],
  });
  return { ...running, ask: (path, headers = []) => ask(`${running.gateway.url}${path}`, { headers }) };
}

/** Whose the service thought the request was, and which configuration the plugin had. */
const seen = (answer: Answer): (string | undefined)[] =>
  ["x-consumer-username", "x-limit"].map((name) => headerOf(told(answer.text).headers, name));

const basic = (text: string): [string, string] => ["Authorization", `Basic ${Buffer.from(text).toString("base64")}`];

describe("the stand-in's own authentication", () => {
  it("knows a consumer by a key in a header or in the query, and gives its plugins' configuration", async () => {
    const { ask: get } = await start();
    expect(seen(await get("/key", [["apikey", "k1"]]))).toEqual(["alice", "alice"]);
    expect(seen(await get("/key?apikey=k2"))).toEqual(["bob", "all"]);
    const answer = await get("/key", [["apikey", "k1"]]);
    expect(headerOf(told(answer.text).headers, "x-consumer-custom-id")).toBe("a-1");
    expect(headerOf(told(answer.text).headers, "x-credential-identifier")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("refuses a request without a valid key as Kong does", async () => {
    const { ask: get } = await start();
    const [none, wrong] = [await get("/key"), await get("/key?apikey=k3")];
    expect([none.status, none.header("www-authenticate"), wrong.status]).toEqual([401, "Key", 401]);
    expect(none.text).toContain('"message":"No API key found in request"');
    expect(wrong.text).toContain('"message":"Unauthorized"');
  });

  it("hides the key from the service where it is told so", async () => {
    const { ask: get } = await start();
    const answer = told((await get("/hidden?a=1&k=k1&b=2")).text);
    expect(answer.url).toBe("/?a=1&b=2");
    expect(headerOf(told((await get("/hidden", [["k", "k1"]])).text).headers, "k")).toBeUndefined();
  });

  it("knows a consumer by name and password", async () => {
    const { ask: get } = await start();
    expect(seen(await get("/basic", [basic("al:pa:ss")]))).toEqual(["alice", "alice"]);
    for (const headers of [[], [basic("al:wrong")], [basic("nobody:")], [["Authorization", "Basic %"]]] as [string, string][][]) {
      const { status, headers: told } = await get("/basic", headers);
      expect([status, headerOf(told, "www-authenticate")]).toEqual([401, 'Basic realm="service"']);
    }
  });

  it("lets others in as the anonymous consumer", async () => {
    const { ask: get } = await start();
    const answer = await get("/open");
    expect(seen(answer)).toEqual(["nobody", "all"]);
    expect(headerOf(told(answer.text).headers, "x-anonymous-consumer")).toBe("true");
    expect(seen(await get("/open", [["apikey", "k1"]]))).toEqual(["alice", "alice"]);
  });

  it("takes every request of a route for that of its consumer, before all plugins", async () => {
    const { ask: get, plugins } = await start();
    expect(seen(await get("/preset"))).toEqual(["bob", "bob"]);
    const configs = plugins.received.filter(({ method }) => method === "plugin.StartInstance").map(({ argument }) => argument);
    const config = JSON.parse(String((configs[0] as Record<string, unknown>)["Config"])) as Record<string, unknown>;
    expect(Object.keys(config)).toContain("consumer_id");
    expect(Object.keys(config)).toContain("route_id");
  });

  it("has configurations of its own, which are checked", async () => {
    const { gateway } = await start();
    const reload = (plugin: object): void => gateway.reload({ _format_version: "3.0", plugins: [plugin] });
    expect(() => reload({ name: "key-auth", config: { key_name: ["s3cret"] } })).toThrow(
      'plugins[1].config.key_name: unknown field; did you mean "key_names"?',
    );
    expect(() => reload({ name: "limit", consumer: "carol" })).toThrow("plugins[1].consumer: there is no consumer carol");
  });
});
