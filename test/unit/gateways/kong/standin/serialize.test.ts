import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pass } from "node:timers/promises";

import { expect, it, onTestFinished } from "vitest";

import { ask } from "./http-client.js";
import { run } from "./running-gateway.js";

/** Milliseconds that the service takes for its head, and again for its body. */
const PAUSE = 40;
/** A timer may fire a little early by the wall clock. */
const LEAST = PAUSE - 10;

interface Logged {
  readonly latencies: Readonly<Record<"kong" | "proxy" | "request" | "receive", number>>;
  readonly request: { readonly headers: Readonly<Record<string, string>> };
}

async function slowService(): Promise<string> {
  const server = createServer((_request, response) => {
    void (async () => {
      await pass(PAUSE);
      response.writeHead(200).flushHeaders();
      await pass(PAUSE);
      response.end("done");
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What the log phase has of one request. */
async function logged(path: string, url: string, isBuffered: boolean): Promise<Logged> {
  let text = "";
  const { gateway } = await run({
    plugins: {
      logs: {
        access: async (kong) => {
          await pass(PAUSE);
          const { data } = await kong("request.get_path");
          if (data === "/exit") await kong("response.exit", 200, "here");
        },
        ...(isBuffered ? { response: () => undefined } : {}),
        log: async (kong) => {
          text = String((await kong("log.serialize")).data);
        },
      },
    },
    config: { services: [{ name: "slow", url, routes: [{ name: "all" }] }] },
  });
  await ask(`${gateway.url}${path}`, {
    headers: [
      ["Authorization", "Bearer s3cret"],
      ["Proxy-Authorization", "Basic s3cret"],
      ["Accept", "text/plain"],
    ],
  });
  await gateway.idle();
  return JSON.parse(text) as Logged;
}

it.each([
  ["streamed", false],
  ["buffered", true],
])("the log of a %s response has the time of the gateway, of the service and of its body", async (_kind, isBuffered) => {
  const { latencies } = await logged("/", await slowService(), isBuffered);
  expect(latencies.proxy).toBeGreaterThanOrEqual(LEAST);
  expect(latencies.receive).toBeGreaterThanOrEqual(LEAST);
  // As in Kong, what the gateway takes to receive the body is its own time.
  expect(latencies.kong).toBeGreaterThanOrEqual(LEAST + latencies.receive);
  expect(latencies.request).toBeGreaterThanOrEqual(3 * LEAST);
});

it("the log of a response of a plugin's own has the time that the gateway took", async () => {
  const { latencies } = await logged("/exit", await slowService(), false);
  expect(latencies).toMatchObject({ proxy: -1, receive: 0 });
  expect(latencies.kong).toBeGreaterThanOrEqual(LEAST);
});

it("the log has no credentials of the client", async () => {
  const { request } = await logged("/exit", await slowService(), false);
  expect(request.headers).toMatchObject({ authorization: "REDACTED", "proxy-authorization": "REDACTED", accept: "text/plain" });
});
