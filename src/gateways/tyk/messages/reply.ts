// Encodes the least that a gateway needs of a reply: what it does not read is not sent.
import { encodeMessage } from "./codec/encode-message.js";
import { OBJECT, type OverridesInput, type ResponseInput, type SessionInput } from "./codec/message-types.js";

/** What becomes of the request. Texts must have UTF-8, or encoding throws. */
export interface RequestReply {
  /** Path and query; the gateway takes the path from it, and the query from what it had, `deleteParams` and `addParams`. */
  readonly url: string;
  readonly method: string;
  /** The body that goes on: the one that came, where the hook did not change it. */
  readonly rawBody: Uint8Array;
  /** Each replaces all values of its name; they are set after `deleteHeaders`. */
  readonly setHeaders?: ReadonlyMap<string, string> | undefined;
  readonly deleteHeaders?: readonly string[] | undefined;
  /** As `setHeaders`, for the query. */
  readonly addParams?: ReadonlyMap<string, string> | undefined;
  readonly deleteParams?: readonly string[] | undefined;
  /** Ends the request. */
  readonly overrides?: OverridesInput | undefined;
  /** For `CustomKeyCheck` only, as `metadata`, whose `token` it needs. */
  readonly session?: SessionInput | undefined;
  readonly metadata?: ReadonlyMap<string, string> | undefined;
}

/**
 * The reply of a hook that runs before the request is sent on. It always has `request` and `return_overrides`, even if empty: without
 * them the gateway drops its client's connection.
 * @throws {MessageError} naming the field, for a value that the message cannot carry.
 */
export function encodeRequestReply(reply: RequestReply): Buffer {
  const { url, method, rawBody, overrides = {}, session, metadata } = reply;
  const request = {
    set_headers: reply.setHeaders,
    delete_headers: reply.deleteHeaders,
    url,
    add_params: reply.addParams,
    delete_params: reply.deleteParams,
    return_overrides: overrides,
    method,
    raw_body: rawBody,
  };
  return encodeMessage(OBJECT, { request, session, metadata }, rawBody.length);
}

/** What the client gets. `headers` and `multivalue_headers`: each whole, since the gateway clears its own first. */
export interface ResponseReply {
  /** Of the request that came with the call: the gateway needs one that parses. */
  readonly url: string;
  readonly response: Omit<ResponseInput, "body">;
}

/**
 * The reply of a response hook.
 * @throws {MessageError} naming the field, for a value that the message cannot carry.
 */
export function encodeResponseReply({ url, response }: ResponseReply): Buffer {
  return encodeMessage(OBJECT, { request: { url, return_overrides: {} }, response }, response.raw_body?.length);
}

/** The answer to an event: a message without fields. */
export const EVENT_REPLY = Buffer.alloc(0);
