// Says which of Kong's PDK functions a plugin has behind Tyk: Tyk's messages hold a request and a response, and nothing is asked back.

const WHOLE = [
  "kong.ctx.shared.",
  "kong.log.",
  "kong.request.",
  "kong.response.",
  "kong.service.request.",
  "kong.service.response.",
];

const OTHERS: ReadonlySet<string> = new Set(["kong.client.get_ip", "kong.client.get_forwarded_ip"]);

/** Of the namespaces above: what Tyk neither tells nor takes. */
const NOT_CARRIED: ReadonlyMap<string, string> = new Map([
  ["kong.request.get_port", "the port that the gateway listens on is not in its messages"],
  ["kong.request.get_http_version", "the version of HTTP is not in its messages"],
  ["kong.request.get_uri_captures", "its routes have no captures in its messages"],
  ["kong.request.get_forwarded_prefix", "the part of the path that it strips is not in its messages"],
  ["kong.request.get_start_time", "when the request came is not in its messages"],
  ["kong.service.request.set_scheme", "the scheme is that of the API's target"],
  ["kong.log.serialize", "latencies, route and service are not in its messages"],
  ["kong.log.set_serialize_value", "there is no record of the request: see kong.log.serialize"],
]);

const NOTHING_LIKE_IT = "its messages hold the request, the response and nothing else";

/** Why a function cannot be had behind Tyk; `undefined` where it can. `method` is Kong's name: `kong.client.get_consumer`. */
export function whyNotOnTyk(method: string): string | undefined {
  const reason = NOT_CARRIED.get(method);
  if (reason !== undefined) return reason;
  return OTHERS.has(method) || WHOLE.some((namespace) => method.startsWith(namespace)) ? undefined : NOTHING_LIKE_IT;
}
