// Fetches bundles from where a gateway has them too: an HTTP server, or a folder.
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { authorizationOf, fetchReason, readBodyWithin, readFileWithin } from "./bounded-reading.js";
import { BundleError } from "./errors.js";

export interface FetchedBundle {
  readonly bytes: Buffer;
  /** What to ask with the next time; undefined where the source has nothing of the kind. */
  readonly tag: string | undefined;
}

export interface FetchRequest {
  /** Of what is here already. */
  readonly tag: string | undefined;
  /** Bytes. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

export interface BundleSource {
  /** Milliseconds between two looks, unless told otherwise. */
  readonly interval: number;
  /** The bundles that are there, for a source that can tell. */
  list(): Promise<readonly string[] | undefined>;
  /** Undefined where it is the same as before. @throws {BundleError} */
  fetch(name: string, request: FetchRequest): Promise<FetchedBundle | undefined>;
}

/** `place` is a URL (http, https, file) or the path of a folder. @throws {BundleError} for another URL. */
export function bundleSource(place: string): BundleSource {
  if (/^https?:/i.test(place)) return new HttpSource(place);
  if (/^file:/i.test(place)) return new FolderSource(fileURLToPath(place));
  const scheme = /^([a-z][\w+.-]*):\/\//i.exec(place)?.[1];
  if (scheme !== undefined)
    throw new BundleError("TYK_BUNDLE_SOURCE", `${place}: use http, https, file or a folder, not ${scheme}`);
  return new FolderSource(resolve(place));
}

/** @throws {BundleError} for a name that leads elsewhere. */
function requirePlainName(name: string): string[] {
  const parts = name.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..") || /[\0-\x1f\x7f\\]/.test(name))
    throw new BundleError("TYK_BUNDLE_SOURCE", `${JSON.stringify(name)} is no name of a bundle`);
  return parts;
}

/** Milliseconds: what the gateway has for one attempt is 5 s; this one hurries nobody. */
const HTTP_TIMEOUT = 30_000;

class HttpSource implements BundleSource {
  readonly interval = 10_000;
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(place: string) {
    if (!URL.canParse(place)) throw new BundleError("TYK_BUNDLE_SOURCE", `${place} is no URL`);
    const base = new URL(place);
    this.#headers = authorizationOf(base);
    // Fetch takes no URL with a password, and one that is told must not have it.
    base.username = "";
    base.password = "";
    this.#base = base;
  }

  list(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async fetch(name: string, { tag, limit, signal }: FetchRequest): Promise<FetchedBundle | undefined> {
    const url = new URL(this.#base);
    url.pathname = [
      ...url.pathname.split("/").filter((part) => part !== ""),
      ...requirePlainName(name).map(encodeURIComponent),
    ].join("/");
    // A query may be a signature that lets in.
    const shown = `${url.origin}${url.pathname}`;
    try {
      const response = await fetch(url, {
        headers: { ...this.#headers, ...(tag === undefined ? {} : { "if-none-match": tag }) },
        signal: AbortSignal.any([signal, AbortSignal.timeout(HTTP_TIMEOUT)]),
      });
      if (response.status !== 200) {
        await response.body?.cancel();
        if (response.status === 304 && tag !== undefined) return undefined;
        throw new BundleError("TYK_BUNDLE_SOURCE", `${shown} answered with status ${response.status}`);
      }
      return {
        bytes: requireWhole(await readBodyWithin(response, limit), shown, limit),
        tag: response.headers.get("etag") ?? undefined,
      };
    } catch (error) {
      if (error instanceof BundleError) throw error;
      throw new BundleError("TYK_BUNDLE_SOURCE", `${shown}: ${fetchReason(error)}`, { cause: error });
    }
  }
}

class FolderSource implements BundleSource {
  readonly interval = 1000;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async list(): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      throw new BundleError("TYK_BUNDLE_SOURCE", fetchReason(error), { cause: error });
    });
    return names.filter((name) => name.endsWith(".zip") && !name.startsWith(".")).sort();
  }

  async fetch(name: string, { tag, limit }: FetchRequest): Promise<FetchedBundle | undefined> {
    const path = join(this.#folder, ...requirePlainName(name));
    try {
      const { size, mtimeMs, ino } = await stat(path);
      const found = `${ino}-${size}-${mtimeMs}`;
      if (found === tag) return undefined;
      return { bytes: requireWhole(await readFileWithin(path, limit), path, limit), tag: found };
    } catch (error) {
      if (error instanceof BundleError) throw error;
      throw new BundleError("TYK_BUNDLE_SOURCE", fetchReason(error), { cause: error });
    }
  }
}

function requireWhole(bytes: Buffer | undefined, shown: string, limit: number): Buffer {
  if (bytes === undefined) throw new BundleError("TYK_BUNDLE_TOO_LARGE", `${shown} has more than ${limit} bytes`);
  return bytes;
}
