// Where bundles come from, with a real HTTP server and real folders: what is fetched, kept, dropped and told.
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ARCHIVE_LIMITS,
  bundleHash,
  bundleSource,
  BundleStore,
  type BundleStoreOptions,
  readPublicKey,
  readBundleKey,
  writeBundle,
} from "../../../../../src/gateways/tyk/bundles/index.js";
import { createTempDir, type TempDir } from "../../../../support/index.js";
import { zipOf } from "./zip-by-hand.js";

let temp: TempDir;
let store: BundleStore | undefined;
let servers: Server[] = [];
let told: string[];

beforeEach(() => {
  temp = createTempDir("bundles");
  temp.write("unpacked/.keep", "");
  told = [];
});
afterEach(async () => {
  await store?.close();
  store = undefined;
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
  temp.remove();
});

const HOOKS = { pre: [{ name: "hello" }], driver: "grpc" };
const bundleOf = async (text: string): Promise<Buffer> =>
  (await writeBundle({ files: new Map([["hello.mjs", Buffer.from(text)]]), customMiddleware: HOOKS })).bytes;

async function open(
  place: string,
  names: () => readonly string[],
  options: Partial<BundleStoreOptions> = {},
): Promise<BundleStore> {
  store = await BundleStore.open({
    source: bundleSource(place),
    names: () => Promise.resolve(names()),
    folder: join(temp.path, "unpacked"),
    interval: 3_600_000,
    listener: {
      onChange: (bundles) => told.push(`now ${bundles.map(({ name }) => name).join(" ")}`),
      onProblem: (name, error) => told.push(`${name}: ${error.code} ${error.message}`),
      onWarning: (name, message) => told.push(`${name}: ${message}`),
    },
    ...options,
  });
  return store;
}

const textsOf = (opened: BundleStore): string[] =>
  opened.bundles().map(({ directory }) => readFileSync(join(directory, "hello.mjs"), "utf8"));
const unpacked = (): string[] => readdirSync(join(temp.path, "unpacked")).filter((name) => name !== ".keep");

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const listening = createServer(handle);
  servers.push(listening);
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

