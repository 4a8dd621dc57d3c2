// Owns checking what becomes of a server in which a plugin's thread does not end when it is told to.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createTempDir,
  runCli,
  runPhase,
  type RunningServer,
  startInstance,
  startProgram,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

const SERVER_ENTRY = fileURLToPath(new URL("../../dist/apps/program/public.js", import.meta.url));
/** Node.js that can end with a status and leave its threads behind. */
const keepsStatus = typeof Reflect.get(process, "execve") === "function";

let temp: TempDir;
let servers: RunningServer[];

beforeEach(() => {
  temp = createTempDir("hung");
  servers = [];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  // What a thread waited for outlives its server.
  for (const name of ["pid", "pid-load"])
    try {
      process.kill(Number(readFileSync(join(temp.path, name), "utf8")), "SIGKILL");
    } catch {
      // It did not come so far.
    }
  temp.remove();
});

/** Nothing that a thread can be told to ends it while this runs. */
const wait = (name = "pid"): string =>
  `require("node:child_process").execFileSync("/bin/sh", ["-c", "echo $$ > ${join(temp.path, name)}; exec sleep 600 >/dev/null 2>&1"]);`;

const writePlugins = (): string => {
  temp.write("plugins/hangs.cjs", `module.exports = { Plugin: class { access() { ${wait()} } }, Version: "1.0.0" };`);
  temp.write(
    "plugins/good.cjs",
    `module.exports = { Plugin: class { async access(kong) { await kong.request.getHost(); } }, Version: "1.0.0" };`,
  );
  return join(temp.path, "plugins");
};

const start = async (flags: readonly string[], stall = "500ms"): Promise<RunningServer> => {
  const server = await startServer({ plugins: writePlugins(), flags: ["-stall-timeout", stall, ...flags] });
  servers.push(server);
  return server;
};

const hang = async (server: RunningServer): Promise<void> => {
  const client = await WireClient.connect(server.socketPath);
  const run = await runPhase(client, await startInstance(client, "hangs"), "access");
  expect(run.end).toBe("exit");
  await client.close();
};

const good = async (path: string): Promise<string> => {
  const client = await WireClient.connect(path);
  const { end } = await runPhase(client, await startInstance(client, "good"), "access", { answer: () => "host" });
  await client.close();
  return end;
};

it("another server takes the place of one with a supervisor, and nobody is refused", async () => {
  const server = await start([]);
  await hang(server);
  const ends = new Map<string, number>();
  const replaced = new AbortController();
  const load = (async () => {
    while (!replaced.signal.aborted) {
      const end = await good(server.socketPath);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
  })();
  expect(await server.waitForLine(/a thread of plugin hangs has not ended/, 30_000)).toMatch(
    /ERROR.*execSync.*another server takes the place of this one.*mend the plugin/,
  );
  expect(await server.waitForLine(/the server before this one made way/, 30_000)).not.toContain("lost");
  await expect.poll(() => server.lines.filter((line) => line.includes("is listening")).length, { timeout: 20_000 }).toBe(2);
  replaced.abort();
  await load;
  expect([...ends.keys()]).toEqual(["ret"]);
  const client = await WireClient.connect(server.socketPath);
  expect(client.pid).not.toBe(server.pid);
  await client.close();
  expect(await server.close()).toEqual({ code: 0, signal: null });
  expect(server.lines.filter((line) => line.includes("has not ended"))).toHaveLength(1);
}, 60_000);

describe("a server that is told to end while a thread hangs", () => {
  it.each([["with a supervisor", []] as const, ["without one", ["-no-supervisor"]] as const])(
    "ends, %s",
    async (_, flags) => {
      const server = await start(["-drain-timeout", "500ms", ...flags], "60s");
      const client = await WireClient.connect(server.socketPath);
      const run = runPhase(client, await startInstance(client, "hangs"), "access");
      await expect.poll(() => existsSync(join(temp.path, "pid")), { timeout: 20_000 }).toBe(true);
      server.kill("SIGTERM");
      expect((await run).end).toBe("exit");
      const inOrder = flags.length === 0 || keepsStatus ? { code: 0, signal: null } : { code: null, signal: "SIGTERM" };
      expect(await server.exited).toEqual(inOrder);
      expect(server.lines.at(-1)).toContain("ended");
      await client.close();
    },
    30_000,
  );

  it("says what to do, without a supervisor, and goes on serving meanwhile", async () => {
    const server = await start(["-no-supervisor"]);
    await hang(server);
    expect(await server.waitForLine(/a thread of plugin hangs has not ended/, 30_000)).toMatch(/start the server anew/);
    expect(await good(server.socketPath)).toBe("ret");
  }, 30_000);
});

it("a program ends too, in whose thread the plugin hangs", async () => {
  const file = join(temp.path, "prog.cjs");
  temp.write("prog.cjs", `require(${JSON.stringify(SERVER_ENTRY)}).startServer(() => ({ access() { ${wait()} } }), "1.0.0", 1);`);
  const command = [process.execPath, file, "-kong-prefix", temp.path, "-stall-timeout", "300ms", "-threads", "1"] as const;
  const server = await startProgram({ command, socketPath: join(temp.path, "prog.socket") });
  servers.push(server);
  const client = await WireClient.connect(server.socketPath);
  expect((await runPhase(client, await startInstance(client, "prog"), "access")).end).toBe("exit");
  await client.close();
  expect(await server.waitForLine(/a thread of plugin prog has not ended/, 30_000)).toContain("another server takes the place");
  expect(await server.close()).toEqual({ code: 0, signal: null });
}, 60_000);

it("a module that hangs while it is loaded holds up neither a dump nor a check", async () => {
  temp.write("plugins/hangs.cjs", `${wait("pid-load")} module.exports = { Plugin: class {} };`);
  temp.write("plugins/good.cjs", `module.exports = { Plugin: class { access() {} }, Version: "1.0.0" };`);
  const dump = await runCli(["-plugins-dir", join(temp.path, "plugins"), "-load-timeout", "500ms", "-dump-all-plugins"]);
  expect(JSON.parse(dump.stdout.toString())).toMatchObject([{ Name: "good" }]);
  expect(dump.stderr).toMatch(/plugin hangs is left out: the module was still loading/);
}, 30_000);
