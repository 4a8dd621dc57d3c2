// What kong-conf prints, done as a gateway does it: its queries answer what each release accepts, its start command serves.
import { execFile } from "node:child_process";
import { join } from "node:path";
import msgpack5 from "msgpack5";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  createTempDir,
  runCli,
  type RunningServer,
  runPhase,
  startInstance,
  startProgram,
  type TempDir,
  WireClient,
} from "../support/index.js";

// One for each way of configuring; the unit tests have every release.
const NAMES = ["2.3", "2.8", "3.4", "3.9"];

let temp: TempDir;
let plugins: string;
let server: RunningServer | undefined;

const plugin = (header: string): string => `
import { definePlugin } from "pluginserver/pdk";
console.log("loading");
export default definePlugin({ version: "1.0.0", priority: 1, access: (kong) => kong.response.setHeader("${header}", "yes") });
`;

beforeAll(() => {
  temp = createTempDir("kong conf");
  plugins = join(temp.path, "my plugins");
  temp.write("my plugins/hello.mjs", plugin("x-hello"));
  temp.write("my plugins/my-other.mjs", plugin("x-other"));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => temp.remove());

/** The settings that a gateway reads from the printed lines. */
async function configure(version: string, ...flags: string[]): Promise<Map<string, string>> {
  const argv = ["kong-conf", "-plugins-dir", plugins, "-kong-prefix", temp.path, "-kong-version", version, ...flags];
  const { code, stdout, stderr } = await runCli(argv);
  expect({ code, stderr: stderr.replaceAll(/^.* loading\n/gm, "") }).toEqual({ code: 0, stderr: "" });
  const lines = stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => /^(\w+) ?= ?(.*)$/.exec(line)?.slice(1) as [string, string]));
}

const answers = new Map<string, Promise<Buffer>>();

/** As io.popen: through a shell, of which stdout alone is read. */
function query(command: string): Promise<Buffer> {
  const answer =
    answers.get(command) ??
    new Promise<Buffer>((resolve, reject) => {
      const done = (error: Error | null, stdout: Buffer): void => (error === null ? resolve(stdout) : reject(error));
      execFile("/bin/sh", ["-c", command], { encoding: "buffer" }, done);
    });
  answers.set(command, answer);
  return answer;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const nameOf = (info: unknown): unknown => (isRecord(info) ? info["Name"] : undefined);

/** The plugins that a gateway registers from the answer to a query. */
function registered(version: string, answer: Buffer): unknown[] {
  const dump: unknown = JSON.parse(answer.toString());
  const list: unknown = version === "2.3" || !isRecord(dump) || !("Plugins" in dump) ? dump : dump["Plugins"];
  if (!Array.isArray(list)) throw new Error(`Kong ${version} cannot read ${answer.toString()}`);
  return (version === "3.9" ? list.slice(0, 1) : list).map(nameOf);
}

const entriesOf = (settings: Map<string, string>): string[] =>
  (settings.get("pluginserver_names") ?? "").split(",").map((name) => `pluginserver_${name.replaceAll("-", "_")}`);

describe.each(NAMES)("Kong %s", (version) => {
  it.each(["shared", "per-plugin"])("%s: its queries give it every plugin it is told to load", async (mode) => {
    const settings = await configure(version, "-mode", mode);
    const found: unknown[] = [];
    for (const entry of entriesOf(settings)) {
      expect(settings.has(`${entry}_socket`)).toBe(true);
      found.push(...registered(version, await query(settings.get(`${entry}_query_cmd`) ?? "")));
    }
    expect(found).toEqual(["hello", "my-other"]);
    expect(settings.get("plugins")).toBe("bundled,hello,my-other");
  });
});

describe("Kong 2.2", () => {
  it("shared: asks for each plugin as MessagePack", async () => {
    const settings = await configure("2.2");
    const [exe, dir] = [settings.get("go_pluginserver_exe") ?? "", settings.get("go_plugins_dir") ?? ""];
    for (const name of ["hello", "my-other"]) {
      const info: unknown = msgpack5().decode(await query(`${exe} -plugins-directory "${dir}" -dump-plugin-info "${name}"`));
      expect(nameOf(info)).toBe(name);
    }
    expect((await query(`${exe} -version`)).toString()).toMatch(/^Runtime Version: /m);
  });
});

describe("ProtoBuf:1", () => {
  it("is announced in the dump, which Kong 2.4 reads", async () => {
    const settings = await configure("2.4", "-protocol", "ProtoBuf:1");
    const answer = await query(settings.get("pluginserver_ts_query_cmd") ?? "");
    expect(JSON.parse(answer.toString())).toMatchObject({ Protocol: "ProtoBuf:1" });
    expect(registered("2.4", answer)).toEqual(["hello", "my-other"]);
  });

  it("is what Kong 3.9 is told to speak, by a server that goes on speaking both", async () => {
    const settings = await configure("3.9");
    const answer = await query(settings.get("pluginserver_my_other_query_cmd") ?? "");
    expect(JSON.parse(answer.toString())).toMatchObject({ Protocol: "ProtoBuf:1", Plugins: [{ Name: "my-other" }] });
    expect(settings.get("pluginserver_hello_start_cmd")).not.toContain("-protocol");
  });

  it("is not, where a plugin calls what it lacks: that one is named", async () => {
    const lacking = temp.write(
      "lacking/other.cjs",
      `module.exports = { Plugin: class { access(kong) { return kong.vault.get("x"); } } };`,
    );
    const { stdout } = await runCli(["kong-conf", "-plugins-dir", join(lacking, ".."), "-kong-version", "3.9"]);
    expect(stdout.toString()).toContain(
      "# MsgPack:1: plugin other calls kong.vault.get (other.cjs:1), which is not in ProtoBuf:1.\n",
    );
    expect(stdout.toString()).not.toContain("-protocol");
  });

  it("is refused for Kong 2.3, with the reason", async () => {
    const { code, stdout, stderr } = await runCli([
      "kong-conf",
      "-plugins-dir",
      plugins,
      "-kong-version",
      "2.3",
      "-protocol",
      "ProtoBuf:1",
      "-log-level",
      "silent",
    ]);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/Kong 2\.3 reads dumps that are a bare array/);
  });
});

