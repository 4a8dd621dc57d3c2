// Says where bundles come from: an index on an HTTP server, or one file.
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { messageOf } from "../../core/model/index.js";
import { readFileWithin } from "../../gateways/tyk/bundles/index.js";
import { type IndexEntry, MAX_INDEX, parseIndex } from "./bundle-index.js";
import { BundledError } from "./errors.js";
import { fetchFile, shownUrl } from "./http-fetch.js";

export interface LookOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

export interface BundlesSource {
  /** As a log may have it. */
  readonly shown: string;
  /** Milliseconds between two looks, more or less a fifth. */
  readonly interval: number;
  /** Which bundles there are now; undefined where that is the same as before. @throws {BundledError} */
  index(options: LookOptions): Promise<readonly IndexEntry[] | undefined>;
  /** The zip of an entry, as it comes. @throws {BundledError} */
  fetch(entry: IndexEntry, limit: number, options: LookOptions): Promise<Buffer>;
}

/** The bundles of an index; `text` is its address. @throws {BundledError} where it is none. */
export function httpBundles(text: string): BundlesSource {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new BundledError("BUNDLE_FETCH", "-plugins-url takes the address of an index with http or https");
  return new HttpBundles(new URL(text));
}

class HttpBundles implements BundlesSource {
  readonly interval = 10_000;
  readonly shown: string;
  readonly #url: URL;
  #etag: string | undefined;

  constructor(url: URL) {
    this.#url = url;
    this.shown = shownUrl(url);
  }

  async index(options: LookOptions): Promise<readonly IndexEntry[] | undefined> {
    const found = await fetchFile(this.#url, { ...options, limit: MAX_INDEX, etag: this.#etag });
    if (found === undefined) return undefined;
    // What is wrong with it now is wrong with it until it changes: it is read again, as nothing was taken from it.
    const entries = parseIndex(found.bytes.toString());
    this.#etag = found.etag;
    return entries;
  }

  async fetch({ name, url }: IndexEntry, limit: number, options: LookOptions): Promise<Buffer> {
    if (!URL.canParse(url, this.#url.href)) throw new BundledError("BUNDLE_INDEX", `${name} has no url that leads anywhere`);
    const target = new URL(url, this.#url.href);
    if (!/^https?:$/.test(target.protocol)) throw new BundledError("BUNDLE_INDEX", `${name}: its url has ${target.protocol}`);
    // What lets in at the index lets in beside it.
    if (target.origin === this.#url.origin && target.username === "") {
      target.username = this.#url.username;
      target.password = this.#url.password;
    }
    const found = await fetchFile(target, { ...options, limit });
    if (found === undefined)
      throw new BundledError("BUNDLE_FETCH", `${shownUrl(target)}: it was not asked whether it has changed`);
    return found.bytes;
  }
}

/** One bundle in a file, which may be replaced. */
export function fileBundle(path: string): BundlesSource {
  return new FileBundle(resolve(path));
}

class FileBundle implements BundlesSource {
  readonly interval = 1000;
  readonly shown: string;
  #seen: string | undefined;
  #bytes: Buffer | undefined;

  constructor(path: string) {
    this.shown = path;
  }

  async index(): Promise<readonly IndexEntry[] | undefined> {
    try {
      const { ino, size, mtimeMs } = await stat(this.shown);
      const seen = `${ino}-${size}-${mtimeMs}`;
      if (seen === this.#seen) return undefined;
      const bytes = await readBounded(this.shown);
      this.#bytes = bytes;
      this.#seen = seen;
      const digest = createHash("sha256").update(bytes).digest("hex");
      return [{ name: basename(this.shown, ".zip"), version: digest.slice(0, 12), url: this.shown, digest }];
    } catch (error) {
      if (error instanceof BundledError) throw error;
      throw new BundledError("BUNDLE_FETCH", messageOf(error), {
        cause: error,
        reason: "file",
      });
    }
  }

  async fetch(): Promise<Buffer> {
    const bytes = this.#bytes ?? (await readBounded(this.shown));
    this.#bytes = undefined;
    return bytes;
  }
}

/** Bytes: what an archive may have. */
const MAX_FILE = 67_108_864;

async function readBounded(path: string): Promise<Buffer> {
  const bytes = await readFileWithin(path, MAX_FILE);
  if (bytes === undefined)
    throw new BundledError("BUNDLE_FETCH", `${path}: it has more than ${MAX_FILE} bytes`, { reason: "too_large" });
  return bytes;
}
