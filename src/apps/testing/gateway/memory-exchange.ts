// A request between a client and a service that are both functions of the test.
import {
  collect,
  completeResponse,
  type Exchange,
  type ServiceAnswer,
  UpstreamFailure,
  upstreamHeaders,
  upstreamPath,
} from "../../../gateways/kong/standin/index.js";
import { type GatewayFacts, type GatewayRequest, parseQuery, queryTable } from "../../../gateways/kong/pdk-functions/index.js";
import { checkAnswer } from "../check-options.js";
import { readable, sentMessage, UpstreamRequest } from "../messages.js";
import type { Upstream, UpstreamAnswer } from "../options.js";

const BODILESS_STATUS: ReadonlySet<number> = new Set([204, 304]);

export class MemoryExchange implements Exchange {
  readonly request: GatewayRequest;
  readonly #body: Buffer;
  readonly #upstream: Upstream;
  readonly #isHead: boolean;
  #asked: UpstreamRequest | undefined;
  #sent: Buffer | undefined;
  #failure: { readonly thrown: unknown } | undefined;

  constructor(request: GatewayRequest, body: Buffer, upstream: Upstream) {
    this.request = request;
    this.#body = body;
    this.#upstream = upstream;
    this.#isHead = request.method === "HEAD";
  }

  /** What the service was asked; undefined before, and where it was not. */
  get upstreamRequest(): UpstreamRequest | undefined {
    return this.#asked;
  }

  /** The body that the client has got. */
  get sentBody(): Buffer | undefined {
    return this.#sent;
  }

  /** Throws what the test's service has thrown. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }

  /** What the service would be asked as the request is now. */
  draftUpstreamRequest(facts: GatewayFacts): UpstreamRequest {
    const { request } = this;
    const { scheme, host, port } = request.upstream;
    const body = request.newBody ?? this.#body;
    const [path = "", rawQuery = ""] = splitOnce(upstreamPath(request), "?");
    const authority = port === (scheme === "https" ? 443 : 80) ? host : `${host}:${port}`;
    const query = queryTable(parseQuery(rawQuery, Infinity)) as UpstreamRequest["query"];
    const url = `${scheme}://${authority}${upstreamPath(request)}`;
    return new UpstreamRequest(
      { method: request.method, url, path, query, rawQuery: readable(rawQuery) },
      upstreamHeaders(request, body, facts),
      body,
    );
  }

  async callService(facts: GatewayFacts): Promise<ServiceAnswer> {
    this.#asked = this.draftUpstreamRequest(facts);
    const answer = await this.#ask(this.#asked);
    if (answer === "timeout") throw new UpstreamFailure(504, new Error("the service of the test did not answer in time"));
    if (answer === "refused") throw new UpstreamFailure(502, new Error("the service of the test refused the connection"));
    const { headers, bytes } = sentMessage(answer.headers, answer.body ?? "");
    const hasBody = this.request.method !== "HEAD" && !BODILESS_STATUS.has(answer.status ?? 200);
    return {
      statusCode: answer.status ?? 200,
      rawHeaders: headers.flat(),
      // eslint-disable-next-line @typescript-eslint/require-await -- a body that is here already
      async *[Symbol.asyncIterator]() {
        if (hasBody && bytes.length > 0) yield bytes;
      },
    };
  }

  sendWhole(): Promise<void> {
    return this.#send(completeResponse(this.request));
  }

  async sendStream(answer: ServiceAnswer): Promise<void> {
    await this.#send(await collect(answer));
  }

  #send(body: Buffer | undefined): Promise<void> {
    this.#sent = body === undefined || this.#isHead ? Buffer.alloc(0) : body;
    this.request.bytes.sent = this.#sent.length;
    return Promise.resolve();
  }

  async #ask(asked: UpstreamRequest): Promise<UpstreamAnswer> {
    if (typeof this.#upstream !== "function") return this.#upstream;
    try {
      const answer: unknown = (await this.#upstream(asked)) ?? {};
      checkAnswer(answer, "the answer of upstream");
      return answer;
    } catch (thrown) {
      this.#failure = { thrown };
      throw thrown;
    }
  }
}

function splitOnce(text: string, separator: string): string[] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + separator.length)];
}
