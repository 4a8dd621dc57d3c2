// Plugins from bundles, on the real binary and a real HTTP server: served, replaced under calls, rolled back, refused, kept for a start without network.
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  BINARY,
  createTempDir,
  runCli,
  runPhase,
  type RunningServer,
  startInstance,
  startProgram,
  startWeb,
  type TempDir,
  type WebServer,
  WireClient,
} from "../support/index.js";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PRIVATE = { type: "pkcs8", format: "pem" } as const;

let temp: TempDir;
let web: WebServer | undefined;
let servers: RunningServer[];
let socketPath: string;

beforeEach(() => {
  temp = createTempDir("bundled");
  mkdirSync(join(temp.path, "web"));
  temp.write("key.pem", privateKey.export(PRIVATE).toString());
  temp.write("other.pem", other.privateKey.export(PRIVATE).toString());
  temp.write("pub.pem", publicKey.export({ type: "spki", format: "pem" }).toString());
  socketPath = join(temp.path, "kong.sock");
  servers = [];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await web?.close();
  web = undefined;
  temp.remove();
});

const kongPlugin = (version: string): string => `exports.Version = "${version}";
exports.Plugin = class { async access(kong) { await kong.response.set_header("x-version", "${version}"); } };`;

/** Builds and publishes as an operator does. */
async function publish(version: string, key = "key.pem", code = kongPlugin(version)): Promise<string> {
  temp.write("src/hello.cjs", code);
  const index = join(temp.path, "web/plugins.json");
  const out = join(temp.path, "web/edge.zip");
  const args = ["bundle", join(temp.path, "src/hello.cjs"), "-out", out, "-index", index, "-sign", join(temp.path, key)];
  const { code: status, stderr } = await runCli(args);
  expect(stderr).toBe("");
  expect(status).toBe(0);
  tick(index);
  return readFileSync(index, "utf8");
}

function point(index: string): void {
  const path = join(temp.path, "web/plugins.json");
  writeFileSync(path, index);
  tick(path);
}

/** The ETag of nginx is made of size and time, in seconds: here no two are within one. */
function tick(path: string): void {
  clock += 2;
  utimesSync(path, clock, clock);
}
let clock = 1_000_000_000;

async function serve(flags: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
  const url = `${web?.url ?? "http://127.0.0.1:1"}/plugins.json`;
  const place = ["-plugins-url", url, "-public-key", join(temp.path, "pub.pem"), "-bundle-cache", join(temp.path, "cache")];
  const server = await startProgram({
    command: [BINARY, ...place, "-socket", socketPath, "-bundle-interval", "200ms", ...flags],
    socketPath,
    env,
  });
  servers.push(server);
  return server;
}

async function version(client: WireClient): Promise<string> {
  const instance = await startInstance(client, "hello", {});
  const { calls } = await runPhase(client, instance, "access");
  return JSON.stringify(calls);
}

const until = async (test: () => Promise<boolean>): Promise<void> => {
  while (!(await test())) await new Promise((resolve) => setTimeout(resolve, 50));
};

interface Status {
  readonly bundles: {
    readonly served: readonly { readonly name: string; readonly version: string; readonly digest: string }[];
    readonly failures: Readonly<Record<string, number>>;
    readonly problems: readonly string[];
  };
}

const status = async (): Promise<Status["bundles"]> =>
  (JSON.parse((await runCli(["status", "-json", "-socket", socketPath])).stdout.toString()) as Status).bundles;

it("are fetched, replaced under calls, and rolled back by pointing the index back", async () => {
  web = await startWeb(join(temp.path, "web"));
  const first = await publish("1.0.0");
  const server = await serve();
  const client = await WireClient.connect(socketPath);
  expect(await version(client)).toContain("1.0.0");
  await publish("2.0.0");
  await until(async () => (await version(client)).includes("2.0.0"));
  point(first);
  await until(async () => (await version(client)).includes("1.0.0"));
  await client.close();
  expect(server.lines.filter((line) => line.includes("ERROR"))).toEqual([]);
  expect((await status()).served).toMatchObject([{ name: "edge", version: "1.0.0" }]);
  expect(web.requests().some((line) => line.endsWith("plugins.json 304"))).toBe(true);
});

it("are fetched at once when an operator has the server reload", async () => {
  web = await startWeb(join(temp.path, "web"));
  await publish("1.0.0");
  await serve(["-bundle-interval", "1h"]);
  await publish("2.0.0");
  const { stdout } = await runCli(["reload", "-socket", socketPath]);
  expect(stdout.toString()).toBe("plugin hello was reloaded: version 2.0.0\n");
});

