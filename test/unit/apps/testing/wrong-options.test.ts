// What a test in JavaScript may write: no compiler is there to find it.
import { describe, expect, it } from "vitest";
import { definePlugin } from "../../../../src/gateways/kong/pdk/index.js";
import { testPlugin } from "../../../../src/apps/testing/index.js";

const plugin = definePlugin({ name: "p", access: () => undefined });
const prepare = (options: unknown): Promise<unknown> => (testPlugin as (...args: unknown[]) => Promise<unknown>)(plugin, options);

const circle: Record<string, unknown> = {};
circle["self"] = circle;

/** Each has a value that no message may show. */
const WRONG: readonly (readonly [unknown, string])[] = [
  ["s3cret", "the options: expected an object, got a string"],
  [null, "the options: expected an object, got null"],
  [{ reqeust: { path: "/s3cret" } }, 'reqeust: unknown field; did you mean "request"?'],
  [{ request: { metod: "s3cret" } }, 'request.metod: unknown field; did you mean "method"?'],
  [{ request: { metod: 1 } }, 'request.metod: unknown field; did you mean "method"?'],
  [{ request: "GET /s3cret" }, "request: expected an object, got a string"],
  [{ request: null }, "request: expected an object, got null"],
  [{ request: { method: 1 } }, "request.method: expected a string that is not empty, got a number"],
  [{ request: { path: "s3cret" } }, "request.path: expected a path that starts with /, got a string"],
  [{ request: { url: "s3cret" } }, "request.url: expected a URL such as http://example.com/path, got a string"],
  [{ request: { url: "ftp://s3cret" } }, "request.url: expected a URL such as http://example.com/path, got a string"],
  [{ request: { query: "s3cret=1" } }, "request.query: expected an object, got a string"],
  [
    { request: { query: { page: { s3cret: 1 } } } },
    "request.query.page: expected a string, a number, true or a list of strings, got an object",
  ],
  [{ request: { headers: "s3cret" } }, "request.headers: expected an object with strings"],
  [{ request: { headers: { a: { s3cret: 1 } } } }, "request.headers: expected an object with strings"],
  [{ request: { headers: [["a", 1]] } }, "request.headers: expected an object with strings"],
  [
    { request: { body: 7 } },
    "request.body: expected a string, bytes, URLSearchParams or an object that JSON can say, got a number",
  ],
  [{ request: { body: circle } }, "request.body: expected a string, bytes"],
  [{ request: { body: { n: 1n } } }, "request.body: expected a string, bytes"],
  [{ request: { client: "s3cret" } }, "request.client: expected an object, got a string"],
  [{ request: { client: { ip: "s3cret" } } }, "request.client.ip: expected an IP address, got a string"],
  [{ request: { client: { adress: "s3cret" } } }, "request.client.adress: unknown field (there are: ip, port)"],
  [{ upstream: "s3cret" }, 'upstream: expected an answer, a function, "refused" or "timeout", got a string'],
  [{ upstream: { satus: 200 } }, 'upstream.satus: unknown field; did you mean "status"?'],
  [{ upstream: { status: "200" } }, "upstream.status: expected an integer from 100 to 999, got a string"],
  [{ consumer: { usrname: "s3cret" } }, 'consumer.usrname: unknown field; did you mean "username"?'],
  [{ consumer: "s3cret" }, "consumer: expected an object, got a string"],
  [{ consumers: { username: "s3cret" } }, "consumers: expected a list, got an object"],
  [{ consumers: [{ username: 5 }] }, "consumers[1].username: expected a string that is not empty, got a number"],
  [{ consumers: [{ tags: ["s3cret"] }] }, "consumers[1].username: username or custom_id is needed"],
  [{ credential: "s3cret" }, "credential: expected an object, got a string"],
  [{ route: { path: ["/s3cret"] } }, 'route.path: unknown field; did you mean "paths"?'],
  [{ route: { paths: "/s3cret" } }, "route.paths: expected a list of strings, got a string"],
  [{ route: { paths: ["s3cret"] } }, "route.paths: a path starts with /"],
  [{ service: { hots: "s3cret" } }, 'service.hots: unknown field; did you mean "host"?'],
  [{ service: { protocol: "ftp" } }, "service.protocol: expected http or https, got a string"],
  [{ upstreams: { spare: "s3cret" } }, "upstreams.spare: expected a list of strings, got a string"],
  [{ shared: 5 }, "shared: expected an object, got a number"],
  [{ trustedNetworks: ["s3cret"] }, "trustedNetworks: expected a list of networks such as 10.0.0.0/8, got a list"],
  [{ trustedNetworks: ["10.0.0.0/99"] }, "trustedNetworks: expected a list of networks such as 10.0.0.0/8, got a list"],
  [{ pdk: "s3cret" }, "pdk: expected an object, got a string"],
  [{ pdk: { "kong.vualt.get": "s3cret" } }, 'pdk: there is no function kong.vualt.get; did you mean "kong.vault.get"?'],
  [{ kongVersion: 3.9 }, 'kongVersion: expected a version such as "2.8", got a number'],
  [{ name: 5 }, "name: expected a string that is not empty, got a number"],
];

