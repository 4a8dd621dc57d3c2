// Owns checking that whole requests go the same way over both protocols: the real server behind the stand-in gateway.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EchoUpstream, type Gateway, startEchoUpstream, startGateway } from "../../src/gateways/kong/standin/index.js";
import { createTempDir, PROTOCOLS, runCli, type RunningServer, startServer, type TempDir, WireClient } from "../support/index.js";

const EXAMPLES = fileURLToPath(new URL("../../plugins-dir", import.meta.url));

const access = (body: string): string =>
  `module.exports = { Plugin: class { async access(kong) { ${body} } }, Schema: [], Version: "1.0.0" };`;

describe.each(PROTOCOLS)("over %s", (protocol) => {
  let plugins: TempDir;
  let server: RunningServer;
  let echo: EchoUpstream;
  let gateway: Gateway;

  beforeAll(async () => {
    plugins = createTempDir("gp");
    plugins.write("throws.cjs", access(`throw new Error("on purpose");`));
    plugins.write("exits.cjs", access(`await kong.response.exit(418, { tea: "pot" }, { "x-a": "1" });`));
    plugins.write("refused.cjs", access(`await kong.service.request.setMethod("not-a-method"); await kong.request.getPath();`));
    plugins.write(
      "reads.cjs",
      access(`
        const [headers, query, route, body, captures] = await Promise.all([
          kong.request.getHeaders(), kong.request.getQuery(), kong.router.getRoute(), kong.request.getRawBody(), kong.request.getUriCaptures(),
        ]);
        await kong.ctx.shared.set("seen", { list: [1, "two", true], nested: { deep: "x" } });
        const seen = await kong.ctx.shared.get("seen");
        const text = JSON.stringify({
          header: headers["x-multi"], query, route: route.name, strip: route.strip_path, body: body.length, named: captures.named,
          first: captures.unnamed[1], seen, nothing: (await kong.request.getHeader("none")) ?? "nothing",
        });
        await kong.response.exit(200, text, { "x-latin": Buffer.from("caf\\xe9", "latin1") });`),
    );
    server = await startServer({ plugins: plugins.path, flags: ["-log-level", "warn", "-instance-timeout", "1s"] });
    const { stdout } = await runCli([
      "-plugins-dir",
      plugins.path,
      "-dump-all-plugins",
      "-log-level",
      "silent",
      "-protocol",
      protocol,
    ]);
    echo = await startEchoUpstream();
    const names = ["throws", "exits", "refused", "reads"];
    const routes = names.map((name) => ({ name, paths: [`~/${name}/(?<id>\\w+)`], plugins: [{ name }] }));
    gateway = await startGateway({
      port: 0,
      socketPath: server.socketPath,
      // What the dump announces is what the gateway speaks.
      pluginInfos: JSON.parse(stdout.toString()) as unknown,
      config: { _format_version: "3.0", services: [{ name: "echo", url: echo.url, routes }] },
    });
  });

  afterAll(async () => {
    await gateway.close();
    await echo.close();
    expect(await server.close()).toEqual({ code: 0, signal: null });
    plugins.remove();
  });

  it("a plugin reads what the request has", async () => {
    const body = "b".repeat(protocol === "ProtoBuf:1" ? 100_000 : 1000);
    const response = await fetch(`${gateway.url}/reads/42?a=1&b=2&b=3&flag`, {
      method: "POST",
      body,
      headers: [
        ["x-multi", "one"],
        ["x-multi", "two"],
      ],
    });
    expect(response.headers.get("x-latin")).toBe("caf\xe9");
    expect(await response.json()).toMatchObject({
      query: { a: ["1"], b: ["2", "3"], flag: [] },
      route: "reads",
      strip: true,
      body: body.length,
      named: { id: "42" },
      first: "42",
      seen: { list: [1, "two", true] },
      nothing: "nothing",
    });
  });

  it("an exit answers the client, every time", async () => {
    for (let i = 0; i < 5; i += 1) {
      const response = await fetch(`${gateway.url}/exits/1`);
      expect([response.status, response.headers.get("x-a"), await response.json()]).toEqual([418, "1", { tea: "pot" }]);
    }
  });

  it("a failing plugin and a refused call are answered with 500", async () => {
    for (const name of ["throws", "refused", "throws"]) expect((await fetch(`${gateway.url}/${name}/1`)).status).toBe(500);
  });

  it("an instance that the server has let go comes back, and no request is lost", { timeout: 20_000 }, async () => {
    expect((await fetch(`${gateway.url}/exits/1`)).status).toBe(418);
    const control = await WireClient.connect(server.socketPath);
    const instances = async (): Promise<string> => JSON.stringify(await control.call("plugin.GetStatus", 0));
    await expect.poll(instances, { timeout: 10_000 }).not.toContain(`"Id":`);
    await control.close();
    expect((await fetch(`${gateway.url}/exits/1`)).status).toBe(418);
  });

  it("a server that was restarted serves on", { timeout: 20_000 }, async () => {
    const { prefix } = server;
    server.kill("SIGKILL");
    await server.exited;
    server = await startServer({ plugins: plugins.path, prefix });
    const statuses = await Promise.all(
      Array.from({ length: 8 }, () => fetch(`${gateway.url}/exits/1`).then(({ status }) => status)),
    );
    expect(statuses).toEqual(Array<number>(8).fill(418));
  });
});

it("the example plugins answer the same over both", { timeout: 30_000 }, async () => {
  const answers = await Promise.all(
    PROTOCOLS.map(async (protocol) => {
      const server = await startServer({ plugins: EXAMPLES });
      const echo = await startEchoUpstream();
      const { stdout } = await runCli(["-plugins-dir", EXAMPLES, "-dump-all-plugins", "-log-level", "silent"]);
      const pluginInfos = JSON.parse(stdout.toString()) as { Name: string }[];
      const routes = pluginInfos.map(({ Name: name }) => ({ name, paths: [`/${name}`], plugins: [{ name }] }));
      const config = { _format_version: "3.0", services: [{ name: "echo", url: echo.url, routes }] };
      const gateway = await startGateway({ port: 0, socketPath: server.socketPath, pluginInfos, protocol, config });
      const seen: unknown[] = [];
      for (const { Name: name } of pluginInfos) {
        const response = await fetch(`${gateway.url}/${name}`, { method: "POST", body: "some text" });
        const own = [...response.headers].filter(([header]) => /^x-(hello|hits|body)/.test(header));
        seen.push([name, response.status, own.map(([header, value]) => [header, value.replaceAll(/\d+/g, "N")])]);
      }
      await gateway.close();
      await echo.close();
      await server.close();
      return seen;
    }),
  );
  expect(answers[0]?.length).toBeGreaterThan(2);
  expect(answers[1]).toEqual(answers[0]);
});
