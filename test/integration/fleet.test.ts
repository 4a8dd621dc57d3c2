// A fleet of 50 on one bundle server: 4 real servers with calls all the time, and 46 of what fetches, verifies and swaps bundles in a server, without
// isolates behind it. Whatever happens to releases and to the bundle server, each ends on the right version, and no call is answered wrongly.
import { spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BundledPlugins, httpBundles, KeptBundles, mergeEntry } from "../../src/apps/bundles/index.js";
import { createLogger } from "../../src/core/log/index.js";
import { readPublicKey, readBundleKey, writeBundle } from "../../src/gateways/tyk/bundles/index.js";
import {
  BINARY,
  createTempDir,
  runPhase,
  type RunningServer,
  startInstance,
  startProgram,
  startWeb,
  type WebServer,
  WireClient,
} from "../support/index.js";

const REAL = 4;
const LIGHT = 46;
const INTERVAL = 400;

const temp = createTempDir("fleet");
const root = join(temp.path, "web");
const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
const others = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = ({ privateKey }: typeof keys): string => privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const publicPem = keys.publicKey.export({ type: "spki", format: "pem" }).toString();

interface Member {
  readonly name: string;
  version(): Promise<string | undefined>;
}

let web: WebServer;
let port: number;
let clock = 1_000_000_000;
const members: Member[] = [];
const light: BundledPlugins[] = [];
const servers: RunningServer[] = [];
const counts = { calls: 0, wrong: 0 };
let isEnding = false;
const calling: Promise<void>[] = [];

function point(text: string): void {
  const path = join(root, "plugins.json");
  writeFileSync(path, text);
  // The ETag of nginx has seconds.
  clock += 2;
  utimesSync(path, clock, clock);
}

async function release(version: string, change: (zip: Buffer) => Buffer = (zip) => zip, by = keys): Promise<string> {
  const code = `exports.Version = "${version}";
    exports.Plugin = class { async access(kong) { await kong.response.set_header("x-version", "${version}"); } };`;
  const files = new Map([["hello.cjs", Buffer.from(code)]]);
  const customMiddleware = { driver: "grpc" };
  const { bytes } = await writeBundle({ files, customMiddleware, key: readBundleKey(pem(by)), plugins: ["hello"] });
  const zip = change(bytes);
  const digest = createHash("sha256").update(zip).digest("hex");
  writeFileSync(join(root, `edge-${digest}.zip`), zip);
  return mergeEntry(undefined, { name: "edge", version, url: `edge-${digest}.zip`, digest });
}

async function openLight(index: number, folder = join(temp.path, `light-${index}`)): Promise<BundledPlugins> {
  const bundled = await BundledPlugins.open({
    source: httpBundles(`http://127.0.0.1:${port}/plugins.json`),
    kept: KeptBundles.open(folder),
    publicKey: readPublicKey(publicPem),
    interval: INTERVAL,
    // In a server its plugins are loaded here.
    check: (directory) => Promise.resolve(readFileSync(join(directory, "hello.cjs")).length > 0 ? [] : ["hello: empty"]),
    logger: createLogger({ level: "silent", format: "text" }),
  });
  bundled.poll(() => Promise.resolve());
  return bundled;
}

/** What is in the directory, not what the figures say. */
const versionIn = ({ directory }: BundledPlugins): Promise<string | undefined> =>
  Promise.resolve(/"([\d.]+)"/.exec(readFileSync(join(directory, "hello.cjs"), "utf8"))?.[1]);

async function startReal(index: number): Promise<RunningServer> {
  const socketPath = join(temp.path, `real-${index}.sock`);
  const flags = ["-plugins-url", `http://127.0.0.1:${port}/plugins.json`, "-public-key", join(temp.path, "pub.pem")];
  const cache = ["-bundle-cache", join(temp.path, `real-${index}`), "-bundle-interval", `${INTERVAL}ms`, "-socket", socketPath];
  return startProgram({ command: [BINARY, ...flags, ...cache], socketPath });
}

const answerOf = async (client: WireClient, instance: number): Promise<string | undefined> => {
  const { calls, end } = await runPhase(client, instance, "access");
  return end === "ret" ? /"(\d+\.\d+\.\d+)"/.exec(JSON.stringify(calls))?.[1] : undefined;
};