describe("an HTTP server of bundles", () => {
  let files: Map<string, Buffer>;
  let asked: string[];
  let base: string;

  beforeEach(async () => {
    files = new Map();
    asked = [];
    base = await serve((request, response) => {
      const bytes = files.get(request.url ?? "");
      const tag = request.headers["if-none-match"];
      asked.push(`${request.url ?? ""} ${tag ?? "-"}`);
      if (bytes === undefined) return response.writeHead(404).end();
      const etag = `"${bundleHash(bytes.toString("latin1"))}"`;
      return tag === etag ? response.writeHead(304).end() : response.writeHead(200, { etag }).end(bytes);
    });
  });

  it("gives the bundles that API definitions name, below the path of its URL", async () => {
    files.set("/plugins/a.zip", await bundleOf("a"));
    files.set("/plugins/team/b%20c.zip", await bundleOf("b"));
    const opened = await open(`${base}/plugins/`, () => ["a.zip", "team/b c.zip"]);
    expect(textsOf(opened)).toEqual(["a", "b"]);
    expect(told).toEqual(["now a.zip team/b c.zip"]);
    expect(opened.bundles()[0]?.manifest.customMiddleware).toEqual(HOOKS);
  });

  it("is asked with the tag of what is here, and a change is seen at the next look", async () => {
    files.set("/a.zip", await bundleOf("one"));
    const opened = await open(base, () => ["a.zip"]);
    await opened.refresh();
    files.set("/a.zip", await bundleOf("two"));
    await opened.refresh();
    expect(textsOf(opened)).toEqual(["two"]);
    expect(asked.map((line) => line.split(" ")[1] === "-")).toEqual([true, false, false]);
    expect(told).toEqual(["now a.zip", "now a.zip"]);
  });

  it("is asked again by itself", async () => {
    files.set("/a.zip", await bundleOf("one"));
    let changed = (): void => {};
    const isChanged = new Promise<void>((resolve) => (changed = resolve));
    let looks = 0;
    const onChange = (): void => {
      looks += 1;
      if (looks === 2) changed();
    };
    const listener = { onChange, onProblem: () => {}, onWarning: () => {} };
    const opened = await open(base, () => ["a.zip"], { interval: 5, listener });
    files.set("/a.zip", await bundleOf("two"));
    await isChanged;
    expect(textsOf(opened)).toEqual(["two"]);
  });

  it("leaves the last good bundle when the next one is broken, and says so once, without fetching it again", async () => {
    files.set("/a.zip", await bundleOf("good"));
    const opened = await open(base, () => ["a.zip"]);
    files.set("/a.zip", Buffer.from("broken"));
    await opened.refresh();
    await opened.refresh();
    expect(textsOf(opened)).toEqual(["good"]);
    expect(told).toEqual(["now a.zip", expect.stringMatching(/^a\.zip: TYK_BUNDLE_ARCHIVE the bundle is no archive/)]);
    expect(asked[2]).toBe(`/a.zip "${bundleHash("broken")}"`);
    files.set("/a.zip", await bundleOf("mended"));
    await opened.refresh();
    expect(textsOf(opened)).toEqual(["mended"]);
  });

  it("leaves the last good bundle when it is gone, and says so anew when it is gone once more", async () => {
    const bytes = await bundleOf("good");
    files.set("/a.zip", bytes);
    const opened = await open(base, () => ["a.zip"]);
    for (let round = 0; round < 2; round += 1) {
      files.delete("/a.zip");
      await opened.refresh();
      await opened.refresh();
      files.set("/a.zip", await bundleOf(`good ${round}`));
      await opened.refresh();
    }
    const gone = `a.zip: TYK_BUNDLE_SOURCE the bundle cannot be fetched: ${base}/a.zip answered with status 404`;
    expect(told).toEqual(["now a.zip", gone, "now a.zip", gone, "now a.zip"]);
  });

  it("keeps one that no definition names any more for as long as a gateway may not have heard of it", async () => {
    for (const name of ["a", "b"]) files.set(`/${name}.zip`, await bundleOf(name));
    let named = ["a.zip"];
    const opened = await open(base, () => named, { linger: 1500 });
    named = ["b.zip"];
    await opened.refresh();
    expect(textsOf(opened)).toEqual(["a", "b"]);
    expect([opened.namesFor(bundleHash("a.zip")), opened.missingFor(bundleHash("a.zip"))]).toEqual([["a.zip"], []]);
    await expect.poll(async () => opened.refresh().then(() => textsOf(opened))).toEqual(["b"]);
    expect(opened.namesFor(bundleHash("a.zip"))).toEqual([]);
    expect(unpacked()).toHaveLength(1);
  });

  it("keeps no more of them than there may be", async () => {
    let named: string[] = [];
    const opened = await open(base, () => named, {});
    for (let round = 0; round < 30; round += 1) {
      named = [`${round}.zip`];
      files.set(`/${round}.zip`, await bundleOf(`${round}`));
      await opened.refresh();
    }
    expect(textsOf(opened)).toEqual(Array.from({ length: 17 }, (_, index) => String(13 + index)));
  });

  it("needs no tags: the same contents are no change", async () => {
    const bytes = await bundleOf("a");
    const plain = await serve((_, response) => response.end(bytes));
    const opened = await open(plain, () => ["a.zip"]);
    await opened.refresh();
    expect(told).toEqual(["now a.zip"]);
  });

  it("may send no more than an archive may have", async () => {
    const endless = await serve((_, response) => {
      const send = (): void => {
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on("drain", send);
      send();
    });
    await open(endless, () => ["a.zip"], { limits: { ...ARCHIVE_LIMITS, maxArchive: 1_000_000 } });
    expect(told).toEqual([expect.stringMatching(/TYK_BUNDLE_TOO_LARGE .*a\.zip has more than 1000000 bytes$/)]);
  });

  it("that does not answer any more is given up when the store closes", async () => {
    const bytes = await bundleOf("a");
    const asked: ServerResponse[] = [];
    let hang = (): void => {};
    const isHanging = new Promise<void>((resolve) => (hang = resolve));
    const falling = await serve((_, response) => {
      asked.push(response);
      if (asked.length === 1) response.end(bytes);
      else hang();
    });
    const opened = await open(falling, () => ["a.zip"]);
    const looking = opened.refresh();
    await isHanging;
    await opened.close();
    await looking;
    expect(told).toEqual(["now a.zip"]);
  });

  it("gets the name and password of its URL, which are told to nobody", async () => {
    let authorization: string | undefined;
    const guarded = await serve((request, response) => {
      ({ authorization } = request.headers);
      response.writeHead(403).end();
    });
    await open(guarded.replace("//", "//me:se%20cret@"), () => ["a.zip"]);
    expect(authorization).toBe(`Basic ${Buffer.from("me:se cret").toString("base64")}`);
    expect(told).toEqual([expect.stringMatching(/^((?!cret|me:).)*status 403$/)]);
  });

  it("that is not there is told with the reason", async () => {
    await open("http://127.0.0.1:1", () => ["a.zip"]);
    expect(told).toEqual([
      expect.stringMatching(/^a\.zip: TYK_BUNDLE_SOURCE .*http:\/\/127\.0\.0\.1:1\/a\.zip: .*(ECONNREFUSED|bad port)/),
    ]);
  });

  it.each(["../a.zip", "a/../../b.zip", "/a.zip", "a\\b.zip", "."])("is not asked for %s", async (name) => {
    await open(base, () => [name]);
    expect(asked).toEqual([]);
    expect(told).toEqual([expect.stringContaining("is no name of a bundle")]);
  });
});

describe("a folder of bundles", () => {
  it.each(["a path", "a URL"])("given as %s has all bundles that are in it, as they come and go", async (form) => {
    temp.write("in/a.zip", await bundleOf("a"));
    temp.write("in/readme.txt", "");
    const path = join(temp.path, "in");
    const opened = await open(form === "a URL" ? pathToFileURL(path).href : path, () => []);
    expect(textsOf(opened)).toEqual(["a"]);
    temp.write("in/b.zip", await bundleOf("b"));
    await opened.refresh();
    expect(textsOf(opened)).toEqual(["a", "b"]);
    rmSync(join(path, "a.zip"));
    await opened.refresh();
    expect(textsOf(opened)).toEqual(["b"]);
    expect(unpacked()).toHaveLength(1);
  });

  it("is not read where the file is the same", async () => {
    temp.write("in/a.zip", await bundleOf("a"));
    const source = bundleSource(join(temp.path, "in"));
    const request = { limit: 1_000_000, signal: new AbortController().signal };
    const fetched = await source.fetch("a.zip", { ...request, tag: undefined });
    expect(fetched?.bytes.length).toBeGreaterThan(100);
    expect(await source.fetch("a.zip", { ...request, tag: fetched?.tag })).toBeUndefined();
  });

  it("keeps its bundles while it is gone", async () => {
    temp.write("in/a.zip", await bundleOf("a"));
    const opened = await open(join(temp.path, "in"), () => []);
    renameSync(join(temp.path, "in"), join(temp.path, "away"));
    await opened.refresh();
    await opened.refresh();
    expect(textsOf(opened)).toEqual(["a"]);
    expect(told).toEqual(["now a.zip", expect.stringContaining("ENOENT")]);
  });

  it("gives the named ones alone, where there are names", async () => {
    temp.write("in/a.zip", await bundleOf("a"));
    temp.write("in/b.zip", await bundleOf("b"));
    expect(textsOf(await open(join(temp.path, "in"), () => ["b.zip"]))).toEqual(["b"]);
  });

  it("keeps the files of the bundle before for plugins that are still running, and no older ones", async () => {
    temp.write("in/a.zip", await bundleOf("1"));
    const opened = await open(join(temp.path, "in"), () => []);
    const directories = [opened.bundles()[0]?.directory ?? ""];
    for (const text of ["22", "333"]) {
      temp.write("in/a.zip", await bundleOf(text));
      await opened.refresh();
      directories.push(opened.bundles()[0]?.directory ?? "");
    }
    expect(directories.map((directory) => existsSync(directory))).toEqual([false, true, true]);
  });

  it("unpacks nothing of a bundle that is refused", async () => {
    temp.write("in/a.zip", zipOf([{ name: "a.mjs" }, { name: "../../evil.mjs" }]));
    await open(join(temp.path, "in"), () => []);
    expect(unpacked()).toEqual([]);
    expect(existsSync(join(temp.path, "evil.mjs"))).toBe(false);
  });

  it("may have a link for a bundle: who may write there is trusted", async () => {
    const path = temp.write("elsewhere/a.zip", await bundleOf("a"));
    temp.write("in/.keep", "");
    symlinkSync(path, join(temp.path, "in/a.zip"));
    expect(textsOf(await open(join(temp.path, "in"), () => []))).toEqual(["a"]);
  });
});

describe("the bundle of a call", () => {
  it("is the one whose name has the hash, or all that the text names", async () => {
    temp.write("in/a.zip", await bundleOf("a"));
    temp.write("in/b.zip", await bundleOf("b"));
    const opened = await open(join(temp.path, "in"), () => ["a.zip", "a.zip, b.zip"]);
    const names = (text: string): string[] => [...opened.namesFor(bundleHash(text))];
    expect([names("a.zip"), names("a.zip, b.zip"), names("b.zip"), names("")]).toEqual([["a.zip"], ["a.zip", "b.zip"], [], []]);
    expect(bundleHash("")).toBe("d41d8cd98f00b204e9800998ecf8427e");
  });
});

describe("with a public key", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = readBundleKey(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  const trusted = readPublicKey(publicKey.export({ type: "spki", format: "pem" }).toString());

  it("signed bundles are loaded and others are not; one whose hooks are not signed is told", async () => {
    const files = new Map([["hello.mjs", Buffer.from("a")]]);
    temp.write("in/signed.zip", (await writeBundle({ files, customMiddleware: HOOKS, key })).bytes);
    temp.write("in/unsigned.zip", await bundleOf("b"));
    const manifest = {
      file_list: ["hello.mjs"],
      custom_middleware: HOOKS,
      checksum: bundleHash("a"),
      signature: key.sign(Buffer.from("a")),
    };
    const foreign = [
      { name: "hello.mjs", content: "a" },
      { name: "manifest.json", content: JSON.stringify(manifest) },
    ];
    temp.write("in/unsealed.zip", zipOf(foreign));
    const opened = await open(join(temp.path, "in"), () => [], { publicKey: trusted });
    expect(opened.bundles().map(({ name }) => name)).toEqual(["signed.zip", "unsealed.zip"]);
    // They are read side by side.
    expect(told.slice(0, 2)).toEqual(
      expect.arrayContaining([
        expect.stringContaining("unsealed.zip: its signature does not cover the names of its hooks"),
        expect.stringContaining("unsigned.zip: TYK_BUNDLE_SIGNATURE"),
      ]),
    );
    expect(told.slice(2)).toEqual(["now signed.zip unsealed.zip"]);
  });
});

describe("a source", () => {
  it.each(["ftp://host/a", "s3://bucket/a"])("is refused at %s", (place) => {
    expect(() => bundleSource(place)).toThrow("use http, https, file or a folder");
  });
});
