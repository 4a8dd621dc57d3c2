// Keeps sessions and counts their use, in place of the gateway's Redis.
import { createHash } from "node:crypto";
import type { SessionState } from "../messages/index.js";
import type { IdExtractor, StandinApi } from "./api.js";
import { toByteText } from "./http/byte-text.js";
import type { TykExchange } from "./exchange.js";
import { parseGoQuery } from "./http/go-url.js";

interface Stored {
  readonly state: SessionState;
  /** In milliseconds; undefined is never. */
  readonly end: number | undefined;
}

export class KeyStore {
  readonly #sessions = new Map<string, Stored>();
  /** Times of the last requests of a key, in milliseconds. */
  readonly #requests = new Map<string, number[]>();
  readonly #now: () => number;

  /** `now` gives milliseconds. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get size(): number {
    return this.#sessions.size;
  }

  seconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  get(key: string): SessionState | undefined {
    const stored = this.#sessions.get(key);
    if (stored === undefined) return undefined;
    if (stored.end === undefined || stored.end > this.#now()) return stored.state;
    this.#sessions.delete(key);
    return undefined;
  }

  /** `lifetime` in seconds; 0 is for ever. */
  set(key: string, state: SessionState, lifetime: number): void {
    this.#sessions.set(key, { state, end: lifetime > 0 ? this.#now() + lifetime * 1000 : undefined });
  }

  /** Whether one more request is within the rate of the session. */
  isWithinRate(key: string, { rate, per }: SessionState): boolean {
    if (rate <= 0 || per <= 0) return true;
    const now = this.#now();
    const recent = (this.#requests.get(key) ?? []).filter((time) => time > now - per * 1000);
    const isWithin = recent.length < rate;
    this.#requests.set(key, isWithin ? [...recent, now] : recent);
    return isWithin;
  }

  /** Takes one request off the quota of the session; false where none is left. */
  takeQuota(state: SessionState): boolean {
    if (state.quota_max <= 0) return true;
    const seconds = this.seconds();
    if (state.quota_renews <= seconds) {
      state.quota_remaining = state.quota_max;
      state.quota_renews = seconds + state.quota_renewal_rate;
    }
    if (state.quota_remaining <= 0) return false;
    state.quota_remaining -= 1;
    return true;
  }
}

/** The key in the store of the id that a request has; undefined where it has none. */
export function extractKey(extractor: IdExtractor, exchange: TykExchange): string | undefined {
  const source = sourceOf(extractor, exchange);
  if (source === undefined) return undefined;
  if (extractor.with === "value") return storeKey(exchange.api, source);
  if (extractor.expression === undefined) return undefined;
  const match = [...source.matchAll(new RegExp(extractor.expression, "g"))][extractor.matchIndex ?? 0];
  return match === undefined ? undefined : storeKey(exchange.api, match[0]);
}

function sourceOf(
  { from, with: way, headerName = "", formParameter = "" }: IdExtractor,
  exchange: TykExchange,
): string | undefined {
  switch (from) {
    case "header": {
      const value = exchange.headers.get(headerName);
      return value === "" ? undefined : value;
    }
    case "form": {
      const values = new Map(parseGoQuery(exchange.url.query));
      if (exchange.headers.get("Content-Type")?.startsWith("application/x-www-form-urlencoded") === true)
        for (const [name, own] of parseGoQuery(exchange.body.toString("latin1")))
          values.set(name, [...own, ...(values.get(name) ?? [])]);
      return values.get(toByteText(formParameter))?.join("");
    }
    case "body":
      // The gateway forgets to read it: all requests have one id, the empty one.
      return way === "value" ? "" : exchange.body.toString("latin1");
  }
}

const storeKey = ({ orgId }: StandinApi, id: string): string => orgId + createHash("md5").update(id, "latin1").digest("hex");
