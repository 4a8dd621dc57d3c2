// Owns checking bundles from an HTTPS server of an authority of one's own, with native code, for threads and processes.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
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

/** The smallest addon there is. */
const ADDON = `
struct napi_env; struct napi_value;
int napi_create_int32(struct napi_env*, int, struct napi_value**);
int napi_set_named_property(struct napi_env*, struct napi_value*, const char*, struct napi_value*);
struct napi_value* napi_register_module_v1(struct napi_env* env, struct napi_value* exports) {
  struct napi_value* answer;
  napi_create_int32(env, 42, &answer);
  napi_set_named_property(env, exports, "answer", answer);
  return exports;
}
`;
const hasTools = ["openssl version", "cc --version"].every((tool) => spawnSync("sh", ["-c", tool]).status === 0);

let temp: TempDir;
let web: Server;
let server: RunningServer | undefined;

const sh = (command: string): void => {
  const { status, stderr } = spawnSync("sh", ["-c", command], { cwd: temp.path, encoding: "utf8" });
  expect(status, stderr).toBe(0);
};

beforeEach(async () => {
  temp = createTempDir("tls");
  sh("openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj '/CN=Our Own'");
  sh("openssl req -newkey rsa:2048 -nodes -keyout web.key -out web.csr -subj /CN=localhost");
  temp.write("names", "subjectAltName=DNS:localhost");
  sh("openssl x509 -req -in web.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out web.pem");
  const read = (name: string): Buffer => readFileSync(join(temp.path, name));
  web = createServer({ key: read("web.key"), cert: read("web.pem") }, (request, response) => {
    const path = join(temp.path, "web", basename(request.url ?? ""));
    response.statusCode = existsSync(path) ? 200 : 404;
    response.end(existsSync(path) ? readFileSync(path) : "");
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  await server?.close();
  web.closeAllConnections();
  web.close();
  temp.remove();
});

describe.runIf(hasTools)("a bundle server of an authority of one's own", () => {
  it.each(["thread", "process"])(
    "is trusted where a variable says so, and its native code runs in a %s",
    async (isolation) => {
      temp.write("src/addon.c", ADDON);
      sh("cc -shared -fPIC -o src/own.node src/addon.c && mkdir web");
      temp.write(
        "src/native.js",
        `const { answer } = require("./own.node");
       module.exports = { Version: "1.0.0", Plugin: class { async access(kong) { await kong.response.setHeader("x-answer", String(answer)); } } };`,
      );
      const [out, index] = [join(temp.path, "web/edge.zip"), join(temp.path, "web/plugins.json")];
      const built = await runCli(["bundle", join(temp.path, "src/native.js"), "-out", out, "-index", index]);
      expect(built.stderr).toBe("");
      const url = `https://localhost:${(web.address() as AddressInfo).port}/plugins.json`;
      const socketPath = join(temp.path, "kong.sock");
      const start = (env: Readonly<Record<string, string>>): Promise<RunningServer> =>
        startProgram({
          command: [
            BINARY,
            "-plugins-url",
            url,
            "-bundle-cache",
            join(temp.path, "cache"),
            "-socket",
            socketPath,
            "-isolation",
            isolation,
          ],
          socketPath,
          env,
        });
      const unknowing = await start({});
      expect(await unknowing.waitForLine(/cannot be fetched/)).toMatch(/certificate.*start with NODE_EXTRA_CA_CERTS=FILE/);
      await unknowing.close();
      server = await start({ NODE_EXTRA_CA_CERTS: join(temp.path, "ca.pem") });
      const client = await WireClient.connect(socketPath);
      const { calls } = await runPhase(client, await startInstance(client, "native"), "access");
      expect(calls).toEqual([{ method: "kong.response.set_header", args: ["x-answer", "42"] }]);
      await client.close();
    },
    60_000,
  );
});
