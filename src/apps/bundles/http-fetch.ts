// Fetches one file over HTTP within limits: size, time, redirects, and to whom credentials go.
import { authorizationOf, fetchReason, readBodyWithin } from "../../gateways/tyk/bundles/index.js";
import { BundledError } from "./errors.js";

export interface FetchedFile {
  readonly bytes: Buffer;
  readonly etag: string | undefined;
}

export interface FetchOptions {
  /** Of what is here already. */
  readonly etag?: string | undefined;
  /** Bytes. */
  readonly limit: number;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** As a log may have it: without what lets in. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Undefined where it is the same as before. @throws {BundledError} */
export async function fetchFile(url: URL, options: FetchOptions): Promise<FetchedFile | undefined> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeout)]);
  try {
    const response = await follow(url, options.etag, signal);
    if (response.status === 304 && options.etag !== undefined) {
      await response.body?.cancel();
      return undefined;
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      throw failed(url, `the server answers with status ${response.status}`, `status_${Math.floor(response.status / 100)}xx`);
    }
    const bytes = await readBodyWithin(response, options.limit);
    if (bytes === undefined) throw failed(url, `it has more than ${options.limit} bytes`, "too_large");
    return { bytes, etag: response.headers.get("etag") ?? undefined };
  } catch (error) {
    if (error instanceof BundledError) throw error;
    const isLate = error instanceof Error && error.name === "TimeoutError";
    const detail = isLate ? `it was not here after ${options.timeout / 1000} s` : fetchReason(error);
    throw failed(url, detail, isLate ? "timeout" : "connection", error);
  }
}

async function follow(start: URL, etag: string | undefined, signal: AbortSignal): Promise<Response> {
  let url = start;
  for (let redirects = 0; ; redirects += 1) {
    const bare = new URL(url);
    bare.username = "";
    bare.password = "";
    const response = await fetch(bare, {
      redirect: "manual",
      signal,
      headers: {
        // A digest is of the bytes that are stored.
        "accept-encoding": "identity",
        ...(etag === undefined ? {} : { "if-none-match": etag }),
        ...(url.origin === start.origin ? authorizationOf(start) : {}),
      },
    });
    if (!REDIRECTS.has(response.status)) return response;
    await response.body?.cancel();
    const location = response.headers.get("location") ?? "";
    if (redirects === MAX_REDIRECTS) throw failed(start, `it redirects more than ${MAX_REDIRECTS} times`, "redirect");
    if (!URL.canParse(location, bare.href)) throw failed(start, "it redirects nowhere", "redirect");
    url = new URL(location, bare.href);
    if (url.protocol !== "https:" && (url.protocol !== "http:" || start.protocol === "https:"))
      throw failed(start, `it redirects to ${url.protocol}`, "redirect");
  }
}

const failed = (url: URL, detail: string, reason: string, cause?: unknown): BundledError =>
  new BundledError("BUNDLE_FETCH", `${shownUrl(url)}: ${detail}`, { cause, reason });
