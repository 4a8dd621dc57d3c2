// Owns checking that a server which ends before its events do refuses their requests: at a closed connection a gateway goes on.
import { expect, it } from "vitest";
import { startEchoUpstream, startGateway } from "../../src/gateways/kong/standin/index.js";
import { createTempDir, runCli, startServer } from "../support/index.js";

const plugin = (body: string): string => `module.exports = { Plugin: class { async access(kong) {
  await kong.response.setHeader("x-method", await kong.request.getMethod());
  console.log("it runs"); ${body} } }, Schema: [], Version: "1.0.0" };`;
const WAITS = plugin("await new Promise(() => {});");
const LOOPS = plugin("setImmediate(() => { for (;;); }); await new Promise(() => {});");

it.each([
  ["MsgPack:1", "waits for ever", WAITS],
  ["ProtoBuf:1", "waits for ever", WAITS],
  ["MsgPack:1", "blocks its thread", LOOPS],
  ["ProtoBuf:1", "blocks its thread", LOOPS],
] as const)("over %s, a request whose handler %s is refused when the server ends", async (protocol, _what, code) => {
  const plugins = createTempDir("dp");
  plugins.write("slow.cjs", code);
  const server = await startServer({ plugins: plugins.path, flags: ["-drain-timeout", "500ms"] });
  const upstream = await startEchoUpstream();
  const dump = await runCli(["-plugins-dir", plugins.path, "-dump-all-plugins"]);
  const routes = [{ name: "r", paths: ["/"], plugins: [{ name: "slow" }] }];
  const gateway = await startGateway({
    config: { _format_version: "3.0", services: [{ name: "echo", url: upstream.url, routes }] },
    socketPath: server.socketPath,
    pluginInfos: JSON.parse(dump.stdout.toString()) as unknown,
    protocol,
    port: 0,
  });
  const answer = fetch(gateway.url);
  await server.waitForLine(/it runs/);
  const exit = server.close();
  expect((await answer).status).toBe(500);
  expect(await exit).toEqual({ code: 0, signal: null });
  expect(server.lines.join("\n")).toMatch(/plugin slow failed in access: the server ended before its function returned/);
  await gateway.close();
  await upstream.close();
});
