// Fires the gateway's events, and tells the plugin server of those that an API has handlers for.
import { encodeEvent } from "../messages/index.js";
import type { TykExchange } from "./exchange.js";
import type { DispatcherClient } from "./hooks/grpc-client.js";
import { urlText } from "./http/go-url.js";

export type EventType = "AuthFailure" | "KeyExpired" | "RatelimitExceeded" | "QuotaExceeded";

export interface FiredEvent {
  readonly type: EventType;
  readonly message: string;
  readonly path: string;
  readonly key: string;
}

export class Events {
  readonly #dispatcher: DispatcherClient | undefined;
  readonly #onEvent: (event: FiredEvent) => void;
  readonly #sending = new Set<Promise<void>>();

  constructor(dispatcher: DispatcherClient | undefined, onEvent: (event: FiredEvent) => void) {
    this.#dispatcher = dispatcher;
    this.#onEvent = onEvent;
  }

  /** In the background: the client's answer does not wait for handlers, and hears nothing of one that fails. */
  fire(exchange: TykExchange, type: EventType, message: string, key: string): void {
    const { api, url, client } = exchange;
    this.#onEvent({ type, message, path: url.path, key });
    // The API's own driver tells them, and without one nobody does.
    for (const handler of api.driver === "grpc" ? (api.events[type] ?? []) : []) {
      const payload = {
        message: {
          Type: type,
          Meta: { Message: message, OriginatingRequest: rawRequest(exchange), Path: url.path, Origin: client.address, Key: key },
          TimeStamp: new Date().toISOString().replace("T", " ").replace("Z", " +0000 UTC"),
        },
        handler_name: handler,
        spec: { APIID: api.id, OrgID: api.orgId },
      };
      const sending = this.#send(JSON.stringify(payload)).finally(() => this.#sending.delete(sending));
      this.#sending.add(sending);
    }
  }

  /** Resolves when no handler is running any more. */
  async settled(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending);
  }

  async #send(payload: string): Promise<void> {
    // A gateway only logs it.
    await this.#dispatcher?.dispatchEvent(encodeEvent(payload)).catch(() => {});
  }
}

/** As it is now, in base64. */
function rawRequest({ method, url, host, headers, body }: TykExchange): string {
  const lines = headers.list().map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`${method} ${urlText(url)} HTTP/1.1\r\nHost: ${host}\r\n${lines.join("")}\r\n`, "latin1");
  return Buffer.concat([head, body]).toString("base64");
}
