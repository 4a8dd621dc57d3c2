// Builds what a hook is called with, as each release of the gateway does.
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import {
  encodeObject,
  HOOK_TYPES,
  type HookType,
  type ObjectInput,
  type SessionInput,
  type SessionState,
} from "../../messages/index.js";
import type { TykRelease } from "../../releases/index.js";
import type { Hook, StandinApi } from "../api.js";
import { type ByteString, firstValues, fromByteText } from "../http/byte-text.js";
import type { TykExchange, Rewritten } from "../exchange.js";
import type { GoHeaders } from "../http/go-headers.js";
import { parseGoQuery, parseRequestUri, urlText } from "../http/go-url.js";

/** What a response hook sees of the response. */
export interface HookedResponse {
  readonly status: number;
  readonly headers: GoHeaders;
  readonly body: Buffer;
}

/** The call of one hook. @throws {StandinError} for what no message can carry: the gateway answers 500 without a call. */
export function buildObject(
  exchange: TykExchange,
  hook: Hook,
  type: HookType,
  release: TykRelease,
  response?: HookedResponse,
): Buffer {
  const sees = type === "PostKeyAuth" || type === "Post" || type === "Response";
  const session = sees ? exchange.session?.state : undefined;
  const object: ObjectInput = {
    hook_type: HOOK_TYPES[type],
    hook_name: hook.name,
    request: requestOf(exchange, hook),
    spec: specOf(exchange.api, release),
    ...(session === undefined ? {} : { session: sentSession(session, release), metadata: session.metadata }),
    // Always there, and without a session all its fields are zero.
    ...(type === "Response" ? { session: session === undefined ? {} : sentSession(session, release) } : {}),
    ...(response === undefined ? {} : { response: responseOf(response, hook, release) }),
  };
  return encodeObject(object);
}

function requestOf(
  { headers, host, url, rewritten, asked, method, client, body }: TykExchange,
  hook: Hook,
): ObjectInput["request"] {
  const sent = firstValues(headers, "a header");
  if (host !== "") sent.set("Host", fromByteText(host, "the host"));
  return {
    headers: sent,
    url: fromByteText(asked ?? rewritten?.url ?? urlText(url), "the URL"),
    params: firstValues(parseGoQuery(url.query), "a query parameter"),
    return_overrides: { response_code: -1 },
    method,
    request_uri: fromByteText(
      asked === undefined ? (requestUri(rewritten) ?? client.target) : client.target,
      "the request's target",
    ),
    scheme: client.scheme,
    raw_body: body,
    body: textOf(body, hook),
  };
}

/** After a rewrite it is the one of the target. */
function requestUri(rewritten: Rewritten | undefined): ByteString | undefined {
  const url = rewritten === undefined ? undefined : parseRequestUri(rewritten.url);
  return url === undefined ? undefined : urlText(url);
}

const textOf = (body: Buffer, { rawBodyOnly = false }: Hook): string => (!rawBodyOnly && isUtf8(body) ? body.toString() : "");

function responseOf({ status, headers, body }: HookedResponse, hook: Hook, release: TykRelease): ObjectInput["response"] {
  const all = [...headers].map(([key, values]) => ({
    key: fromByteText(key, "a header"),
    values: values.map((value) => fromByteText(value, `the header ${key}`)),
  }));
  return {
    status_code: status,
    raw_body: body,
    body: textOf(body, hook),
    headers: firstValues(headers, "a header"),
    ...(release.multivalueHeaders ? { multivalue_headers: all } : {}),
  };
}

function specOf({ orgId, id, bundle, configData }: StandinApi, { omitsEmptyConfig }: TykRelease): Map<string, string> {
  const hasConfig = configData !== undefined && Object.keys(configData).length > 0;
  return new Map([
    ["OrgID", orgId],
    ["APIID", id],
    ["bundle_hash", createHash("md5").update(bundle).digest("hex")],
    ...(hasConfig || !omitsEmptyConfig ? [["config_data", JSON.stringify(configData ?? {})] as const] : []),
  ]);
}

/** What a session keeps in the gateway and does not travel, is left out. */
function sentSession(session: SessionState, { keyId }: TykRelease): SessionInput {
  return { ...session, certificate: undefined, max_query_depth: undefined, ...(keyId ? {} : { key_id: undefined }) };
}
