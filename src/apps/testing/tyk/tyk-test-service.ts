// Owns the service behind the stand-in of a test: what it answers, and what it was asked.
import type { GoHeaderList, UpstreamHandler } from "../../../gateways/tyk/standin/index.js";
import { testBodyBytes, headerList, type HeadersInput, type TestBody, UpstreamRequest } from "../messages.js";

/** What the service answers. */
export interface TykTestUpstream {
  /** 200. */
  readonly status?: number;
  /** A Content-Type that the body implies may be left out. */
  readonly headers?: HeadersInput;
  /** Empty. An object is sent as JSON. */
  readonly body?: TestBody;
}

/** The answer, or how to answer what. */
export type TykTestAnswer =
  TykTestUpstream | ((request: UpstreamRequest) => TykTestUpstream | undefined | Promise<TykTestUpstream | undefined>);

/** Remembers what was asked and what went wrong in the function that answers. */
export class TykTestService {
  request: UpstreamRequest | undefined;
  failure: { readonly error: unknown } | undefined;
  readonly #answer: TykTestAnswer;

  constructor(answer: TykTestAnswer) {
    this.#answer = answer;
  }

  readonly ask: UpstreamHandler = async ({ method, url, headers, body }) => {
    const query = Object.fromEntries(
      [...new Set(url.searchParams.keys())].map((name) => {
        const values = url.searchParams.getAll(name);
        return [name, values.length === 1 ? values[0] : values];
      }),
    );
    const parts = { method, url: url.href, path: url.pathname, query, rawQuery: url.search.slice(1) };
    this.request = new UpstreamRequest(parts, pairsOf(headers), body);
    try {
      const answer = (typeof this.#answer === "function" ? await this.#answer(this.request) : this.#answer) ?? {};
      const { bytes, contentType } = testBodyBytes(answer.body);
      const list = headerList(answer.headers);
      const has = (name: string): boolean => list.some(([key]) => key.toLowerCase() === name);
      if (contentType !== undefined && !has("content-type")) list.push(["Content-Type", contentType]);
      if (!has("content-length")) list.push(["Content-Length", String(bytes.length)]);
      return { status: answer.status ?? 200, headers: list, body: bytes };
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  };
}

/** As the other messages of tests take them. */
export const pairsOf = (headers: GoHeaderList): [string, string][] => headers.map(([name, value]) => [name, value]);