describe("an option that cannot be one is refused by its path, without its value", () => {
  it.each(WRONG.map(([options, message]) => [message, options] as const))("%s", async (message, options) => {
    const thrown: unknown = await prepare(options).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: "TestingError", code: "TESTING_BAD_OPTION" });
    expect((thrown as Error).message).toContain(message);
    expect((thrown as Error).message).not.toContain("s3cret");
  });

  it("is found in a configuration, too, without its value", async () => {
    const withField = definePlugin({ name: "p", schema: [{ password: { type: "string" } }], access: () => undefined });
    const run = testPlugin as (...args: unknown[]) => Promise<unknown>;
    for (const config of [{ pasword: "s3cret" }, { password: { s3cret: 1 } }, "s3cret"]) {
      const thrown: unknown = await run(withField, { config }).catch((error: unknown) => error);
      expect(thrown).toMatchObject({ code: "TESTING_BAD_CONFIG" });
      expect((thrown as Error).message).not.toContain("s3cret");
    }
  });

  it("is refused of a further request, and of what the service answers", async () => {
    const t = await testPlugin(plugin, { upstream: () => ({ satus: 200 }) as object });
    await expect(t.run({ metod: "GET" } as object)).rejects.toMatchObject({
      code: "TESTING_BAD_OPTION",
      message: 'request.metod: unknown field; did you mean "method"?',
    });
    await expect(t.run()).rejects.toMatchObject({
      code: "TESTING_BAD_OPTION",
      message: 'the answer of upstream.satus: unknown field; did you mean "status"?',
    });
  });
});

it("takes all options that there are, in every form", async () => {
  const t = await testPlugin(plugin, {
    config: {},
    request: {
      method: "POST",
      url: new URL("https://example.com/a"),
      query: { a: 1, b: true, c: ["x", "y"] },
      headers: new Map([["a", "b"]]),
      body: new URLSearchParams({ a: "b" }),
      httpVersion: "2",
      client: { ip: "::1", port: 1 },
    },
    upstream: { status: 204, headers: [["a", "b"]], body: Buffer.from("x") },
    consumer: { username: "alice", tags: ["t"] },
    consumers: [{ custom_id: "c" }],
    credential: { id: "i" },
    route: { paths: ["~/a"], methods: ["POST"], hosts: ["example.com"], strip_path: false },
    service: { host: "h", port: 1, path: "/p" },
    upstreams: { h: ["10.0.0.7:8080"] },
    shared: { a: undefined },
    trustedNetworks: ["10.0.0.0/8", "::1"],
    pdk: { "kong.vault.get": "s", "kong.request.getHeader": () => "x" },
    kongVersion: "2.8",
    name: "q",
  });
  await t.run({ headers: { n: 1, several: ["a", "b"], none: undefined }, path: "/a" });
  expect(t.response.status).toBe(204);
  await expect(testPlugin(plugin, { service: null })).resolves.toBeDefined();
});
