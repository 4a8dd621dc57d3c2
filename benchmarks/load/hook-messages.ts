// Knows a hook's call as bytes, and what its reply must say: it is decoded once, and compared ever after.
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import protobuf from "protobufjs";
import type { HookCall } from "../workloads/index.js";

/** From the folder of the bundle. */
const PROTO = fileURLToPath(new URL("../../src/gateways/tyk/messages/coprocess.proto", import.meta.url));

interface Reply {
  readonly request?: {
    readonly url?: string;
    readonly method?: string;
    readonly raw_body?: Uint8Array;
    readonly set_headers?: unknown;
    readonly return_overrides?: object;
  };
}

export class HookMessages {
  readonly call: Buffer;
  readonly #type: protobuf.Type;
  readonly #hook: HookCall;
  #known: Buffer | undefined;

  constructor(hook: HookCall) {
    this.#hook = hook;
    this.#type = new protobuf.Root().loadSync(PROTO, { keepCase: true }).lookupType("coprocess.Object");
    this.call = Buffer.from(this.#type.encode(this.#type.fromObject(hook.object)).finish());
  }

  /** @throws for a reply that is not what the hook must make of the call. */
  check(reply: Buffer): void {
    if (this.#known?.equals(reply) === true) return;
    const { request } = this.#type.toObject(this.#type.decode(reply)) as Reply;
    const sent = this.#hook.object.request;
    const isRight =
      request?.url === sent.url &&
      request.method === sent.method &&
      Buffer.from(request.raw_body ?? []).equals(sent.raw_body) &&
      isDeepStrictEqual({ ...(request.set_headers as object) }, this.#hook.setHeaders) &&
      request.return_overrides !== undefined;
    if (!isRight) throw new Error(`the server answered the hook with ${JSON.stringify(request).slice(0, 500)}`);
    // The order of maps may differ from one reply to the next; the last one is the likeliest.
    this.#known = Buffer.from(reply);
  }
}