it("that are wrong leave what runs, are told once, and are seen in status and metrics", async () => {
  web = await startWeb(join(temp.path, "web"));
  const first = await publish("1.0.0");
  const server = await serve(["-metrics", `unix://${join(temp.path, "metrics.sock")}`]);
  const client = await WireClient.connect(socketPath);
  const broken: readonly [RegExp, () => unknown][] = [
    [/BUNDLE_REFUSED.*signature|signature.*BUNDLE_REFUSED/, () => publish("2.0.0", "other.pem")],
    [/BUNDLE_DIGEST/, () => point(first.replace(/sha256:../, "sha256:00"))],
    [/BUNDLE_INDEX/, () => point("{")],
    [
      /BUNDLE_FETCH.*edge-none\.zip|edge-none\.zip.*BUNDLE_FETCH/,
      () => point(first.replace(/edge-[\da-f]+\.zip/, "edge-none.zip").replace(/sha256:../, "sha256:11")),
    ],
  ];
  for (const [line, publishIt] of broken) {
    await publishIt();
    await server.waitForLine(line);
    expect(await version(client)).toContain("1.0.0");
  }
  point(first);
  await until(async () => (await status()).problems.length === 0);
  const { failures, served } = await status();
  expect(Object.keys(failures).sort()).toEqual(["digest", "index", "signature", "status_4xx"]);
  expect(served).toMatchObject([{ version: "1.0.0" }]);
  const told = server.lines.filter((line) => line.includes("edge-none.zip"));
  expect(told).toHaveLength(1);
  await client.close();
});

it("are kept for a start without network, and their folder is the user's alone", async () => {
  web = await startWeb(join(temp.path, "web"));
  await publish("1.0.0");
  const url = `${web.url}/plugins.json`;
  const first = await serve();
  await first.close();
  await web.close();
  web = undefined;
  servers = [];
  const flags = ["-plugins-url", url, "-bundle-cache", join(temp.path, "cache"), "-public-key", join(temp.path, "pub.pem")];
  const second = await startProgram({ command: [BINARY, ...flags, "-socket", socketPath], socketPath });
  servers.push(second);
  const client = await WireClient.connect(socketPath);
  expect(await version(client)).toContain("1.0.0");
  await client.close();
  const dump = await runCli(["-dump-all-plugins", ...flags]);
  expect(JSON.parse(dump.stdout.toString())).toMatchObject([{ Name: "hello", Version: "1.0.0" }]);
});

it("that a killed server has unpacked are removed by the next one, and nobody else's", async () => {
  web = await startWeb(join(temp.path, "web"));
  await publish("1.0.0");
  const env = { TMPDIR: join(temp.path, "tmp") };
  const left = (): string[] => readdirSync(env.TMPDIR).sort();
  temp.write("tmp/pluginserver-plugins-another/alive", "");
  temp.write("elsewhere/alive", "");
  symlinkSync(join(temp.path, "elsewhere"), join(env.TMPDIR, "pluginserver-plugins-link"));
  const killed = await serve(["-no-supervisor"], env);
  const [own] = left().filter((name) => !/another|link/.test(name));
  killed.kill("SIGKILL");
  await killed.exited;
  expect(left()).toContain(own);
  const next = await serve(["-no-supervisor"], env);
  expect(left()).not.toContain(own);
  expect(left()).toHaveLength(3);
  // That of one which runs stays.
  socketPath = join(temp.path, "other.sock");
  const third = await serve(["-no-supervisor"], env);
  expect(left()).toHaveLength(4);
  expect(existsSync(join(temp.path, "elsewhere/alive"))).toBe(true);
  await next.close();
  await third.close();
  expect(left()).toEqual(["pluginserver-plugins-another", "pluginserver-plugins-link"]);
}, 60_000);

it("lie beside the server, too, and are replaced there", async () => {
  await publish("1.0.0");
  const zip = join(temp.path, "here.zip");
  const copy = (index: string): void => {
    const [name = ""] = /edge-[\da-f]+\.zip/.exec(index) ?? [];
    writeFileSync(zip, readFileSync(join(temp.path, "web", name)));
  };
  copy(readFileSync(join(temp.path, "web/plugins.json"), "utf8"));
  const server = await startProgram({ command: [BINARY, "-plugins-dir", zip, "-socket", socketPath], socketPath });
  servers.push(server);
  const client = await WireClient.connect(socketPath);
  expect(await version(client)).toContain("1.0.0");
  copy(await publish("2.0.0"));
  await until(async () => (await version(client)).includes("2.0.0"));
  await client.close();
  const dump = await runCli(["-dump", "hello", "-plugins-dir", zip]);
  expect(JSON.parse(dump.stdout.toString())).toMatchObject([{ Name: "hello", Version: "2.0.0" }]);
  expect((await runCli(["check", zip])).code).toBe(0);
  const conf = await runCli(["kong-conf", "-kong-version", "3.9", "-plugins-dir", zip]);
  expect(conf.stdout.toString()).toContain(`-plugins-dir ${zip}`);
});
