// Plugins as programs of their own behind Tyk: run, startServer and executables, in the thread of their server and in isolates.
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BINARY, createTempDir, runCli, type RunningServer, startCommand, type TempDir } from "../support/index.js";
import { GrpcClient, type Outcome } from "../unit/gateways/tyk/http2/grpc-client.js";
import { peerDecode, peerEncode } from "../unit/gateways/tyk/messages/peer.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HELLO = join(ROOT, "plugins-dir/hello.ts");

const PLUGIN = `
import { defineTykPlugin } from "pluginserver/tyk";
let calls = 0;
export default defineTykPlugin({
  version: "1.2.3",
  config: { greeting: { type: "string", default: "hello" } },
  dispose() { console.log("disposed"); },
  pre: {
    add(request, { config }) { request.headers.set("X-Greeting", config.greeting + " " + ++calls); },
    boom() { throw new Error("boom"); },
    stray() { setTimeout(() => { throw new Error("stray"); }); },
    late: () => new Promise((done) => setTimeout(done, 60_000).unref()),
  },
});
`;

let temp: TempDir;
let server: RunningServer | undefined;

beforeEach(() => {
  temp = createTempDir("tyk-prog");
  temp.write("greet.mjs", PLUGIN);
  mkdirSync(join(temp.path, "node_modules"));
  symlinkSync(ROOT, join(temp.path, "node_modules/pluginserver"));
});

afterEach(async () => {
  if (server !== undefined) expect(await server.close()).toEqual({ code: 0, signal: null });
  server = undefined;
  temp.remove();
});

const at = (name: string): string => join(temp.path, name);
const ADDRESS = (): string => `unix://${at("tyk.socket")}`;

async function start(flags: readonly string[], binary = BINARY): Promise<RunningServer> {
  server = startCommand([...flags, "-tyk", ADDRESS()], temp.path, binary);
  await server.waitForLine(/is listening/, SLOW);
  return server;
}

function call(hook: string, { type = 1, config = {} }: { type?: number; config?: object } = {}): Promise<Outcome> {
  const message = peerEncode({
    hook_type: type,
    hook_name: hook,
    request: { url: "/get", method: "GET", return_overrides: { response_code: -1 } },
    spec: { OrgID: "org", APIID: "api1", config_data: JSON.stringify(config) },
  });
  const client = new GrpcClient({ kind: "unix", path: at("tyk.socket") });
  return client.call("/coprocess.Dispatcher/Dispatch", { message });
}

async function greeting(config?: object): Promise<unknown> {
  const { message, details } = await call("add", config === undefined ? {} : { config });
  if (message === undefined) return details;
  const { set_headers } = peerDecode(message)["request"] as { readonly set_headers?: Readonly<Record<string, string>> };
  return set_headers?.["X-Greeting"];
}

/** Milliseconds for a start on a machine that is busy. */
const SLOW = 25_000;
const RESOURCE_EXHAUSTED = 8;
const INTERNAL = 13;
const DEADLINE_EXCEEDED = 4;

const WAYS = [
  ["run, in the thread of the server", ["run", "greet.mjs"]],
  ["run, in isolates", ["run", "greet.mjs", "-threads", "1"]],
] as const;

describe.each(WAYS)("%s", (_way, command) => {
  it("serves its hooks, and fails closed", async () => {
    const program = await start([...command, "-event-timeout", "1s"]);
    expect(await greeting({ greeting: "hi" })).toBe("hi 1");
    expect(await greeting()).toBe("hello 2");
    expect(await call("boom")).toMatchObject({ status: INTERNAL, details: expect.stringContaining("boom") as string });
    expect(await call("stray")).toMatchObject({ status: 0 });
    await program.waitForLine(/uncaught exception outside a handler: stray/);
    expect(await call("none")).toMatchObject({ status: 5, details: expect.stringContaining('"greet"') as string });
    expect(await call("late")).toMatchObject({ status: DEADLINE_EXCEEDED });
    expect(await greeting({ greeting: 7 })).toContain("greeting");
    expect(await greeting()).toBe("hello 3");
    await program.close();
    expect(program.lines.join("\n")).toContain("[greet] disposed");
  });

  it("runs as many calls at once as -max-events says, whatever the number of connections", async () => {
    await start([...command, "-max-events", "2", "-event-timeout", "2s"]);
    const running = [call("late"), call("late")];
    await expect.poll(async () => (await call("add")).status, { interval: 20 }).toBe(RESOURCE_EXHAUSTED);
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([DEADLINE_EXCEEDED, DEADLINE_EXCEEDED]);
    expect(await call("add")).toMatchObject({ status: 0 });
  });
});

