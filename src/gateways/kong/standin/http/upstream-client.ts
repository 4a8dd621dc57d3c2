// Sends a request on to its service.

import * as http from "node:http";
import * as https from "node:https";
import { messageOf } from "../../../../core/model/index.js";

import type { ClientBody } from "./client-body.js";
import type { GatewayFacts, GatewayRequest, HeaderList } from "../../pdk-functions/index.js";
import { hasBody, upstreamHeaders, upstreamPath } from "./upstream-message.js";

/** Why the service gave no answer, as the client will see it. */
export class UpstreamFailure extends Error {
  readonly status: 502 | 503 | 504;
  readonly clientMessage: string | undefined;

  constructor(status: 502 | 503 | 504, cause: unknown, clientMessage?: string) {
    super(messageOf(cause), { cause });
    this.name = "UpstreamFailure";
    this.status = status;
    this.clientMessage = clientMessage;
  }
}

export class UpstreamClient {
  readonly #agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };

  /** Resolves with the head of the answer; rejects with an UpstreamFailure. */
  async send(request: GatewayRequest, body: ClientBody, facts: GatewayFacts): Promise<http.IncomingMessage> {
    // node:http would announce a chunked body where there is none.
    const whole = request.newBody ?? (await body.whole) ?? (hasBody(request.headers) ? undefined : Buffer.alloc(0));
    const headers = upstreamHeaders(request, whole, facts);
    try {
      return await this.#sendOnce(request, headers, whole ?? body.stream);
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error;
      // A body that was streamed is gone.
      if (error.cause !== staleConnection || whole === undefined) throw error;
      return this.#sendOnce(request, headers, whole);
    }
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  #sendOnce(request: GatewayRequest, headers: HeaderList, body: Buffer | http.IncomingMessage): Promise<http.IncomingMessage> {
    const { scheme, host, port, timeouts, verifyTls } = request.upstream;
    const options: https.RequestOptions = {
      host: host.replace(/^\[(.*)\]$/, "$1"),
      port,
      method: request.method,
      path: upstreamPath(request),
      headers: headers as unknown as http.OutgoingHttpHeaders,
      timeout: Math.max(timeouts.read, timeouts.connect),
      agent: this.#agents[scheme],
      rejectUnauthorized: verifyTls,
    };
    return new Promise((resolve, reject) => {
      const outgoing = scheme === "https" ? https.request(options) : http.request(options);
      outgoing.once("response", resolve);
      outgoing.once("timeout", () => outgoing.destroy(new Error(timedOut)));
      // Errors after the response are the reader's business: they destroy its stream too.
      outgoing.on("error", (error: NodeJS.ErrnoException) => reject(failure(error, outgoing.reusedSocket)));
      if (Buffer.isBuffer(body)) outgoing.end(body);
      else streamBody(body, outgoing);
    });
  }
}

/** Not `pipeline`: that would cut off the client, who is still to be told when the service fails. */
function streamBody(body: http.IncomingMessage, outgoing: http.ClientRequest): void {
  body.pipe(outgoing);
  body.once("close", () => {
    if (!body.complete) outgoing.destroy(new Error("the client left before it had sent its body"));
  });
}

const timedOut = "the service did not answer in time";
const staleConnection = new Error("the service closed an idle connection");

function failure(error: NodeJS.ErrnoException, wasReused: boolean): UpstreamFailure {
  if (error.message === timedOut || error.code === "ETIMEDOUT") return new UpstreamFailure(504, error);
  if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") return new UpstreamFailure(503, error, "name resolution failed");
  return new UpstreamFailure(502, wasReused && error.code === "ECONNRESET" ? staleConnection : error);
}
