import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { text } from "node:stream/consumers";
import { testPlugin } from "pluginserver/testing";
import auditLog from "../src/audit-log.js";

test("sends what waits when it is disposed of, one line a request, without credentials", async (context) => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(body);
      response.end();
    });
  });
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  context.after(() => collector.close());
  const t = await testPlugin(auditLog, {
    config: { url: `http://127.0.0.1:${(collector.address() as AddressInfo).port}/lines`, fields: ["client_ip"] },
    request: { path: "/a?b=1", headers: { authorization: "Bearer s3cret" } },
    consumer: { username: "alice" },
    upstream: { status: 204 },
  });
  await t.run();
  await t.run({ method: "DELETE" });
  await t.dispose();
  const lines = bodies.join("").trim().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    [
      { client_ip: "127.0.0.1", method: "GET", uri: "/a?b=1", status: 204, consumer: "alice" },
      { client_ip: "127.0.0.1", method: "DELETE", uri: "/a?b=1", status: 204, consumer: "alice" },
    ],
  );
  assert.ok(!bodies.join("").includes("s3cret"));
});
