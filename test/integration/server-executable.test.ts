// The server as an executable with Node.js in it, in a root that has nothing but the C library: asked and served there as a gateway does it.
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

const PLUGIN = `import { definePlugin } from "pluginserver/pdk";

export default definePlugin({
  version: "1.2.3",
  priority: 5,
  async access(kong) {
    if ((await kong.request.getHeader("host")) === "fail") fail();
    await kong.response.setHeader("x-process", String(process.pid));
  },
});

function fail(): never {
  throw new Error("it failed");
}
`;

const HOOK = `import { defineTykPlugin } from "pluginserver/tyk";

export default defineTykPlugin({ version: "1.0.0", pre: { greet() {} } });
`;

let temp: TempDir;
let built: Awaited<ReturnType<typeof runCli>>;
let server: RunningServer | undefined;
let peer: Peer | undefined;

const path = (...parts: readonly string[]): string => join(temp.path, ...parts);

const chroot = (...args: readonly string[]): [string, ...string[]] => inRoot(path("root"), "pluginserver", args);

function run(args: readonly string[], env: NodeJS.ProcessEnv = { CACHE_DIRECTORY: "/cache" }): SpawnSyncReturns<string> {
  const [file, ...rest] = chroot(...args);
  return spawnSync(file, rest, { encoding: "utf8", env: { PATH: process.env["PATH"], ...env } });
}

const unpacked = (): string => {
  const folder = path("root/cache/pluginserver");
  return join(folder, readdirSync(folder).find((name) => name.startsWith("server-")) ?? "");
};

beforeAll(async () => {
  temp = createTempDir("server-executable");
  chmodSync(temp.path, 0o755);
  temp.write("src/greet.mts", PLUGIN);
  temp.write("hooks/hook.mts", HOOK);
  built = await runCli(["build", "-executable", "-server", "-out", path("out")]);
  if (!canChangeRoot) return;
  makeBareRoot(path("root"), [path("out/pluginserver")], ["run", "cache"]);
  cpSync(path("src"), path("root/plugins"), { recursive: true });
  cpSync(path("hooks"), path("root/hooks"), { recursive: true });
}, PATIENCE);

afterEach(async () => {
  await peer?.close();
  peer = undefined;
  await server?.close();
  server = undefined;
});

afterAll(() => temp.remove());

it("is one file, of which is said how large it is, what it unpacks and how long it takes", () => {
  expect(built).toMatchObject({ code: 0 });
  expect(built.stdout.toString()).toMatch(
    /^pluginserver [\d.]+: \S+\/pluginserver \(executable, \d+ MB, Node\.js v[\d.]+, unpacks \d+ MB where it runs first, says its version in \d+ ms, the first time in \d+ ms\)\n$/,
  );
  expect(readdirSync(path("out"))).toEqual(["pluginserver"]);
});

it.each([
  ["-server without -executable", ["build", "-server", "-out", "none"], /-server is for -executable/],
  ["plugins beside -server", ["build", "-executable", "-server", "greet.ts", "-out", "none"], /without plugins/],
])("is not built of %s", async (_, args, message) => {
  expect(await runCli(args)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) as string });
});

it("is not made of a Node.js of macOS", async () => {
  writeFileSync(path("darwin"), Buffer.from("cffaedfe0c000001", "hex"));
  const refused = await runCli(["build", "-executable", "-server", "-out", path("none"), "-node", path("darwin")]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("is for macOS") as string });
});

it("is not made for a machine whose compiler is not installed", async () => {
  const elf = Buffer.from("7f454c4602010100000000000000000002000000", "hex");
  elf.writeUInt16LE(0xb7, 18);
  const says = `/download/release/${process.version}/node-${process.version} NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:0`;
  writeFileSync(path("arm64"), Buffer.concat([elf, Buffer.from(says)]));
  const refused = await runCli(["build", "-executable", "-server", "-out", path("none"), "-node", path("arm64")]);
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/npm install .*@esbuild\/linux-arm64@[\d.]+/) as string,
  });
});

