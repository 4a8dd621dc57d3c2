// Owns checking what a plugin may ask for where it fails: its own deadline, passing its failures over, a process of its own.
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  connectPeer,
  createTempDir,
  type Peer,
  PROTOCOLS,
  runCli,
  runPhase,
  type RunningServer,
  startInstance,
  startServer,
  type TempDir,
} from "../support/index.js";

describe.each(PROTOCOLS)("over %s", (protocol) => {
  let plugins: TempDir;
  let server: RunningServer;
  let client: Peer;

  const module = (rules: string, body: string): string =>
    `module.exports = { Plugin: class { async access(kong) { ${body} } }, Schema: [], Version: "1.0.0", ${rules} };`;

  beforeEach(() => {
    plugins = createTempDir("fr");
    plugins.write("strict.cjs", module("", `throw new Error("broken on purpose");`));
    plugins.write("lenient.cjs", module(`OnError: "continue"`, `throw new Error("broken on purpose");`));
    plugins.write("hasty.cjs", module(`Timeout: 0.3`, `await new Promise(() => {});`));
    plugins.write("apart.cjs", module(`Isolation: "process"`, `await kong.response.setHeader("x-pid", String(process.pid));`));
    plugins.write(
      "crashes.cjs",
      module(`Isolation: "process"`, `process.kill(process.pid, "SIGSEGV"); await new Promise(() => {});`),
    );
  });

  afterEach(async () => {
    await client.close();
    expect(await server.close()).toEqual({ code: 0, signal: null });
    plugins.remove();
  });

  async function start(...flags: string[]): Promise<void> {
    server = await startServer({ plugins: plugins.path, flags });
    client = await connectPeer(protocol, server.socketPath);
  }

  const endOf = async (name: string): Promise<string> =>
    (await runPhase(client, await startInstance(client, name), "access")).end;

  it("a failure ends the request, or not, as the plugin says", async () => {
    await start();
    expect(await endOf("strict")).toBe("exit");
    expect(await endOf("lenient")).toBe("ret");
  });

  it("-on-error=continue is for the plugins that say nothing", async () => {
    await start("-on-error=continue");
    expect(await endOf("strict")).toBe("ret");
  });

  it("a plugin's own timeout ends its events, long before the server's", async () => {
    await start();
    expect(await endOf("hasty")).toBe("exit");
    await server.waitForLine(/an event of plugin hasty was given up after 0\.3 s/);
  });

  it("a plugin in a process of its own crashes alone, and comes back", async () => {
    await start();
    const apart = await startInstance(client, "apart");
    const before = await runPhase(client, apart, "access");
    expect(before.calls[0]?.args[1]).not.toBe(String(server.pid));
    expect(await endOf("crashes")).toBe("exit");
    await server.waitForLine(/\[crashes\] isolate of plugin crashes died.*SIGSEGV|ended by SIGSEGV/);
    expect(await runPhase(client, apart, "access")).toMatchObject({ calls: before.calls, end: "ret" });
  });

  it.each([
    ["which the server starts with large pages, unless", undefined],
    ["and keep the tunables that the operator set, here", "glibc.malloc.check=0"],
  ])("plugins do not see the environment that -env names, nor the server's own, %s %s", async (_what, tunables) => {
    plugins.write(
      "env.cjs",
      module(
        "",
        `const { SECRET_A, OPEN, GLIBC_TUNABLES } = process.env;
         const own = Object.keys(process.env).filter((name) => name.startsWith("PLUGINSERVER_"));
         kong.response.setHeader("x-env", JSON.stringify([SECRET_A, OPEN, GLIBC_TUNABLES, own]));`,
      ),
    );
    const env = { ...process.env };
    delete env["GLIBC_TUNABLES"];
    server = await startServer({
      plugins: plugins.path,
      flags: ["-env", "SECRET_*"],
      env: { ...env, SECRET_A: "a", OPEN: "b", ...(tunables === undefined ? {} : { GLIBC_TUNABLES: tunables }) },
    });
    client = await connectPeer(protocol, server.socketPath);
    const run = await runPhase(client, await startInstance(client, "env"), "access");
    expect(run.calls[0]?.args[1]).toBe(JSON.stringify([null, "b", tunables ?? null, []]));
    // The C library may have cut its setting into parts where the kernel shows it.
    const started = readFileSync(`/proc/${server.pid}/environ`, "utf8").replaceAll("\0", ":");
    expect(started).toContain(`:GLIBC_TUNABLES=${tunables ?? "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1"}:`);
  });

  it("a rule that is none is a load error that says what it may be", async () => {
    await start();
    plugins.write("odd.cjs", module(`OnError: "ignore"`, ""));
    const { stderr, code } = await runCli(["-plugins-dir", plugins.path, "-dump", "odd"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/OnError must be "exit" or "continue", not "ignore"/);
  });

  it("a configuration that does not fit gives an id whose events fail, says which field, and shows no secret", async () => {
    plugins.write(
      "checked.cjs",
      `module.exports = { Plugin: class { access() {} }, Version: "1.0.0",
      Schema: [{ port: { type: "integer" } }, { key: { type: "string", encrypted: true } }] };`,
    );
    await start();
    const id = await startInstance(client, "checked", { port: "not-a-port", key: "hush-hush" });
    for (let i = 0; i < 3; i += 1) expect((await runPhase(client, id, "access")).end).toBe("exit");
    const why = /config\.port is a string, not an integer/;
    expect(await client.call("plugin.InstanceStatus", id)).toMatchObject({
      Error: expect.stringMatching(why) as string,
      Config: { key: "(redacted)" },
    });
    expect(JSON.stringify(await client.call("plugin.GetStatus", 0))).toMatch(why);
    await server.waitForLine(why);
    expect(server.lines.filter((line) => why.test(line))).toHaveLength(1);
    expect([...server.lines, JSON.stringify(await client.call("plugin.GetStatus", 0))].join()).not.toMatch(/hush-hush/);
  });
});
