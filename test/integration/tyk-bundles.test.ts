// Bundles at the server, with the real binary and a real HTTP server: chosen by the call, swapped in, refused, kept for the next start.
import { generateKeyPairSync } from "node:crypto";
import { readdirSync, renameSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundleHash, readBundleKey, writeBundle } from "../../src/gateways/tyk/bundles/index.js";
import { createTempDir, runCli, type RunningServer, startCommand, type TempDir } from "../support/index.js";
import { GrpcClient, type Outcome } from "../unit/gateways/tyk/http2/grpc-client.js";
import { peerDecode, peerEncode } from "../unit/gateways/tyk/messages/peer.js";
import { zipOf } from "../unit/gateways/tyk/bundles/zip-by-hand.js";

let temp: TempDir;
let server: RunningServer | undefined;
let web: Server | undefined;

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

const plugin = (value: string, name = "mark"): string => `import { defineTykPlugin } from "pluginserver/tyk";
  export default defineTykPlugin({ pre: { ${name}(request) { request.headers.set("x-from", "${value}"); } } });`;

interface Contents {
  readonly signed?: boolean;
  readonly code?: string;
  readonly hook?: string;
}

/** A bundle as anybody's tool may make it, with the source of a plugin. */
async function bundleOf(
  value: string,
  { signed = true, code = plugin(value), hook = "hello:mark" }: Contents = {},
): Promise<Buffer> {
  const { bytes } = await writeBundle({
    files: new Map([["hello.mjs", Buffer.from(code)]]),
    customMiddleware: { pre: [{ name: hook }], driver: "grpc" },
    ...(signed ? { key: readBundleKey(pem) } : {}),
  });
  return bytes;
}

beforeEach(() => {
  temp = createTempDir("bundles");
  temp.write("plugins/hello.mjs", plugin("folder"));
  temp.write("pub.pem", publicKey.export({ type: "spki", format: "pem" }).toString());
});

afterEach(async () => {
  if (server !== undefined) expect(await server.close()).toEqual({ code: 0, signal: null });
  server = undefined;
  closeWeb();
  temp.remove();
});

function closeWeb(): void {
  web?.closeAllConnections();
  web?.close();
  web = undefined;
}

async function start(...flags: string[]): Promise<RunningServer> {
  const all = ["-tyk", `unix://${join(temp.path, "tyk.socket")}`, "-bundle-cache", join(temp.path, "cache"), ...flags];
  server = startCommand(all, temp.path);
  await server.waitForLine(/listening for Tyk gateways/);
  return server;
}

const withFolder = (): string[] => ["-plugins-dir", join(temp.path, "plugins")];

/** Calls a pre hook as a gateway does for an API with this text as its `custom_middleware_bundle`. */
function callHook(bundle: string, hook = "hello:mark"): Promise<Outcome> {
  const message = peerEncode({
    hook_type: 1,
    hook_name: hook,
    request: { url: "/get", method: "GET", return_overrides: { response_code: -1 } },
    spec: { OrgID: "org", APIID: "api1", bundle_hash: bundleHash(bundle) },
  });
  const client = new GrpcClient({ kind: "unix", path: join(temp.path, "tyk.socket") });
  return client.call("/coprocess.Dispatcher/Dispatch", { message });
}

async function from(bundle: string, hook?: string): Promise<unknown> {
  const { message, details } = await callHook(bundle, hook);
  if (message === undefined) return details;
  const { set_headers } = peerDecode(message)["request"] as { readonly set_headers?: Readonly<Record<string, string>> };
  return set_headers?.["X-From"];
}

const becomes = (bundle: string, value: string): Promise<void> =>
  expect.poll(() => from(bundle), { timeout: 15_000 }).toBe(value);

interface Web {
  readonly url: string;
  readonly files: Map<string, Buffer>;
  readonly statuses: number[];
}

