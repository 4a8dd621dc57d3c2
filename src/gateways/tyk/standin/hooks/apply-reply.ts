// Does with the reply of a request hook what the gateway does: no more, and no less.
import type { CoprocessObject, ReturnOverrides } from "../../messages/index.js";
import { toByteText } from "../http/byte-text.js";
import type { Dropped, TykExchange, ClientResponse } from "../exchange.js";
import { GoHeaders } from "../http/go-headers.js";
import { encodeQuery, isSameQuery, parseGoQuery, parseRequestUri } from "../http/go-url.js";

/** What a reply asks for beyond its changes of the request. */
export type ReplyOutcome =
  | { readonly kind: "continue" }
  /** A panic: net/http closes the connection. */
  | { readonly kind: "dropped"; readonly dropped: Dropped }
  /** The reply cannot be applied: 500. */
  | { readonly kind: "unusable" }
  /** The hook answers in the gateway's place. */
  | { readonly kind: "respond"; readonly response: ClientResponse }
  /** The gateway's error page, and AuthFailure. */
  | { readonly kind: "deny"; readonly status: number; readonly message: string; readonly headers: GoHeaders };

export function applyReply(exchange: TykExchange, reply: CoprocessObject): ReplyOutcome {
  const { request } = reply;
  if (request === undefined) return panic("the reply has no request");
  exchange.body = request.raw_body;
  for (const name of request.delete_headers) exchange.headers.delete(name);
  for (const [name, value] of request.set_headers) exchange.headers.set(name, toByteText(value));
  const query = new Map(parseGoQuery(exchange.url.query));
  for (const name of request.delete_params) query.delete(toByteText(name));
  for (const [name, value] of request.add_params) query.set(toByteText(name), [toByteText(value)]);
  const url = parseRequestUri(toByteText(request.url));
  if (url === undefined) return { kind: "unusable" };
  // The query of the URL counts only after a rewrite, or where it is the same all the same.
  if (exchange.rewritten !== undefined) exchange.rewritten = { ...exchange.rewritten, url: toByteText(request.url) };
  else exchange.url = isSameQuery(parseGoQuery(url.query), query) ? url : { ...url, query: encodeQuery(query) };
  if (request.method !== "") exchange.method = request.method;
  if (request.return_overrides === undefined) return panic("the reply has no return_overrides");
  return overrideOf(request.return_overrides);
}

const panic = (dropped: string): ReplyOutcome => ({ kind: "dropped", dropped: { dropped } });

/** Go panics at any other. */
export const isStatus = (status: number): boolean => status >= 100 && status <= 999;

function overrideOf(overrides: ReturnOverrides): ReplyOutcome {
  const { response_code: status, override_error: isOverride, response_error, response_body } = overrides;
  const text = response_error === "" ? response_body : response_error;
  if (status <= 0) return { kind: "continue" };
  const headers = new GoHeaders();
  for (const [name, value] of overrides.headers) headers.set(name, toByteText(value));
  if (status >= 400 && !isOverride) return { kind: "deny", status, message: text === "" ? "Key not authorised" : text, headers };
  if (!isStatus(status)) return panic(`the reply has the status ${status}`);
  const body = Buffer.from(text);
  if (body.length > 0 && !headers.has("Content-Type")) headers.set("Content-Type", guessType(text));
  headers.set("Content-Length", String(body.length));
  return { kind: "respond", response: { status, headers: headers.list(), body } };
}

/** Go guesses by the first bytes. JSON is plain text to it. */
function guessType(text: string): string {
  const start = text.slice(0, 512).replace(/^[\t\n\f\r ]+/, "");
  if (/^<(?:!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P|!--)[ >]/i.test(start))
    return "text/html; charset=utf-8";
  if (start.startsWith("<?xml")) return "text/xml; charset=utf-8";
  if (start.startsWith("%PDF-")) return "application/pdf";

  return /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/.test(text.slice(0, 512)) ? "application/octet-stream" : "text/plain; charset=utf-8";
}
