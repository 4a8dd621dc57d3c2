// A request between two HTTP connections: the client's, and the one to the service.

import type { ServerResponse } from "node:http";

import type { ClientBody } from "./client-body.js";
import { sendStream, sendWhole } from "./client-response.js";
import type { Exchange, ServiceAnswer } from "../exchange.js";
import type { GatewayFacts, GatewayRequest } from "../../pdk-functions/index.js";
import type { UpstreamClient } from "./upstream-client.js";

export class HttpExchange implements Exchange {
  readonly request: GatewayRequest;
  readonly #body: ClientBody;
  readonly #outgoing: ServerResponse;
  readonly #upstreams: UpstreamClient;

  constructor(request: GatewayRequest, body: ClientBody, outgoing: ServerResponse, upstreams: UpstreamClient) {
    this.request = request;
    this.#body = body;
    this.#outgoing = outgoing;
    this.#upstreams = upstreams;
  }

  async callService(facts: GatewayFacts): Promise<ServiceAnswer> {
    // Kong reads the body before it asks a service whose answer it buffers: a response handler can still have it.
    if (this.request.isBuffered) await this.#body.read();
    return this.#upstreams.send(this.request, this.#body, facts);
  }

  sendWhole(): Promise<void> {
    return sendWhole(this.request, this.#outgoing);
  }

  sendStream(answer: ServiceAnswer): Promise<void> {
    return sendStream(this.request, this.#outgoing, answer);
  }
}