describe("the start command", () => {
  it("serves what the entries say, with the flags of the command line, from any folder", async () => {
    const socket = join(temp.path, "the socket.sock");
    const settings = await configure("3.9", "-socket", socket, "-socket-mode", "0660", "-env", "KONG_*,SECRET");
    expect(settings.get("pluginserver_my_other_socket")).toBe(socket);
    const start = settings.get("pluginserver_hello_start_cmd") ?? "";
    expect(start).toMatch(/ -socket-mode 0660 -env KONG_\\\*,SECRET$/);
    server = await startProgram({ command: ["/bin/sh", "-c", `exec ${start}`], socketPath: socket, cwd: "/" });
    const client = await WireClient.connect(socket);
    const run = await runPhase(client, await startInstance(client, "my-other", {}), "access");
    expect(run.calls).toEqual([{ method: "kong.response.set_header", args: ["x-other", "yes"] }]);
    await client.close();
  });

  it("per-plugin: serves each entry's own socket", async () => {
    const settings = await configure("3.4", "-mode", "per-plugin");
    const sockets = entriesOf(settings).map((entry) => settings.get(`${entry}_socket`) ?? "");
    expect(settings.get("pluginserver_my_other_start_cmd")).toBe("/usr/bin/tail -f /dev/null");
    const start = settings.get("pluginserver_hello_start_cmd") ?? "";
    server = await startProgram({
      command: ["/bin/sh", "-c", `exec ${start}`],
      socketPath: join(temp.path, "go_pluginserver.sock"),
    });
    for (const [index, name] of ["hello", "my-other"].entries()) {
      await server.waitForLine(new RegExp(`plugin ${name} .* is listening on`));
      const client = await WireClient.connect(sockets[index] ?? "");
      expect((await runPhase(client, await startInstance(client, name, {}), "access")).end).toBe("ret");
      await client.close();
    }
  });

  it("is the same in an environment that a shell reads", async () => {
    const { stdout } = await runCli([
      "kong-conf",
      "-env",
      "-plugins-dir",
      plugins,
      "-kong-version",
      "3.8",
      "-log-level",
      "silent",
    ]);
    const shown = await query(`${stdout.toString()}\nprintf %s "$KONG_PLUGINSERVER_TS_START_CMD"`);
    const settings = await configure("3.8");
    const expected = settings
      .get("pluginserver_ts_start_cmd")
      ?.replace(`-kong-prefix ${temp.path.replaceAll(" ", "\\ ")}`, "-kong-prefix /usr/local/kong");
    expect(shown.toString()).toBe(`${expected ?? ""} -log-level silent`);
  });
});

describe("the command line", () => {
  it.each([
    [["-kong-version", "3.9", "-plugins-dir"], 2, /flag '-plugins-dir <path>' argument missing/],
    [["-kong-version", "3.9"], 2, /-plugins-dir is missing/],
    [["-plugins-dir", "/"], 2, /-kong-version is missing: say which, such as 3\.9/],
    [["-plugins-dir", ".", "-kong-version", "1.0"], 2, /-kong-version 1\.0 is not known: known are 2\.0 to 2\.8, 3\.0 to 3\.9/],
    [["-plugins-dir", ".", "-kong-version", "3.9", "-mode", "all"], 2, /-mode/],
    [["-plugins-dir", ".", "-kong-version", "3.9", "-threads", "0"], 2, /-threads/],
    [["-plugins-dir", "./no-such-folder", "-kong-version", "3.9"], 1, /does not exist/],
    [["-plugins-dir", "./test/types", "-kong-version", "3.9", "-log-level", "silent"], 1, /there is no plugin in/],
  ])("%j is refused", async (flags, status, message) => {
    const { code, stdout, stderr } = await runCli(["kong-conf", ...flags]);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: status, stdout: "" });
    expect(stderr).toMatch(message);
  });
});
