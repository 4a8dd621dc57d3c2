// The examples of docs/migrate-from-tyk-go.md do what Tyk's page on Golang plugins says of its own.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testTykPlugin, type TykTestOptions } from "../../../../src/apps/testing/index.js";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
/** Inside of the repository, so that the modules they import are found. */
const SAMPLES = join(ROOT, ".cache", "go-page-samples");
const API = join(ROOT, "src/gateways/tyk/api/index.ts");

/** The first TypeScript below a heading. */
function sample(heading: string): string {
  const text = readFileSync(join(ROOT, "docs/migrate-from-tyk-go.md"), "utf8");
  const section = text.slice(text.indexOf(`\n## ${heading}\n`) + 1);
  const [, code] = /```ts\n([\s\S]*?)```/.exec(section) ?? [];
  if (code === undefined) throw new Error(`no sample below ${heading}`);
  return code;
}

async function plugin(heading: string, options: TykTestOptions = {}) {
  const file = join(SAMPLES, `${heading.toLowerCase().replaceAll(/\W+/g, "-")}.ts`);
  writeFileSync(file, sample(heading).replace("pluginserver/tyk", API));
  const module = (await import(/* @vite-ignore */ file)) as { readonly default: unknown };
  return testTykPlugin(module.default, {
    api: { listenPath: "/my_api_name/" },
    request: { path: "/my_api_name/get" },
    ...options,
  });
}

beforeAll(() => {
  mkdirSync(SAMPLES, { recursive: true });
});
afterAll(() => {
  rmSync(SAMPLES, { recursive: true, force: true });
});

describe("the page's examples", () => {
  it("a header before the upstream", async () => {
    const { upstreamRequest } = await (await plugin("Writing a plugin")).run();
    expect([upstreamRequest?.path, upstreamRequest?.headers["foo"]]).toEqual(["/get", "Bar"]);
  });

  it("a response of the plugin, for get_time=1 alone", async () => {
    const t = await plugin("Sending a response");
    expect((await t.run()).upstreamRequest?.path).toBe("/get");
    const { response, upstreamRequest } = await t.run({ path: "/my_api_name/get?get_time=1" });
    expect([response.status, response.headers["content-type"], upstreamRequest]).toEqual([200, "application/json", undefined]);
    expect(response.json()).toEqual({ current_time: expect.stringMatching(/^\d{4}-/) as unknown });
  });

  it("authentication: abc alone, else 403 with an empty body", async () => {
    const t = await plugin("Authentication");
    const refused = await t.run({ headers: { Authorization: "xyz" } });
    expect([refused.response.status, refused.response.headers["content-length"], refused.events]).toEqual([403, "0", []]);
    const accepted = await t.run({ headers: { Authorization: "abc" } });
    expect([accepted.response.status, accepted.session?.session.alias]).toEqual([200, "abc-session"]);
  });

  it("a line in the log", async () => {
    const { logs, upstreamRequest } = await (await plugin("Logging")).run();
    expect(logs[0]?.message).toContain("Processing HTTP request in a plugin!!");
    expect(upstreamRequest?.headers["foo"]).toBe("Bar");
  });

  it("a hit counter", async () => {
    const t = await plugin("State", { session: { alias: "abc-session" } });
    await t.run();
    const { response, logs } = await t.run();
    expect(response.json()).toMatchObject({
      endpoint: "GET /my_api_name/get",
      hit_counter: 2,
      session: { alias: "abc-session" },
    });
    expect(logs.map(({ level }) => level)).toEqual(["info", "debug"]);
  });

  it("the API's name from its definition", async () => {
    const { logs } = await (await plugin("The API definition", { definition: { name: "My API" } })).run();
    expect(logs[0]?.message).toMatch(/^API name is .*"name":"My API"/);
  });

  it("the developer in the session", async () => {
    const session = { metadata: { tyk_developer_id: "d1", tyk_developer_email: "d@example.com" } };
    const { logs } = await (await plugin("The session", { session })).run();
    expect(logs[0]?.message).toMatch(/^Developer .*"id":"d1","email":"d@example.com"/);
  });

  it.each(["5.0.4", "5.3.8", "5.14.0"])("a changed response, on %s", async (gatewayVersion) => {
    const { response } = await (await plugin("Modifying a response", { gatewayVersion, upstream: { body: "up" } })).run();
    expect(response.headers["x-response-added"]).toBe("resp-added");
    expect(response.json()).toEqual({ message: "Hi! I'm a response plugin" });
  });

  it("virtual endpoints that answer, or pass on", async () => {
    const t = await plugin("Virtual endpoints", { definition: {} });
    expect((await t.run()).response.json()).toEqual({ from: "foo" });
    expect((await t.run({ path: "/my_api_name/bar" })).upstreamRequest?.headers["x-bar"]).toBe("1");
    expect((await t.run({ path: "/my_api_name/other" })).upstreamRequest?.headers["x-bar"]).toBeUndefined();
  });
});
