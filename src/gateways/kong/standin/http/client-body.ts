// The body a client sends: streamed on to the service, or read whole once a plugin asks for it.

import type { IncomingMessage } from "node:http";

export class ClientBody {
  readonly #message: IncomingMessage;
  #whole: Promise<Buffer> | undefined;

  constructor(message: IncomingMessage) {
    this.#message = message;
  }

  /** The whole body; rejects when the client leaves before it has sent it. */
  readonly read = (): Promise<Buffer> => {
    this.#whole ??= collect(this.#message);
    return this.#whole;
  };

  /** Undefined when nobody has read it: then it can still be streamed. */
  get whole(): Promise<Buffer> | undefined {
    return this.#whole;
  }

  get stream(): IncomingMessage {
    return this.#message;
  }
}

export async function collect(message: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}
