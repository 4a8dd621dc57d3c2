import assert from "node:assert/strict";
import { test } from "node:test";
import { testPlugin } from "pluginserver/testing";
import abRouter from "../src/ab-router.js";

const target = { host: "b.test", port: 8080 };

async function variantFor(percent: number, id: string): Promise<string | undefined> {
  const t = await testPlugin(abRouter, { config: { percent, ...target }, consumer: { id, username: id } });
  await t.run();
  const isB = t.upstreamRequest?.url.startsWith("http://b.test:8080/") ?? false;
  assert.equal(t.response.headers["x-variant"], isB ? "b" : "a");
  return t.response.headers["x-variant"] as string;
}

test("sends nobody, everybody, or about the share that it is told, and each user always the same way", async () => {
  assert.equal(await variantFor(0, "user"), "a");
  assert.equal(await variantFor(100, "user"), "b");
  const users = Array.from({ length: 200 }, (_, index) => `user-${index}`);
  const variants = await Promise.all(users.map((user) => variantFor(30, user)));
  const share = variants.filter((variant) => variant === "b").length;
  assert.ok(share > 30 && share < 90, `${share} of 200`);
  assert.deepEqual(await Promise.all(users.map((user) => variantFor(30, user))), variants);
});

test("lets a header decide, for trying it out", async () => {
  const t = await testPlugin(abRouter, { config: { percent: 0, ...target }, request: { headers: { "x-variant": "b" } } });
  await t.run();
  assert.equal(t.upstreamRequest?.url, "http://b.test:8080/");
  assert.equal(t.upstreamRequest?.headers["x-variant"], "b");
});