describe("a program of its own file", () => {
  it.each([[[]], [["-threads", "1"]]])(
    "with %j starts by startServer, and is a plugin where a server loads it",
    async (flags) => {
      temp.write(
        "plugins/greet.mjs",
        `${PLUGIN.replace("export default", "const plugin =")}
      import { startServer } from "pluginserver/server";
      startServer(plugin);`,
      );
      await start([at("plugins/greet.mjs"), ...flags], process.execPath);
      expect(await greeting()).toBe("hello 1");
      await server?.close();
      server = startCommand(["-plugins-dir", at("plugins"), "-tyk", ADDRESS()], temp.path);
      await server.waitForLine(/listening for Tyk/, SLOW);
      expect(await greeting()).toBe("hello 1");
    },
  );

  it("is built, signed and served again, and runs from what was built", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    temp.write("key.pem", privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    temp.write("pub.pem", publicKey.export({ type: "spki", format: "pem" }).toString());
    const built = await runCli(["build", at("greet.mjs"), "-out", at("built"), "-sign", at("key.pem")]);
    expect(built.stdout.toString()).toContain("greet 1.2.3: ");
    server = startCommand(["-plugins-dir", at("built"), "-trust", at("pub.pem"), "-tyk", ADDRESS()], temp.path);
    await server.waitForLine(/listening for Tyk/, SLOW);
    expect(await greeting()).toBe("hello 1");
    await server.close();
    await start(["run", at("built/greet.mjs")]);
    expect(await greeting()).toBe("hello 1");
  });

  it("is an executable", { timeout: 120_000 }, async () => {
    await runCli(["build", at("greet.mjs"), "-out", at("bin"), "-standalone"]);
    await start([at("bin/greet")], process.execPath);
    expect(await greeting()).toBe("hello 1");
    await server?.close();
    await start([at("bin/greet"), "-threads", "1"], process.execPath);
    expect(await greeting()).toBe("hello 1");
  });
});

describe("a plugin for Kong", () => {
  it.each([[[]], [["-threads", "1"]]])("runs behind Tyk with %j", async (flags) => {
    await start(["run", HELLO, ...flags]);
    const { message, details } = await call("hello", { type: 2, config: { message: "hey" } });
    expect([details, message === undefined]).toEqual(["", false]);
  });
});

describe("the command line", () => {
  it("-dump names the hooks", async () => {
    const { stdout } = await runCli(["run", at("greet.mjs"), "-dump", "-tyk", "tcp://127.0.0.1:5555"]);
    expect(JSON.parse(stdout.toString())).toEqual({
      Protocol: "gRPC",
      Address: "tcp://127.0.0.1:5555",
      Plugins: [{ Name: "greet", Version: "1.2.3", Hooks: ["pre/add", "pre/boom", "pre/stray", "pre/late"] }],
    });
  });

  it.each([
    [[], 1, "plugin greet is for Tyk: say where gateways find it"],
    [["-kong-prefix", "."], 1, "plugin greet is for Tyk: say where gateways find it"],
    [["-tyk", "unix:///tmp/x", "-kong-prefix", "."], 2, "a program serves one gateway"],
    [["-tyk", "127.0.0.1"], 2, "is no address"],
    [["-tyk-apps", "."], 2, "-tyk is missing"],
    [["-tyk", "unix:///tmp/x", "-tyk-apps", ".", "-tyk-api", "http://x"], 2, "give one of them"],
  ])("%j is refused", async (flags, status, message) => {
    const { code, stderr } = await runCli(["run", at("greet.mjs"), ...flags], { cwd: temp.path });
    expect({ code, isTold: stderr.includes(message) ? "told" : stderr }).toEqual({ code: status, isTold: "told" });
  });

  it("a plugin that Tyk could call nothing of is refused", async () => {
    temp.write(
      "none.mjs",
      'import { definePlugin } from "pluginserver/kong";\nexport default definePlugin({ priority: 1, certificate() {} });',
    );
    const { code, stderr } = await runCli(["run", at("none.mjs"), "-tyk", ADDRESS()]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("nothing that Tyk could call")]);
  });
});
