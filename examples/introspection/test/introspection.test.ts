import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { type TestedPlugin, testPlugin } from "pluginserver/testing";
import introspection from "../src/introspection.js";

const asked: string[] = [];
const server = createServer((request, response) => {
  void text(request).then((body) => {
    const token = new URLSearchParams(body).get("token") ?? "";
    asked.push(token);
    if (request.headers.authorization !== `Basic ${Buffer.from("gateway:word").toString("base64")}`) response.statusCode = 401;
    const active = { active: true, username: "alice", scope: "read write" };
    response.end(JSON.stringify(token.startsWith("good") ? active : { active: false }));
  });
});

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => server.close());

async function ask(token: string, config: object = {}): Promise<TestedPlugin> {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/introspect`;
  const t = await testPlugin(introspection, {
    config: { endpoint, client_id: "gateway", client_secret: "word", ...config },
    request: { headers: { authorization: `Bearer ${token}` } },
  });
  await t.run();
  return t;
}

test("lets an active token in, tells whose it is, and asks once for it", async () => {
  const [first, second] = [await ask("good-1"), await ask("good-1")];
  assert.equal(first.upstreamRequest?.headers["x-user"], "alice");
  assert.equal(second.response.status, 200);
  assert.deepEqual(
    asked.filter((token) => token === "good-1"),
    ["good-1"],
  );
});

test("refuses tokens that are not active, and those for something else", async () => {
  assert.equal((await ask("bad")).response.status, 401);
  assert.equal((await ask("good-2", { scopes: ["read"] })).response.status, 200);
  assert.equal((await ask("good-3", { scopes: ["admin"] })).response.status, 403);
});

test("answers 503 where the token server does not answer as it should, and asks again the next time", async () => {
  const t = await ask("good-4", { client_secret: "wrong" });
  assert.equal(t.response.status, 503);
  assert.match(t.logs[0]?.message ?? "", /the token server does not answer: it answered 401/);
  assert.equal((await ask("good-4")).response.status, 200);
});

const port = Number(process.env["REDIS_PORT"] ?? 0);

test("has the answer of another gateway", { skip: port === 0 ? "REDIS_PORT names no Redis" : false }, async () => {
  const config = { redis_host: "127.0.0.1", redis_port: port };
  const first = await ask("good-shared", config);
  // What this process has remembered is gone.
  await first.dispose();
  const second = await ask("good-shared", config);
  assert.equal(second.upstreamRequest?.headers["x-user"], "alice");
  assert.deepEqual(
    asked.filter((token) => token === "good-shared"),
    ["good-shared"],
  );
  await second.dispose();
});

test("goes without Redis where that does not answer", async () => {
  const t = await ask("good-5", { redis_host: "127.0.0.1", redis_port: 1 });
  assert.equal(t.response.status, 200);
  await t.dispose();
});
