// Owns checking that a plugin built against another PDK version is refused at every door, and named.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTempDir, isRecord, runCli, runPhase, startInstance, startServer, WireClient } from "../support/index.js";
import type { RunningServer } from "../support/index.js";

const temp = createTempDir("pdk");
const REFUSAL =
  /failed to open plugin old: plugin was built with a different version of package pluginserver\/pdk \(built with 0\.0\.1, server has \d+\.\d+\.\d+\)/;
const PLUGIN = "module.exports = { Plugin: class { access() {} }, Version: '1', Priority: 1, Schema: [] };";

beforeAll(() => {
  temp.write("old/package.json", '{"main": "index.cjs"}');
  temp.write("old/index.cjs", PLUGIN);
  temp.write("old/node_modules/pluginserver/package.json", '{"name": "pluginserver", "version": "0.0.1", "pdkVersion": "0.0.1"}');
  temp.write("declares-old.cjs", `${PLUGIN} module.exports.PdkVersion = "0.0.2";`);
  temp.write("fine.cjs", PLUGIN);
});

afterAll(() => temp.remove());

describe("a dump", () => {
  it("leaves it out and says so on stderr", async () => {
    const { code, stdout, stderr } = await runCli(["-plugins-dir", temp.path, "-dump-all-plugins"]);
    expect(code).toBe(0);
    const dump: unknown = JSON.parse(stdout.toString());
    expect(Array.isArray(dump) && dump.map((info: unknown) => isRecord(info) && info["Name"])).toEqual(["fine"]);
    expect(stderr).toMatch(REFUSAL);
    expect(stderr).toMatch(/failed to open plugin declares-old: .*built with 0\.0\.2/);
  });

  it.each([["-dump"], ["-dump-plugin-info"]])("%s of it fails", async (flag) => {
    const { code, stdout, stderr } = await runCli(["-plugins-dir", temp.path, flag, "old"]);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(REFUSAL);
  });
});

describe("a running server", () => {
  let server: RunningServer;
  let client: WireClient;

  beforeAll(async () => {
    server = await startServer({ plugins: temp.path });
    client = await WireClient.connect(server.socketPath);
  });

  afterAll(() => server.close());

  it("says so in its log", async () => {
    await server.waitForLine(REFUSAL);
  });

  it("answers GetPluginInfo with the error", async () => {
    const { error } = await client.request("plugin.GetPluginInfo", "old");
    expect(error).toMatch(REFUSAL);
  });

  it("gives StartInstance an id whose events fail", async () => {
    const id = await startInstance(client, "old");
    const run = await runPhase(client, id, "access");
    expect(run.end).toBe("exit");
    expect(run.calls.at(-1)).toMatchObject({ method: "kong.response.exit", args: [500, expect.anything()] });
  });

  it("serves the others", async () => {
    const id = await startInstance(client, "fine");
    expect((await runPhase(client, id, "access")).end).toBe("ret");
  });
});

it("-pdk-match=compatible takes what semver allows, and no more", async () => {
  const dir = createTempDir("pdkc");
  dir.write("near.cjs", `${PLUGIN} module.exports.PdkVersion = "1.0.0";`);
  dir.write("far.cjs", `${PLUGIN} module.exports.PdkVersion = "99.0.0";`);
  const { stdout, stderr } = await runCli(["-plugins-dir", dir.path, "-pdk-match=compatible", "-dump-all-plugins"]);
  expect(stdout.toString()).toContain('"near"');
  expect(stdout.toString()).not.toContain('"far"');
  expect(stderr).toMatch(/far.*99\.0\.0/);
  dir.remove();
});
