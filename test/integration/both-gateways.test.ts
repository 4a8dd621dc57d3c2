// One process and one directory for both gateways: each sees its own plugins, over its own address, and a reload reaches both.
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  createTempDir,
  runCli,
  runPhase,
  type RunningServer,
  startInstance,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";
import { GrpcClient, type Outcome } from "../unit/gateways/tyk/http2/grpc-client.js";
import { peerDecode, peerEncode } from "../unit/gateways/tyk/messages/peer.js";

let temp: TempDir;
let server: RunningServer | undefined;

const kongPlugin = (value: string): string =>
  `exports.Version = "1"; exports.Priority = 1; exports.New = () => ({ async Access(kong) { await kong.response.setHeader("x-kong", "${value}"); } });`;
const tykPlugin = (value: string): string => `import { defineTykPlugin } from "pluginserver/tyk";
  export default defineTykPlugin({ pre: { mark(request) { request.headers.set("x-tyk", "${value}"); } } });`;

beforeEach(() => {
  temp = createTempDir("both");
  temp.write("plugins/for-kong.cjs", kongPlugin("one"));
  temp.write("plugins/for-tyk.mjs", tykPlugin("one"));
});

afterEach(async () => {
  if (server !== undefined) expect(await server.close()).toEqual({ code: 0, signal: null });
  server = undefined;
  temp.remove();
});

const socket = (): string => join(temp.path, "tyk.socket");
const address = (): string => `unix://${socket()}`;

/** Calls a pre hook as a gateway does. */
function callHook(name: string): Promise<Outcome> {
  const message = peerEncode({
    hook_type: 1,
    hook_name: name,
    request: { url: "/get", method: "GET", return_overrides: { response_code: -1 } },
    spec: { OrgID: "org", APIID: "api1" },
  });
  return new GrpcClient({ kind: "unix", path: socket() }).call("/coprocess.Dispatcher/Dispatch", { message });
}

async function kongSets(): Promise<unknown> {
  const client = await WireClient.connect(server?.socketPath ?? "");
  const { calls } = await runPhase(client, await startInstance(client, "for-kong"), "access");
  await client.close();
  return calls.at(-1)?.args[1];
}

async function tykSets(): Promise<unknown> {
  const { message, details } = await callHook("for-tyk:mark");
  if (message === undefined) throw new Error(details);
  return (peerDecode(message)["request"] as { readonly set_headers?: Readonly<Record<string, string>> }).set_headers?.["X-Tyk"];
}

it("each gateway is served its own plugins, and a reload reaches both", async () => {
  server = await startServer({ plugins: join(temp.path, "plugins"), flags: ["-tyk", address()] });
  await server.waitForLine(/listening for Tyk gateways on unix:/);
  expect([await kongSets(), await tykSets()]).toEqual(["one", "one"]);
  expect(await callHook("for-kong")).toMatchObject({ status: 5 });
  temp.write("plugins/for-kong.cjs", kongPlugin("two"));
  temp.write("plugins/for-tyk.mjs", tykPlugin("two"));
  await expect.poll(kongSets, { timeout: 15_000 }).toBe("two");
  await expect.poll(tykSets, { timeout: 15_000 }).toBe("two");
});

it("a look at the directory names the plugins of both", async () => {
  const { stdout } = await runCli(["check", join(temp.path, "plugins"), "-json", "-no-types"]);
  expect(JSON.parse(stdout.toString())).toMatchObject({
    plugins: [
      { name: "for-kong", served: true, phases: ["access"] },
      { name: "for-tyk", served: true, phases: ["pre/mark"], gateway: "tyk" },
    ],
  });
});

it.each([
  [["-dump-all-plugins"], /"for-kong"/, "for-tyk"],
  [["kong-conf", "-kong-version", "3.9"], /pluginserver/, "for-tyk"],
  // A plugin for Kong runs behind Tyk too.
  [["tyk-conf"], /"for-tyk:mark"[^]*"name": "for-kong"/, "does not load"],
])("%j has the plugins that its gateway can have, and says nothing against the others", async (command, has, other) => {
  const { code, stdout, stderr } = await runCli([...command, "-plugins-dir", join(temp.path, "plugins")]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.toString()).toMatch(has);
  expect(stdout.toString()).not.toContain(other);
});
