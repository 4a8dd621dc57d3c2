// Fetching within limits, from servers that do what nginx does not: redirect in circles, send too much, or slowly, or leave in the middle.
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { mergeEntry, parseIndex } from "../../../../src/apps/bundles/bundle-index.js";
import { fetchFile } from "../../../../src/apps/bundles/http-fetch.js";

let servers: Server[] = [];
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
});

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/plugins.json`);
}

const LIMITS = { limit: 1000, timeout: 400, signal: new AbortController().signal };

it.each<[string, string, RequestListener]>([
  ["a status", "status_5xx", (_, response) => void response.writeHead(503).end()],
  ["what was not asked for", "status_3xx", (_, response) => void response.writeHead(304).end()],
  ["a redirect in circles", "redirect", (_, response) => void response.writeHead(302, { location: "/again" }).end()],
  ["a redirect elsewhere", "redirect", (_, response) => void response.writeHead(302, { location: "file:///etc/passwd" }).end()],
  ["a redirect nowhere", "redirect", (_, response) => void response.writeHead(302).end()],
  ["too much, with its length", "too_large", (_, response) => void response.end("x".repeat(2000))],
  [
    "too much, without end",
    "too_large",
    (_, response) => {
      const timer = setInterval(() => response.write("x".repeat(500)), 5);
      response.on("close", () => clearInterval(timer));
    },
  ],
  ["nothing", "timeout", () => {}],
  [
    "a byte now and then",
    "timeout",
    (_, response) => {
      const timer = setInterval(() => response.write("x"), 50);
      response.on("close", () => clearInterval(timer));
    },
  ],
  [
    "less than it said",
    "connection",
    (_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("x", () => response.destroy());
    },
  ],
])("%s is a failure of the kind %s", async (_what, reason, listener) => {
  await expect(fetchFile(await serve(listener), LIMITS)).rejects.toMatchObject({ code: "BUNDLE_FETCH", reason });
});

it("follows a few redirects, and gives credentials to their own server alone", async () => {
  const seen: (string | undefined)[] = [];
  const other = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(200, { etag: '"1"' }).end("index");
  });
  const url = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(302, { location: other.href }).end();
  });
  url.username = "user";
  url.password = "w%40rd";
  const found = await fetchFile(url, LIMITS);
  expect(found?.bytes.toString()).toBe("index");
  expect(found?.etag).toBe('"1"');
  expect(seen).toEqual([`Basic ${Buffer.from("user:w@rd").toString("base64")}`, undefined]);
});

it("takes 304 where it asked with an ETag, and tells no password", async () => {
  const url = await serve(
    (request, response) => void response.writeHead(request.headers["if-none-match"] === '"1"' ? 304 : 500).end(),
  );
  expect(await fetchFile(url, { ...LIMITS, etag: '"1"' })).toBeUndefined();
  url.username = "user";
  url.password = "secret";
  url.search = "?signature=secret";
  const error: unknown = await fetchFile(url, LIMITS).catch((thrown: unknown) => thrown);
  expect(String(error)).toContain("/plugins.json");
  expect(String(error)).not.toContain("secret");
});

const DIGEST = `sha256:${"a".repeat(64)}`;
const entry = (change: object): string =>
  JSON.stringify({ bundles: { edge: { version: "1.0.0", url: "a.zip", digest: DIGEST, ...change } } });

it.each([
  ["{", /it is no JSON/],
  ["[]", /has to be an object/],
  ['{"bundles": []}', /has to be an object/],
  ['{"bundles": {"../x": {}}}', /is no name of a bundle/],
  [entry({ version: "" }), /edge has no version/],
  [entry({ version: "1 0" }), /edge has no version/],
  [entry({ url: 1 }), /edge has no url/],
  [entry({ url: "x".repeat(3000) }), /edge has no url/],
  [entry({ digest: "md5:aa" }), /edge has no digest/],
  [entry({ digest: DIGEST.toUpperCase() }), /edge has no digest/],
  [JSON.stringify({ bundles: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`b${index}`, {}])) }), /65 bundles/],
  ["[".repeat(100_000), /it is no JSON/],
])("an index that is none is refused: %#", (text, message) => {
  expect(() => parseIndex(text)).toThrow(message);
});

it("an index keeps its other entries", () => {
  const other = { name: "other", version: "2.0.0", url: "b.zip", digest: "b".repeat(64) };
  const merged = mergeEntry(entry({}), other);
  expect(parseIndex(merged).map(({ name, version }) => `${name} ${version}`)).toEqual(["edge 1.0.0", "other 2.0.0"]);
  expect(parseIndex(mergeEntry(merged, { ...other, version: "3.0.0" }))[1]?.version).toBe("3.0.0");
});
