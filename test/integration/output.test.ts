// Owns checking where everything goes that plugins print while the server serves.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runPhase, startInstance, startServer, WireClient } from "../support/index.js";
import type { RunningServer } from "../support/index.js";

const OUTPUT = fileURLToPath(new URL("../fixtures/output", import.meta.url));

let server: RunningServer;
let client: WireClient;

beforeAll(async () => {
  server = await startServer({ plugins: OUTPUT });
  client = await WireClient.connect(server.socketPath);
});

afterAll(() => server.close());

it.each(["in the constructor", "log in access", "warn in access", "stdout in access", "stderr in access"])(
  "what a plugin prints becomes a line that names it: %s",
  async (text) => {
    const id = await startInstance(client, "chatty");
    expect((await runPhase(client, id, "access", { answer: () => "GET" })).end).toBe("ret");
    const line = await server.waitForLine(new RegExp(`chatty: ${text}`));
    // Once in the text, once as the name of the plugin.
    expect(line.split("chatty").length - 1).toBeGreaterThanOrEqual(2);
  },
);

it("warns once of a response handler, with the plugin's name", async () => {
  for (let i = 0; i < 3; i++) {
    const id = await startInstance(client, "responds");
    await runPhase(client, id, "response");
  }
  await server.waitForLine(/responds.*buffer|buffer.*responds/i);
  expect(server.lines.filter((line) => /buffer/i.test(line) && line.includes("responds"))).toHaveLength(1);
  expect(server.lines.filter((line) => /buffer/i.test(line) && line.includes("quiet"))).toHaveLength(0);
});

it("says where it listens", async () => {
  const line = await server.waitForLine(/go_pluginserver\.sock/);
  expect(line).toContain(server.socketPath);
});
