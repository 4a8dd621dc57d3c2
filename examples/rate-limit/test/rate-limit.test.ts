import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { test } from "node:test";
import { testPlugin } from "pluginserver/testing";
import rateLimit from "../src/rate-limit.js";

const port = Number(process.env["REDIS_PORT"] ?? 0);
const skip = port === 0 ? "REDIS_PORT names no Redis" : false;

test("lets the limit through, and each consumer has its own", { skip }, async () => {
  const config = { limit: 2, window: 3600, redis_port: port };
  const alice = await testPlugin(rateLimit, { config, consumer: { id: randomUUID(), username: "alice" } });
  const statuses: number[] = [];
  for (let index = 0; index < 3; index += 1) statuses.push((await alice.run()).response.status);
  assert.deepEqual(statuses, [200, 200, 429]);
  assert.equal(alice.response.headers["ratelimit-remaining"], "0");
  assert.match(String(alice.response.headers["retry-after"]), /^\d+$/);
  assert.equal(alice.response.headers["ratelimit-reset"], alice.response.headers["retry-after"]);
  const bob = await testPlugin(rateLimit, { config, consumer: { id: randomUUID(), username: "bob" } });
  await bob.run();
  assert.equal(bob.response.status, 200);
  assert.equal(bob.response.headers["ratelimit-remaining"], "1");
  await bob.dispose();
});

/** Where nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("without Redis lets requests through, or not, as it is told, and says so in the log", async () => {
  const config = { limit: 1, redis_port: await freePort() };
  const open = await testPlugin(rateLimit, { config });
  await open.run();
  assert.equal(open.response.status, 200);
  assert.match(open.logs[0]?.message ?? "", /cannot count requests: .*ECONNREFUSED/);
  const closed = await testPlugin(rateLimit, { config: { ...config, fault_tolerant: false } });
  await closed.run();
  assert.equal(closed.response.status, 503);
  await closed.dispose();
});
