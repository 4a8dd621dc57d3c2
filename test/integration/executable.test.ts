// Plugins as executables with Node.js in them, in a root that has nothing but the C library: asked and served there as a gateway does it.
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  connectPeer,
  createTempDir,
  type Peer,
  runCli,
  runPhase,
  type RunningServer,
  startInstance,
  startProgram,
  type TempDir,
} from "../support/index.js";
import { canChangeRoot, expectTyk, inRoot, makeBareRoot, PATIENCE, USER } from "./bare-root.js";

let temp: TempDir;
let server: RunningServer | undefined;
let peer: Peer | undefined;

const path = (...parts: readonly string[]): string => join(temp.path, ...parts);

const PLUGIN = `import { threadId } from "node:worker_threads";
import { definePlugin } from "pluginserver/pdk";

console.log("greet is being loaded");

export default definePlugin({
  version: "1.2.3",
  priority: 5,
  async access(kong) {
    if ((await kong.request.getHeader("host")) === "fail") fail();
    await kong.response.setHeader("x-thread", String(threadId));
  },
});

function fail(): never {
  throw new Error("it failed");
}
`;

const HOOK = `import { defineTykPlugin } from "pluginserver/tyk";

export default defineTykPlugin({ version: "1.0.0", pre: { greet() {} } });
`;

let built: ReturnType<typeof runCli> extends Promise<infer Result> ? Result : never;

beforeAll(async () => {
  temp = createTempDir("executable");
  chmodSync(temp.path, 0o755);
  temp.write("src/greet.mts", PLUGIN);
  temp.write("src/hook.mts", HOOK);
  built = await runCli(["build", "-executable", path("src/greet.mts"), path("src/hook.mts"), "-out", path("out")]);
}, PATIENCE);

afterEach(async () => {
  await peer?.close();
  peer = undefined;
  await server?.close();
  server = undefined;
});

afterAll(() => temp.remove());

it("is one file, of which is said how large it is and how long a dump takes", () => {
  expect(built.stderr).not.toContain("warning");
  expect(built.stdout.toString()).toMatch(
    /^greet 1\.2\.3: \S+\/greet \(executable, PDK [\d.]+, \d+ KB, Node\.js v[\d.]+, a dump takes \d+ ms\)\nhook 1/,
  );
  expect(statSync(path("out/greet")).mode & 0o777).toBe(0o755);
});

it("is not made of what is no Node.js, or of one that is too old", async () => {
  writeFileSync(path("shell"), "#!/bin/sh\n");
  const script = await runCli(["build", "-executable", path("src/greet.mts"), "-out", path("none"), "-node", path("shell")]);
  expect(script).toMatchObject({ code: 1, stderr: expect.stringContaining("is no executable of Linux") as string });
  const other = await runCli(["build", "-executable", path("src/greet.mts"), "-out", path("none"), "-node", "/bin/sh"]);
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining("is no Node.js that takes a program") as string });
});

describe.skipIf(!canChangeRoot)("in a root with the C and C++ libraries alone (skipped where chroot is not allowed)", () => {
  const chroot = (...args: readonly string[]): readonly [string, ...string[]] => inRoot(path("root"), "greet", args);

  async function start(flags: readonly string[]): Promise<Peer> {
    server = await startProgram({ command: chroot("-kong-prefix", "/run", ...flags), socketPath: path("root/run/greet.socket") });
    peer = await connectPeer("MsgPack:1", path("root/run/greet.socket"));
    return peer;
  }

  beforeAll(() => makeBareRoot(path("root"), [path("out/greet"), path("out/hook")], ["run"]), PATIENCE);

  it("dumps, helps and says its version, each alone on stdout", () => {
    const run = (...args: readonly string[]): ReturnType<typeof spawnSync> => {
      const [file, ...rest] = chroot(...args);
      return spawnSync(file, rest, { encoding: "utf8", env: { PATH: process.env["PATH"] } });
    };
    const dump = run("-dump", "-kong-prefix", "/run");
    expect(JSON.parse(String(dump.stdout))).toMatchObject({
      SocketPath: "/run/greet.socket",
      Plugins: [{ Name: "greet", Version: "1.2.3", Priority: 5, Phases: ["access"] }],
    });
    expect(String(dump.stderr)).toContain("greet is being loaded");
    expect(run("-version")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Version: 1.2.3\nPDK Version: ") as string,
    });
    expect(run("-help")).toMatchObject({ status: 0, stderr: expect.stringContaining("Usage of greet:") as string });
    expect(run("-none")).toMatchObject({ status: 2 });
  });

  it("serves a Tyk gateway", async () => {
    await expectTyk(inRoot(path("root"), "hook", ["-tyk", "unix:///run/tyk.sock"]), path("root/run/tyk.sock"));
  });

  it.each([
    ["its own thread", [], 1],
    ["its own thread, without a supervisor", ["-no-supervisor"], 1],
    ["isolates", ["-threads", "2"], 2],
  ])("serves in %s as any user, names the source in stacks, and ends at a signal", async (_, flags, threads) => {
    const gateway = await start(flags);
    const seen = new Set<unknown>();
    for (let count = 0; count < threads; count += 1) {
      const instance = await startInstance(gateway, "greet");
      const { calls, end } = await runPhase(gateway, instance, "access", { answer: () => "here" });
      expect(end).toBe("ret");
      seen.add(calls.find(({ method }) => method.endsWith("set_header"))?.args[1]);
      const failed = await runPhase(gateway, instance, "access", { answer: () => "fail" });
      expect(failed.end).toBe("exit");
    }
    expect(seen.size).toBe(threads);
    expect(seen.has("0")).toBe(flags[0] !== "-threads");
    await server?.waitForLine(/greet\.mts:16/);
    expect(readFileSync(`/proc/${server?.pid}/status`, "utf8")).toMatch(new RegExp(`^Uid:\\s+${USER}\\s`, "m"));
    expect(await server?.close()).toMatchObject({ code: 0 });
  });
});
