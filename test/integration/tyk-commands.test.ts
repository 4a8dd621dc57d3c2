// The commands for Tyk, with the real binary: settings for what is in a folder, and bundles that a server loads.
import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBundle, readPublicKey } from "../../src/gateways/tyk/bundles/index.js";
import { createTempDir, runCli, type TempDir } from "../support/index.js";

let temp: TempDir;

const SHOP = `
import { defineTykPlugin } from "pluginserver/tyk";
export default defineTykPlugin({
  version: "1.2.0",
  pre: { addFooBar(request) { request.headers.set("Foo", "Bar"); }, currentTime() {} },
  authCheck() {},
  response() {},
  events: { AuthFailure() {} },
});
`;
const STATS = `
import { defineTykPlugin } from "pluginserver/tyk";
export default defineTykPlugin({ postAuthCheck() {}, post: { count() {} }, endpoints: { "GET /get": () => {} } });
`;
const OTHER_AUTH = `
import { defineTykPlugin } from "pluginserver/tyk";
export default defineTykPlugin({ authCheck() {} });
`;

beforeAll(() => {
  temp = createTempDir("tyk");
  temp.write("plugins/shop.mjs", SHOP);
  temp.write("plugins/stats.mjs", STATS);
});
afterAll(() => temp.remove());

async function run(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(argv);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.toString();
}

async function refusal(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(argv);
  expect(code).not.toBe(0);
  expect(stdout.toString()).toBe("");
  return stderr;
}

const configured = (...flags: string[]): Promise<string> => run("tyk-conf", "-plugins-dir", `${temp.path}/plugins`, ...flags);

describe("tyk-conf", () => {
  it("prints the gateway's options and the hooks of the plugins that are there", async () => {
    const text = await configured();
    const [options = "", definition = ""] = text.replaceAll(/^#.*\n/gm, "").split("\n\n");
    expect(JSON.parse(options)).toMatchObject({ coprocess_options: { coprocess_grpc_server: "tcp://127.0.0.1:5555" } });
    expect(JSON.parse(definition)).toMatchObject({
      enable_coprocess_auth: true,
      custom_middleware: {
        pre: [{ name: "shop:addFooBar" }, { name: "shop:currentTime" }],
        auth_check: { name: "shop" },
        post_key_auth: [{ name: "stats" }],
        post: [{ name: "stats:count" }, { name: "stats:endpoints" }],
        response: [{ name: "shop" }],
        driver: "grpc",
      },
      event_handlers: { events: { AuthFailure: [{ handler_meta: { name: "shop:AuthFailure" } }] } },
    });
  });

  it("takes the release, the form, the address and the size of messages", async () => {
    const flags = ["-tyk-version", "5.3.0", "-oas", "-tyk", "unix:///run/tyk.sock", "-max-message-size", "1MB", "-env"];
    const text = await configured(...flags);
    expect(text).toContain("TYK_GW_COPROCESSOPTIONS_COPROCESSGRPCSERVER=unix:///run/tyk.sock\n");
    expect(text).toContain("TYK_GW_COPROCESSOPTIONS_GRPCAUTHORITY=localhost\n");
    expect(text).toContain("GRPCRECVMAXSIZE=1048576\n");
    expect(text).toContain('#         "prePlugins": [');
  });

  it("refuses what no gateway could do", async () => {
    const plugins = `${temp.path}/plugins`;
    expect(await refusal("tyk-conf", "-plugins-dir", plugins, "-tyk-version", "4.3.4")).toContain("empty :authority");
    expect(await refusal("tyk-conf", "-plugins-dir", plugins, "-tyk-version", "9.0")).toContain("-tyk-version 9.0");
    expect(await refusal("tyk-conf", "-plugins-dir", plugins, "-tyk", "localhost:5555")).toContain("is no address");
    temp.write("empty/readme.txt", "");
    expect(await refusal("tyk-conf", "-plugins-dir", `${temp.path}/empty`)).toContain("there is no plugin for Tyk");
    expect(await refusal("kong-conf", "-plugins-dir", plugins, "-kong-version", "3.9", "-oas")).toContain(
      "-oas is a flag of tyk-conf",
    );
  });
});

describe("bundle", () => {
  it("puts built plugins and their hooks into a zip with a digest in its name, which verifies", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = temp.write("key.pem", privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    const out = `${temp.path}/out/hooks.zip`;
    const plugins = [`${temp.path}/plugins/shop.mjs`, `${temp.path}/plugins/stats.mjs`];
    const text = await run("bundle", ...plugins, "-out", out, "-sign", key);
    const [name = ""] = readdirSync(`${temp.path}/out`);
    expect(name).toMatch(/^hooks-[\da-f]{12}\.zip$/);
    expect(text).toContain(`"custom_middleware_bundle": "${name}"`);
    const trusted = readPublicKey(publicKey.export({ type: "spki", format: "pem" }).toString());
    const opened = await openBundle(readFileSync(`${temp.path}/out/${name}`), { publicKey: trusted });
    expect([...opened.files.keys()]).toEqual(["shop.mjs", "stats.mjs", "pluginserver.json"]);
    expect(opened.manifest.customMiddleware).toMatchObject({ pre: [{ name: "shop:addFooBar" }, { name: "shop:currentTime" }] });

    for (const [file, content] of opened.files) temp.write(`unpacked/${file}`, content);
    const again = await run("tyk-conf", "-plugins-dir", `${temp.path}/unpacked`);
    expect(again).toContain('"name": "shop:addFooBar"');
  });

  it("takes the hooks of a manifest in place of the plugins' own", async () => {
    const manifest = temp.write(
      "m.json",
      JSON.stringify({ custom_middleware: { pre: [{ name: "AddFooBar" }], driver: "grpc" } }),
    );
    await run("bundle", `${temp.path}/plugins/shop.mjs`, "-out", `${temp.path}/own/hooks.zip`, "-manifest", manifest);
    const [name = ""] = readdirSync(`${temp.path}/own`);
    const { manifest: written } = await openBundle(readFileSync(`${temp.path}/own/${name}`));
    expect(written.customMiddleware).toEqual({ pre: [{ name: "AddFooBar" }], driver: "grpc" });
  });

  it("refuses what no gateway takes", async () => {
    const shop = `${temp.path}/plugins/shop.mjs`;
    const out = `${temp.path}/none/x.zip`;
    const other = temp.write("other/other.mjs", OTHER_AUTH);
    expect(await refusal("bundle", shop, other, "-out", out)).toContain("2 authCheck hooks (other, shop)");
    expect(await refusal("bundle", shop, "-out", `${temp.path}/none/x`)).toContain("ends in .zip");
    expect(await refusal("bundle", shop, "-out", out, "-sign", temp.write("ec.pem", "nothing"))).toContain("openssl genrsa");
    const goplugin = temp.write("go.json", JSON.stringify({ custom_middleware: { pre: [{ name: "a" }], driver: "goplugin" } }));
    expect(await refusal("bundle", shop, "-out", out, "-manifest", goplugin)).toContain('has to be grpc, not "goplugin"');
    const none = temp.write("odd/none.mjs", "export const Version = '1';");
    expect(await refusal("bundle", none, "-out", out)).toContain("it would not be served: the module is not a plugin");
    expect(readdirSync(temp.path)).not.toContain("none");
  });
});
