import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { type TestedPlugin, testPlugin } from "pluginserver/testing";
import jwt from "../src/jwt.js";

const SECRET = "not for production";

function sign(claims: object, secret = SECRET, alg = "HS256"): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg, typ: "JWT" })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

async function ask(authorization: string | undefined, headers: Record<string, string> = {}): Promise<TestedPlugin> {
  const t = await testPlugin(jwt, { config: { secret: SECRET }, request: { headers: { ...headers, authorization } } });
  await t.run();
  return t;
}

test("tells the service whose token it is, whatever the client says", async () => {
  const t = await ask(`Bearer ${sign({ sub: "alice", exp: Date.now() / 1000 + 60 })}`, { "x-user": "mallory" });
  assert.equal(t.response.status, 200);
  assert.equal(t.upstreamRequest?.headers["x-user"], "alice");
});

test("refuses tokens that are none, expired, not valid yet or signed by somebody else", async () => {
  const now = Date.now() / 1000;
  const wrong = [
    undefined,
    "Basic abc",
    "Bearer abc",
    `Bearer ${sign({ sub: "a", exp: now - 1 })}`,
    `Bearer ${sign({ sub: "a", nbf: now + 60 })}`,
    `Bearer ${sign({ sub: "a" }, "another secret")}`,
    `Bearer ${sign({ sub: "a" }, SECRET, "none")}`,
  ];
  for (const authorization of wrong) {
    const t = await ask(authorization);
    assert.equal(t.response.status, 401, authorization);
    assert.match(String(t.response.headers["www-authenticate"]), /^Bearer/);
    assert.equal(t.upstreamRequest, undefined);
  }
});
