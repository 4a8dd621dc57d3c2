// A server that dies when another one has its path: what held its sockets looks there first, and starts none that would take the path back.
import { existsSync, lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BINARY,
  createTempDir,
  runPhase,
  type RunningServer,
  startCommand,
  startInstance,
  startProgram,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

const GREETER = `exports.Version = "1"; exports.Priority = 1;
  exports.New = () => ({ async Access(kong) { await kong.response.setHeader("x-pid", "there"); } });`;
const TYK = `import { defineTykPlugin } from "pluginserver/tyk";
  export default defineTykPlugin({ pre: { pass() {} } });`;
const NONE = /WARN: the server was ended by SIGKILL; none is started in its place: another server has taken (.*) over$/;

let temp: TempDir;
let prefix: string;
let servers: RunningServer[];

beforeEach(() => {
  temp = createTempDir("taken");
  prefix = join(temp.path, "prefix");
  for (const folder of ["prefix", "sockets", "others"]) mkdirSync(join(temp.path, folder));
  temp.write("plugins/greeter.cjs", GREETER);
  temp.write("plugins/second.cjs", GREETER);
  temp.write("others/greeter.cjs", GREETER);
  servers = [];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  temp.remove();
});

const keep = async (starting: Promise<RunningServer>): Promise<RunningServer> => {
  const server = await starting;
  servers.push(server);
  return server;
};

const inode = (path: string): bigint | undefined => lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;

/** Kills the server as soon as another one is on the path: nobody has had time to notice that. */
async function killOnceTaken(path: string, before: bigint | undefined, pid: number): Promise<void> {
  while (inode(path) === before || !existsSync(path)) await new Promise(setImmediate);
  process.kill(pid, "SIGKILL");
}

/** The one that has the path has kept it, and what held the sockets of the other has ended and said why. */
async function expectEnd(old: RunningServer, path: string): Promise<void> {
  const before = inode(path);
  expect(NONE.exec(await old.waitForLine(NONE))?.[1]).toContain(path);
  await old.exited;
  expect(old.lines.filter((line) => NONE.test(line))).toHaveLength(1);
  expect(inode(path)).toBe(before);
}

async function greets(path: string, plugin: string): Promise<number> {
  const client = await WireClient.connect(path);
  const id = await startInstance(client, plugin);
  expect((await runPhase(client, id, "access", {})).end).toBe("ret");
  await client.close();
  return client.pid;
}

it.each([[[]], [["-threads", "3"]]])("the shared socket of a server with %j", async (flags) => {
  const start = (): Promise<RunningServer> => keep(startServer({ plugins: join(temp.path, "plugins"), prefix, flags }));
  const old = await start();
  const { socketPath, pid } = old;
  const killed = killOnceTaken(socketPath, inode(socketPath), pid);
  const next = await start();
  await killed;
  await expectEnd(old, socketPath);
  expect(await greets(socketPath, "greeter")).toBe(next.pid);
});

it("says so in the log's own format", async () => {
  const flags = ["-log-format", "json"];
  const start = (): Promise<RunningServer> => keep(startServer({ plugins: join(temp.path, "plugins"), prefix, flags }));
  const old = await start();
  const killed = killOnceTaken(old.socketPath, inode(old.socketPath), old.pid);
  await start();
  await killed;
  const line = await old.waitForLine(/none is started in its place/);
  expect(JSON.parse(line)).toMatchObject({ level: 40, msg: expect.stringContaining(old.socketPath) as string });
});

it.each([["run"], ["own file"]])("a program: %s", async (kind) => {
  const entry = new URL("../../dist/apps/program/public.js", import.meta.url).pathname;
  const file = temp.write(
    "greeter.mjs",
    `import { startServer } from ${JSON.stringify(entry)};
     export class Plugin { async access(kong) { await kong.response.setHeader("x-hi", "hi"); } }
     export const Version = "1.0.0";
     ${kind === "run" ? "" : "startServer({ Plugin, Version });"}`,
  );
  const command: [string, ...string[]] = kind === "run" ? [BINARY, "run", file] : [process.execPath, file];
  const socketPath = join(prefix, "greeter.socket");
  const start = (): Promise<RunningServer> => keep(startProgram({ command: [...command, "-kong-prefix", prefix], socketPath }));
  const old = await start();
  const killed = killOnceTaken(socketPath, inode(socketPath), old.pid);
  const next = await start();
  await killed;
  await expectEnd(old, socketPath);
  expect(await greets(socketPath, "greeter")).toBe(next.pid);
});

it("a server for Tyk on a Unix socket", async () => {
  temp.write("tyk/pass.mjs", TYK);
  const path = join(temp.path, "tyk.sock");
  const start = async (): Promise<[RunningServer, number]> => {
    const server = startCommand(["-plugins-dir", join(temp.path, "tyk"), "-tyk", `unix://${path}`], temp.path);
    servers.push(server);
    const listening = /pluginserver (\d+) is listening for Tyk gateways/;
    return [server, Number(listening.exec(await server.waitForLine(listening))?.[1])];
  };
  const [old, pid] = await start();
  const killed = killOnceTaken(path, inode(path), pid);
  await start();
  await killed;
  await expectEnd(old, path);
});

describe.each([[["-threads", "1"]], [["-threads", "3"]], [["-isolation", "process"]]])("sockets of plugins, with %j", (flags) => {
  const socketOf = (plugin: string): string => join(temp.path, "sockets", `${plugin}.socket`);
  const start = (name: string, plugins: string): Promise<RunningServer> =>
    keep(
      startServer({
        plugins: join(temp.path, plugins),
        prefix: join(temp.path, name),
        flags: ["-plugin-sockets", join(temp.path, "sockets"), ...flags],
      }),
    );

  it("all of them", async () => {
    const old = await start("prefix", "plugins");
    for (const plugin of ["greeter", "second"]) await old.waitForLine(new RegExp(`plugin ${plugin} .* is listening`));
    const next = await start("next", "plugins");
    for (const plugin of ["greeter", "second"]) await next.waitForLine(new RegExp(`plugin ${plugin} .* is listening`));
    process.kill(old.pid, "SIGKILL");
    await expectEnd(old, socketOf("greeter"));
    for (const plugin of ["greeter", "second"]) expect(await greets(socketOf(plugin), plugin)).toBeGreaterThan(0);
    expect(next.lines.filter((line) => line.includes("has taken"))).toEqual([]);
  });

  it("one of them, which is left to the other server", async () => {
    const old = await start("prefix", "plugins");
    for (const plugin of ["greeter", "second"]) await old.waitForLine(new RegExp(`plugin ${plugin} .* is listening`));
    const next = await start("next", "others");
    await next.waitForLine(/plugin greeter .* is listening/);
    const taken = inode(socketOf("greeter"));
    process.kill(old.pid, "SIGKILL");
    await old.waitForLine(
      /WARN: .*plugin greeter is served on the shared socket alone: another server has taken .*greeter\.socket over/,
    );
    await expect
      .poll(() => old.lines.filter((line) => /plugin second .* is listening/.test(line)).length, { timeout: 20_000 })
      .toBe(2);
    for (const plugin of ["greeter", "second"]) expect(await greets(socketOf(plugin), plugin)).toBeGreaterThan(0);
    expect(await greets(old.socketPath, "greeter")).toBeGreaterThan(0);
    expect(inode(socketOf("greeter"))).toBe(taken);
  });
});