describe.skipIf(!canChangeRoot)("in a root with the C and C++ libraries alone (skipped where chroot is not allowed)", () => {
  async function start(flags: readonly string[]): Promise<Peer> {
    const command = chroot("-kong-prefix", "/run", "-plugins-dir", "/plugins", ...flags);
    server = await startProgram({
      command,
      socketPath: path("root/run/go_pluginserver.sock"),
      env: { CACHE_DIRECTORY: "/cache", NODE_EXTRA_CA_CERTS: "" },
    });
    peer = await connectPeer("MsgPack:1", path("root/run/go_pluginserver.sock"));
    return peer;
  }

  it("says what it needs where it may write nowhere", () => {
    const refused = run(["-version"], { CACHE_DIRECTORY: "/none" });
    expect(refused).toMatchObject({ status: 1, stdout: "" });
    expect(refused.stderr).toMatch(
      /^pluginserver: it unpacks itself .*\/none.*Set XDG_CACHE_HOME or TMPDIR to a folder that it may write to\n$/,
    );
  });

  it("unpacks itself for its user alone, and again where somebody has tidied up", () => {
    expect(run(["-version"])).toMatchObject({ status: 0, stdout: expect.stringContaining("Version: ") as string });
    rmSync(join(unpacked(), "dist/bundles/server/run.js"));
    truncateSync(join(unpacked(), "package.json"), 1);
    expect(run(["-version"])).toMatchObject({ status: 0, stderr: "" });
    expect(readdirSync(dirname(unpacked())).filter((name) => !["compiled"].includes(name))).toHaveLength(1);
  });

  it("dumps sources that it compiles, with nothing else on stdout, and again from its cache", () => {
    for (const cache of ["cold", "warm"]) {
      const { stdout, status } = run(["-dump-all-plugins", "-plugins-dir", "/plugins"]);
      expect({ cache, status }).toEqual({ cache, status: 0 });
      expect(JSON.parse(stdout)).toMatchObject([{ Name: "greet", Version: "1.2.3", Phases: ["access"] }]);
    }
    expect(JSON.parse(run(["-dump", "greet", "-plugins-dir", "/plugins"]).stdout)).toMatchObject([{ Name: "greet" }]);
  });

  it("answers -help, check, kong-conf, tyk-conf and config", () => {
    expect(run(["-help"])).toMatchObject({ status: 0, stdout: expect.stringContaining("-plugins-dir") as string });
    expect(run(["check", "/plugins"])).toMatchObject({ status: 0 });
    const conf = run(["kong-conf", "-plugins-dir", "/plugins", "-kong-version", "3.9", "-kong-prefix", "/run"]);
    expect(conf.stdout).toContain("/bin/pluginserver");
    expect(run(["tyk-conf", "-plugins-dir", "/hooks"])).toMatchObject({ status: 0 });
    expect(run(["config"])).toMatchObject({ status: 0 });
    expect(run(["-none"])).toMatchObject({ status: 2 });
  });

  it.each([
    ["threads", []],
    ["threads, without a supervisor", ["-no-supervisor"]],
    ["processes", ["-isolation", "process"]],
  ])("serves in %s as any user, names the source in stacks, says its status and ends at a signal", async (name, flags) => {
    const gateway = await start(flags);
    const instance = await startInstance(gateway, "greet");
    const { calls, end } = await runPhase(gateway, instance, "access", { answer: () => "here" });
    expect(end, server?.lines.join("\n")).toBe("ret");
    const pid = Number(calls.find(({ method }) => method.endsWith("set_header"))?.args[1]);
    expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(new RegExp(`^Uid:\\s+${USER}\\s`, "m"));
    if (name === "processes") expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toContain("pluginserver");
    const failed = await runPhase(gateway, instance, "access", { answer: () => "fail" });
    expect(failed.end).toBe("exit");
    await server?.waitForLine(/greet\.mts:13/);
    const status = run(["status", "-kong-prefix", "/run"]);
    expect(status).toMatchObject({ status: 0, stdout: expect.stringContaining("greet") as string });
    expect(await server?.close()).toMatchObject({ code: 0 });
  });

  it("serves a Tyk gateway", async () => {
    const command = chroot("-tyk", "unix:///run/tyk.sock", "-plugins-dir", "/hooks");
    await expectTyk(command, path("root/run/tyk.sock"), { CACHE_DIRECTORY: "/cache" });
  });
});