/** As a gateway's bundle server: with an ETag for each file. */
async function serveBundles(): Promise<Web> {
  const files = new Map<string, Buffer>();
  const statuses: number[] = [];
  web = createServer((request, response) => {
    const bytes = files.get(request.url ?? "");
    const etag = bytes === undefined ? "" : `"${bundleHash(bytes.toString("latin1"))}"`;
    const status = bytes === undefined ? 404 : request.headers["if-none-match"] === etag ? 304 : 200;
    statuses.push(status);
    response.writeHead(status, bytes === undefined ? {} : { etag }).end(status === 200 ? bytes : undefined);
  });
  const listening = web;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}/bundles`, files, statuses };
}

describe("over HTTP", () => {
  const flags = (url: string): string[] => [
    ...["-bundles", url, "-tyk-apps", join(temp.path, "apps"), "-public-key", join(temp.path, "pub.pem")],
    ...["-bundle-interval", "200ms"],
  ];

  it("the call's bundle_hash chooses among those that API definitions name, and the folder has the others", async () => {
    const { url, files } = await serveBundles();
    files.set("/bundles/a.zip", await bundleOf("a"));
    files.set("/bundles/b.zip", await bundleOf("b"));
    temp.write("apps/a.json", JSON.stringify({ api_id: "a", custom_middleware_bundle: "a.zip" }));
    temp.write("apps/b.json", JSON.stringify({ api_id: "b", custom_middleware_bundle: "b.zip" }));
    await start(...withFolder(), ...flags(url));
    expect([await from("a.zip"), await from("b.zip"), await from("")]).toEqual(["a", "b", "folder"]);
    temp.write("plugins/other.mjs", plugin("other", "only"));
    await expect.poll(() => from("a.zip", "only"), { timeout: 15_000 }).toBe("other");
    // A definition that is new names a bundle that was not wanted before.
    files.set("/bundles/c.zip", await bundleOf("c"));
    temp.write("apps/c.json", JSON.stringify({ api_id: "c", custom_middleware_bundle: "c.zip" }));
    await becomes("c.zip", "c");
  });

  it("a good one is swapped in while calls run, a bad one is told once, and what was good lasts over a restart", async () => {
    const { url, files, statuses } = await serveBundles();
    files.set("/bundles/a.zip", await bundleOf("one"));
    temp.write("apps/a.json", JSON.stringify({ api_id: "a", custom_middleware_bundle: "a.zip" }));
    const running = await start(...flags(url));
    expect(await from("a.zip")).toBe("one");
    files.set("/bundles/a.zip", await bundleOf("two"));
    const seen = new Set<unknown>();
    await expect.poll(async () => seen.add(await from("a.zip")).has("two"), { timeout: 15_000, interval: 1 }).toBe(true);
    expect([...seen]).toEqual(["one", "two"]);
    files.set("/bundles/a.zip", await bundleOf("three", { signed: false }));
    await running.waitForLine(/bundle a\.zip is not replaced, its former version goes on: .*it is not signed/);
    files.set("/bundles/a.zip", await bundleOf("four", { code: "throw new Error('no use')" }));
    await running.waitForLine(/bundle a\.zip is not replaced, its former version goes on: .*hello: .*no use/);
    const before = statuses.length;
    await expect.poll(() => statuses.length - before).toBeGreaterThan(3);
    expect(statuses.slice(before + 1)).not.toContain(200);
    expect(running.lines.filter((line) => line.includes("is not replaced"))).toHaveLength(2);
    expect(await from("a.zip")).toBe("two");
    await running.close();
    closeWeb();
    const next = await start(...flags(url));
    await next.waitForLine(/bundle a\.zip is not served: .*ECONNREFUSED/);
    await next.waitForLine(/bundle a\.zip: the last good one, which was kept on disk, is used/);
    expect(await from("a.zip")).toBe("two");
  });

  it("one that cannot be had refuses its API's calls, also where the folder has a hook of that name", async () => {
    const { url, files } = await serveBundles();
    await start(...withFolder(), "-bundles", url, "-bundle", "a.zip", "-bundle", "b.zip", "-bundle-interval", "100ms");
    expect(await from("a.zip")).toMatch(/the bundle a\.zip of the API is not served/);
    expect(await from("")).toBe("folder");
    files.set("/bundles/a.zip", await bundleOf("a", { signed: false }));
    await becomes("a.zip", "a");
    expect(await from("b.zip")).toMatch(/the bundle b\.zip of the API is not served/);
  });
});

describe("in a folder", () => {
  it.each(["a path", "a URL"])("given as %s, built by the bundle command, they need no directory of plugins", async (form) => {
    temp.write("src/hello.ts", plugin("built"));
    const made = await runCli(["bundle", join(temp.path, "src/hello.ts"), "-out", join(temp.path, "in/hooks.zip")]);
    expect(made.stderr).toBe("");
    const [name = ""] = readdirSync(join(temp.path, "in"));
    const place = join(temp.path, "in");
    const running = await start("-bundles", form === "a URL" ? pathToFileURL(place).href : place);
    expect([await from(name), await from(name, "mark")]).toEqual(["built", "built"]);
    expect(await callHook("other.zip")).toMatchObject({ status: 5 });
    renameSync(join(place, name), join(place, "later.zip"));
    await becomes("later.zip", "built");
    await running.waitForLine(/is served no more: nothing names it/);
  });

  it("those that no gateway would take are refused, each with one line that says why", async () => {
    const good = await bundleOf("good");
    temp.write("in/good.zip", good);
    temp.write("in/path.zip", zipOf([{ name: "../../evil.mjs" }, { name: "manifest.json", content: "{}" }]));
    temp.write("in/link.zip", zipOf([{ name: "a.mjs", mode: 0o120777 }]));
    temp.write("in/broken.zip", good.subarray(0, good.length / 2));
    const running = await start("-bundles", join(temp.path, "in"));
    for (const [name, reason] of [
      ["path", /evil/],
      ["link", /link/],
      ["broken", /archive/],
    ] as const) {
      const lines = running.lines.filter((line) => line.includes(`bundle ${name}.zip`));
      expect(lines).toEqual([expect.stringMatching(reason)]);
    }
    expect(await from("good.zip")).toBe("good");
    rmSync(join(temp.path, "in/good.zip"));
    await expect.poll(() => from("good.zip"), { timeout: 15_000 }).toMatch(/there is no plugin/);
  });

  it("one whose manifest alone is of use names hooks of the folder", async () => {
    const { bytes } = await writeBundle({
      files: new Map(),
      customMiddleware: { pre: [{ name: "hello:mark" }], driver: "grpc" },
    });
    temp.write("in/manifest.zip", bytes);
    await start(...withFolder(), "-bundles", join(temp.path, "in"));
    expect(await from("manifest.zip")).toBe("folder");
  });
});

it.each([
  [["-plugins-dir", ".", "-bundle", "a.zip"], /-bundles is missing/],
  [["-bundles", "http://127.0.0.1:1/x"], /say which ones, with -bundle NAME/],
  [["-bundles", "ftp://127.0.0.1/x"], /use http, https, file or a folder/],
  [["-bundles", ".", "-public-key", "none.pem"], /-public-key none\.pem: ENOENT/],
  [["-bundles", ".", "-socket", "k.socket"], /-plugins-dir is missing/],
])("%j is refused", async (flags, reason) => {
  const { code, stderr } = await runCli(["-tyk", `unix://${join(temp.path, "tyk.socket")}`, ...flags], { cwd: temp.path });
  expect(code).not.toBe(0);
  expect(stderr).toMatch(reason);
});