/** Calls all the time: an answer without a version is wrong. */
async function keepCalling(socketPath: string): Promise<void> {
  const client = await WireClient.connect(socketPath);
  const instance = await startInstance(client, "hello", {});
  while (!isEnding) {
    const version = await answerOf(client, instance).catch(() => undefined);
    counts.calls += 1;
    if (version === undefined) counts.wrong += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await client.close();
}

async function allAt(version: string): Promise<void> {
  for (const member of members)
    while ((await member.version()) !== version) await new Promise((resolve) => setTimeout(resolve, 25));
}

/** Until each of the light ones has met it, and it has changed nothing. */
async function allRefuse(reason: string, version: string): Promise<void> {
  for (const each of light)
    while ((each.figures().failures[reason] ?? 0) === 0) await new Promise((resolve) => setTimeout(resolve, 25));
  for (const server of servers) await server.waitForLine(new RegExp(`stays at ${version}|stay as they are`));
  await allAt(version);
}

function mountSmall(folder: string): boolean {
  mkdirSync(folder, { mode: 0o700 });
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", folder]).status === 0;
}

/** Writes until there is no room. */
function fill(folder: string): void {
  const file = openSync(join(folder, "filler"), "w");
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch {
    // It is full now.
  } finally {
    closeSync(file);
  }
}

async function withTemp<Result>(folder: string, open: () => Promise<Result>): Promise<Result> {
  const former = process.env["TMPDIR"];
  process.env["TMPDIR"] = folder;
  try {
    return await open();
  } finally {
    if (former === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = former;
  }
}

beforeAll(async () => {
  mkdirSync(root);
  writeFileSync(join(temp.path, "pub.pem"), publicPem);
  web = await startWeb(root);
  port = Number(new URL(web.url).port);
  point(await release("1.0.0"));
  for (let index = 0; index < LIGHT; index += 1) {
    const bundled = await openLight(index);
    light.push(bundled);
    members.push({ name: `light ${index}`, version: () => versionIn(bundled) });
  }
  for (let index = 0; index < REAL; index += 1) {
    const server = await startReal(index);
    servers.push(server);
    const client = await WireClient.connect(server.socketPath);
    members.push({
      name: `server ${index}`,
      version: async () => answerOf(client, await startInstance(client, "hello", {})),
    });
    calling.push(keepCalling(server.socketPath));
  }
}, 120_000);

afterAll(async () => {
  isEnding = true;
  await Promise.all(calling);
  await Promise.all([...light.map((each) => each.close()), ...servers.map((server) => server.close())]);
  await web.close();
  temp.remove();
}, 60_000);

it("all end on the right version, whatever happens", { timeout: 180_000 }, async () => {
  const told: string[] = [];
  const step = async (what: string, done: () => Promise<unknown>): Promise<void> => {
    await done();
    const versions = await Promise.all(members.map((member) => member.version()));
    const at = new Map<string, number>();
    for (const version of versions) at.set(version ?? "none", (at.get(version ?? "none") ?? 0) + 1);
    told.push(
      `${what}: ${[...at].map(([version, count]) => `${count} at ${version}`).join(", ")}; ${counts.calls} calls, ${counts.wrong} wrong`,
    );
  };

  await step("the first release", () => allAt("1.0.0"));
  const second = await release("2.0.0");
  await step("publish", async () => {
    point(second);
    await allAt("2.0.0");
  });
  await step("roll back", async () => {
    point(await release("1.0.0"));
    await allAt("1.0.0");
  });
  await step("a broken bundle", async () => {
    point(await release("3.0.0", (zip) => zip.subarray(0, zip.length / 2)));
    await allRefuse("broken", "1.0.0");
  });
  await step("a wrong signature", async () => {
    point(await release("4.0.0", undefined, others));
    await allRefuse("signature", "1.0.0");
  });
  await step("the bundle server is down", async () => {
    await web.close();
    await allRefuse("connection", "1.0.0");
  });
  await step("a member starts while it is down", async () => {
    await light[0]?.close();
    const again = await openLight(0);
    light[0] = again;
    members[0] = { name: "light 0", version: () => versionIn(again) };
    await allAt("1.0.0");
  });
  await step("it is back, with the release after", async () => {
    web = await startWeb(root, port);
    point(second);
    await allAt("2.0.0");
  });
  await step("a full disk: where bundles are kept, and where they are unpacked", async () => {
    const [keeps, unpacks] = [join(temp.path, "small-keeps"), join(temp.path, "small-unpacks")];
    if (![keeps, unpacks].every(mountSmall)) return void told.push("no disk can be mounted here: this step is left out");
    try {
      const keeping = await openLight(LIGHT, keeps);
      const unpacking = await withTemp(unpacks, () => openLight(LIGHT + 1));
      fill(keeps);
      fill(unpacks);
      point(await release("5.0.0"));
      await allAt("5.0.0");
      while ((await versionIn(keeping)) !== "5.0.0") await new Promise((resolve) => setTimeout(resolve, 25));
      while ((unpacking.figures().failures["disk"] ?? 0) === 0) await new Promise((resolve) => setTimeout(resolve, 25));
      expect(keeping.figures().failures["disk"]).toBeGreaterThan(0);
      expect(await versionIn(unpacking)).toBe("2.0.0");
      rmSync(join(unpacks, "filler"));
      while ((await versionIn(unpacking)) !== "5.0.0") await new Promise((resolve) => setTimeout(resolve, 25));
      await Promise.all([keeping.close(), unpacking.close()]);
    } finally {
      for (const disk of [keeps, unpacks]) spawnSync("umount", ["-l", disk]);
    }
  });
  const requests = web.requests();
  const unchanged = requests.filter((line) => line.endsWith("plugins.json 304")).length;
  told.push(`since it is back, ${web.kind} answered ${requests.length} requests, ${unchanged} with 304`);
  process.stdout.write(`${told.join("\n")}\n`);
  expect(counts.wrong).toBe(0);
  expect(counts.calls).toBeGreaterThan(100);
});
