// Settings in variables and a file, on the real binary: where it listens, what plugins see of them, and what a supervisor's next server has.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  BINARY,
  createTempDir,
  runCli,
  runPhase,
  type RunningServer,
  startInstance,
  startProgram,
  type TempDir,
  WireClient,
} from "../support/index.js";

const PHASES = fileURLToPath(new URL("../fixtures/phases", import.meta.url));
/** Says what it sees of the settings. */
const SEEING = `
exports.Version = "1.0.0";
exports.Plugin = class {
  async access(kong) {
    await kong.log.notice(Object.keys(process.env).filter((name) => /^(PLUGINSERVER_|SEEN)/.test(name)).join(" "));
  }
};
`;

let temp: TempDir;
let plugins: string;
let config: string;
let servers: RunningServer[];

beforeEach(() => {
  temp = createTempDir("conf");
  plugins = join(temp.path, "plugins");
  mkdirSync(plugins);
  writeFileSync(join(plugins, "seeing.cjs"), SEEING);
  config = join(temp.path, "config.yaml");
  servers = [];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  temp.remove();
});

async function start(socketPath: string, args: readonly string[], env: Record<string, string> = {}): Promise<RunningServer> {
  const server = await startProgram({ command: [BINARY, ...args], socketPath, env });
  servers.push(server);
  return server;
}

async function seen(socketPath: string): Promise<string> {
  const client = await WireClient.connect(socketPath);
  const instance = await startInstance(client, "seeing", {});
  const run = await runPhase(client, instance, "access");
  await client.close();
  return JSON.stringify(run.calls);
}

it("listens where variables say, and plugins see none of them", async () => {
  const socketPath = join(temp.path, "variable.sock");
  const env = { PLUGINSERVER_PLUGINS_DIR: plugins, PLUGINSERVER_SOCKET: socketPath, PLUGINSERVER_OTLP: "", SEEN: "1" };
  await start(socketPath, [], env);
  expect(await seen(socketPath)).toContain('"SEEN"');
});

it("listens where the file says; the server after one that died has the same, also where the file has changed", async () => {
  const socketPath = join(temp.path, "file.sock");
  writeFileSync(config, `plugins-dir: ${plugins}\nsocket: ${socketPath}\nsocket-mode: 0660\n`);
  const server = await start(socketPath, ["-config", config]);
  expect(server.startedPid).not.toBe(server.pid);
  expect(await seen(socketPath)).not.toContain("PLUGINSERVER_");
  writeFileSync(config, `plugins-dir: /nowhere\nsocket: ${join(temp.path, "other.sock")}\n`);
  process.kill(server.pid, "SIGKILL");
  await server.waitForLine(/the server before this one was ended by SIGKILL/);
  expect(await seen(socketPath)).not.toContain("PLUGINSERVER_");
  expect(existsSync(join(temp.path, "other.sock"))).toBe(false);
});

it("refuses a file with a wrong key, and leaves no socket", async () => {
  const socketPath = join(temp.path, "file.sock");
  writeFileSync(config, `plugins-dir: ${plugins}\nsocket: ${socketPath}\nthread: 2\n`);
  const { code, stderr } = await runCli(["-config", config]);
  expect(code).toBe(2);
  expect(stderr).toBe(
    `pluginserver: ${config}:3: there is no setting "thread"; did you mean "threads"?; see pluginserver -help\n`,
  );
  expect(existsSync(socketPath)).toBe(false);
});

it("programs take both, and leave out what is a server's", async () => {
  const socketPath = join(temp.path, "seeing.socket");
  writeFileSync(config, `plugins-dir: /nowhere\nkong-prefix: ${temp.path}\nlog-level: warn\n`);
  const env = { PLUGINSERVER_CONFIG: config, PLUGINSERVER_LOG_LEVEL: "debug" };
  const server = await start(socketPath, ["run", join(plugins, "seeing.cjs")], env);
  await server.waitForLine(/is listening on/);
  expect(await seen(socketPath)).not.toContain("PLUGINSERVER_");
  const wrong = await runCli(["run", join(plugins, "seeing.cjs")], { env: { PLUGINSERVER_THREADS: "-1" } });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('seeing: PLUGINSERVER_THREADS takes a whole number from 0 on, not "-1"');
});

it("a misspelled variable is a warning", async () => {
  const socketPath = join(temp.path, "v.sock");
  const server = await start(socketPath, ["-plugins-dir", PHASES, "-socket", socketPath], { PLUGINSERVER_THREDS: "3" });
  await server.waitForLine(/WARN: the variable PLUGINSERVER_THREDS sets nothing; did you mean PLUGINSERVER_THREADS\?/);
});

interface Shown {
  readonly settings: readonly {
    readonly name: string;
    readonly value: unknown;
    readonly source: string;
    readonly where?: string;
  }[];
}

it("config prints what holds, where it is from, and no secret", async () => {
  writeFileSync(config, `plugins-dir: ${plugins}\nthreads: 2\notlp: http://user:pa55@127.0.0.1:4318/v1?sig=pa55\n`);
  const env = { PLUGINSERVER_THREADS: "3", PLUGINSERVER_SOCK_NAME: "named.sock" };
  const args = ["config", "-config", config, "-event-timeout", "20s", "-kong-prefix", "/k"];
  const { code, stdout } = await runCli([...args, "-json"], { env });
  expect(code).toBe(0);
  const { settings } = JSON.parse(stdout.toString()) as Shown;
  const of = (name: string): unknown => settings.find((setting) => setting.name === name);
  expect(of("threads")).toEqual({ name: "threads", value: "3", source: "variable", where: "PLUGINSERVER_THREADS" });
  expect(of("plugins-dir")).toMatchObject({ value: plugins, source: "file", where: `${config}:1` });
  expect(of("event-timeout")).toMatchObject({ value: "20s", source: "flag", where: "-event-timeout" });
  expect(of("socket")).toMatchObject({ value: "/k/named.sock", source: "variable", where: "PLUGINSERVER_SOCK_NAME" });
  expect(of("on-error")).toEqual({ name: "on-error", value: "exit", source: "default" });
  expect(of("otlp")).toMatchObject({ value: "http://***@127.0.0.1:4318/v1?***" });
  expect(stdout.toString()).not.toContain("pa55");
  const table = await runCli(args, { env });
  expect(table.stdout.toString()).toMatch(/^threads +3 +PLUGINSERVER_THREADS$/m);
  expect(table.stdout.toString()).not.toContain("pa55");
  expect((await runCli(["config", "-threads", "none"])).code).toBe(2);
});

it("kong-conf hands the file on, and what variables say", async () => {
  writeFileSync(config, `plugins-dir: ${plugins}\nthreads: 2\n`);
  const env = { PLUGINSERVER_EVENT_TIMEOUT: "20s" };
  const { stdout, stderr } = await runCli(["kong-conf", "-kong-version", "3.9", "-config", config], { env });
  const start =
    stdout
      .toString()
      .split("\n")
      .find((line) => line.includes("start_cmd")) ?? stderr;
  expect(start).toContain(`-config ${config}`);
  expect(start).toContain("-event-timeout 20s");
  expect(start).not.toContain("-threads");
});
