// What the way of a request needs of the world outside: a client to answer and a service to ask.

import type { GatewayFacts, GatewayRequest } from "../pdk-functions/index.js";

/** A service's answer; iterating over it gives its body. */
export interface ServiceAnswer extends AsyncIterable<Uint8Array> {
  readonly statusCode?: number | undefined;
  readonly statusMessage?: string | undefined;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
}

/** One request between its client and its service: over HTTP, or in memory. */
export interface Exchange {
  readonly request: GatewayRequest;
  /** Sends the request on. Rejects with an UpstreamFailure where there is no answer. */
  callService(facts: GatewayFacts): Promise<ServiceAnswer>;
  /** Answers the client with the response in the request. */
  sendWhole(): Promise<void>;
  /** Answers the client with the head in the request, and the service's body as it comes. */
  sendStream(answer: ServiceAnswer): Promise<void>;
}
