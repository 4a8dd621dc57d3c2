import assert from "node:assert/strict";
import { test } from "node:test";
import { testPlugin } from "pluginserver/testing";
import bodyTransformer from "../src/body-transformer.js";

const config = { add: { source: "gateway" }, remove: ["secret"] };

test("adds to the request's body and takes out of the response's", async () => {
  const t = await testPlugin(bodyTransformer, {
    config,
    request: { method: "POST", body: { a: 1 } },
    upstream: { status: 201, body: { id: 7, secret: "s" } },
  });
  await t.run();
  assert.deepEqual(t.upstreamRequest?.json(), { a: 1, source: "gateway" });
  assert.equal(t.upstreamRequest?.headers["content-length"], String(t.upstreamRequest?.body.length));
  assert.equal(t.response.status, 201);
  assert.deepEqual(t.response.json(), { id: 7 });
});

test("leaves other bodies as they are, byte for byte", async () => {
  const bytes = Buffer.from([0, 255, 128, 1]);
  const t = await testPlugin(bodyTransformer, {
    config,
    request: { method: "POST", body: bytes, headers: { "content-type": "application/octet-stream" } },
    upstream: (request) => ({ body: request.body, headers: { "content-type": "application/octet-stream" } }),
  });
  await t.run();
  assert.deepEqual(t.response.body, bytes);
});

test("refuses what says that it is JSON and is not", async () => {
  const t = await testPlugin(bodyTransformer, {
    config,
    request: { method: "POST", body: "{", headers: { "content-type": "application/json" } },
  });
  await t.run();
  assert.equal(t.response.status, 400);
  assert.equal(t.upstreamRequest, undefined);
});
