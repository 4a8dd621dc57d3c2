import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { testPlugin } from "pluginserver/testing";
import idempotency from "../src/idempotency.js";

const port = Number(process.env["REDIS_PORT"] ?? 0);
const skip = port === 0 ? "REDIS_PORT names no Redis" : false;

async function send(key: string, body: string, answer: { status: number; body: string }) {
  const t = await testPlugin(idempotency, {
    config: { redis_port: port },
    request: { method: "POST", path: "/orders", headers: { "idempotency-key": key }, body },
    upstream: { status: answer.status, headers: { "content-type": "text/plain" }, body: answer.body },
  });
  await t.run();
  return t;
}

test("answers the second as the first, and asks the service once", { skip }, async () => {
  const key = randomUUID();
  const first = await send(key, "one", { status: 201, body: "order 1" });
  assert.equal(first.response.status, 201);
  const second = await send(key, "one", { status: 201, body: "order 2" });
  assert.equal(second.response.status, 201);
  assert.equal(second.response.body.toString(), "order 1");
  assert.equal(second.response.headers["idempotency-replayed"], "true");
  const other = await send(key, "another body", { status: 201, body: "order 3" });
  assert.equal(other.response.status, 422);
  await other.dispose();
});

test("lets a request be sent again where the service failed", { skip }, async () => {
  const key = randomUUID();
  const first = await send(key, "one", { status: 503, body: "busy" });
  assert.equal(first.response.status, 503);
  const second = await send(key, "one", { status: 201, body: "order 1" });
  assert.equal(second.response.status, 201);
  assert.equal(second.response.body.toString(), "order 1");
  await second.dispose();
});

test("refuses where Redis does not answer", async () => {
  const t = await testPlugin(idempotency, {
    config: { redis_port: 1 },
    request: { method: "POST", path: "/orders", headers: { "idempotency-key": randomUUID() }, body: "one" },
  });
  await t.run();
  assert.equal(t.response.status, 503);
  await t.dispose();
});
