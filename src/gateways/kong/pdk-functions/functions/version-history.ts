// What the PDK was like in older gateways: which functions they lacked, and in which phases they ran the others, as recorded.

/** Such as `2.8`; a version between two that were recorded is taken for the older one. */
export type KongVersion = `${number}.${number}`;

/** `?` before a function was there; nothing where no phase could call it. What is the same in all is not here. */
const HISTORY: Readonly<Record<string, string>> = {
  "kong.client.get_consumer": "2.0:A 2.8:AS 3.1:ASL",
  "kong.client.get_credential": "2.0:A 2.8:AS 3.1:ASL",
  "kong.client.get_protocol": "2.0:A 2.8:AS",
  "kong.client.load_consumer": "2.0:A 2.8:AS 3.1:ASL",
  "kong.client.tls.get_full_client_certificate_chain": "2.0:? 2.2:RA 2.8:RAS",
  "kong.client.tls.set_client_verify": "2.0:? 2.2:RA 2.8:RAS",
  "kong.ctx.shared.get": "2.0:? 2.2:RASL",
  "kong.ctx.shared.set": "2.0:? 2.2:RASL",
  "kong.log.serialize": "2.0:RAL 2.2:L",
  "kong.log.set_serialize_value": "2.0:? 2.3:RA 2.8:RAS 3.1:RASL",
  "kong.nginx.get_statistics": "2.0:? 3.1:RASL",
  "kong.nginx.req_start_time": "2.0:RAL 2.2:RASL",
  "kong.nginx.set_ctx": "2.0:? 2.2:RASL",
  "kong.node.get_hostname": "2.0:? 2.3:RASL",
  "kong.plugin.get_id": "2.0:? 3.4:RASL",
  "kong.request.get_body": "2.0:RA 2.8:RAS",
  "kong.request.get_forwarded_host": "2.0:RA 2.8:RAS",
  "kong.request.get_forwarded_path": "2.0:? 2.2:RA 2.8:RAS",
  "kong.request.get_forwarded_port": "2.0:RA 2.8:RAS",
  "kong.request.get_forwarded_prefix": "2.0:? 2.2:RA 2.8:RAS",
  "kong.request.get_forwarded_scheme": "2.0:RA 2.8:RAS",
  "kong.request.get_header": "2.0:RA 2.8:RASL",
  "kong.request.get_headers": "2.0:RA 2.8:RASL",
  "kong.request.get_host": "2.0:RA 2.8:RAS",
  "kong.request.get_http_version": "2.0:RA 2.8:RAS",
  "kong.request.get_method": "2.0:RA 2.8:RAS",
  "kong.request.get_path": "2.0:RA 2.8:RAS",
  "kong.request.get_path_with_query": "2.0:RA 2.8:RAS",
  "kong.request.get_query": "2.0:RA 2.8:RAS",
  "kong.request.get_query_arg": "2.0:RA 2.8:RAS",
  "kong.request.get_raw_body": "2.0:RA 2.8:RAS",
  "kong.request.get_raw_path": "2.0:? 3.1:RAS",
  "kong.request.get_raw_query": "2.0:RA 2.8:RAS",
  "kong.request.get_scheme": "2.0:RA 2.8:RAS",
  "kong.request.get_start_time": "2.0:? 3.1:RASL",
  "kong.request.get_uri_captures": "2.0:? 3.1:RASL",
  "kong.response.error": "2.0:? 2.2:RAS",
  "kong.response.get_header": "2.0: 2.2:S 2.8:SL",
  "kong.response.get_headers": "2.0: 2.2:S 2.8:SL",
  "kong.response.get_source": "2.0: 2.2:S 2.8:SL",
  "kong.response.get_status": "2.0: 2.2:S 2.8:SL",
  "kong.router.get_route": "2.0:A 2.8:AS 3.1:ASL",
  "kong.router.get_service": "2.0:A 2.8:AS 3.1:ASL",
  "kong.service.request.set_path": "2.0:A 3.8:RA",
  "kong.service.request.set_scheme": "2.0:A 3.8:RA",
  "kong.service.response.get_body": "2.0: 2.2:S",
  "kong.service.response.get_header": "2.0: 2.2:S",
  "kong.service.response.get_headers": "2.0: 2.2:S",
  "kong.service.response.get_raw_body": "2.0: 2.2:S",
  "kong.service.response.get_status": "2.0: 2.2:S",
  "kong.service.set_retries": "2.0:? 3.8:A",
  "kong.service.set_timeouts": "2.0:? 3.8:A",
  "kong.service.set_tls_verify": "2.0:? 2.2:RA",
  "kong.vault.get": "2.0:? 2.8:RASL",
  "kong.vault.is_reference": "2.0:? 2.8:RASL",
};

/** Where the value is nil these answered an error, before Kong 3.0. */
const ERRORS: Readonly<Record<string, (argument: string) => string>> = {
  "kong.client.tls.get_full_client_certificate_chain": () => "connection is not TLS or TLS support for Nginx not enabled",
  "kong.nginx.get_tls1_version_str": () => "bad request",
  "kong.request.get_body": (type) => (type === "" ? "the body cannot be read" : `unsupported content type '${type}'`),
  "kong.request.get_raw_body": () =>
    "request body did not fit into client body buffer, consider raising 'client_body_buffer_size'",
  "kong.service.set_upstream": (name) => `could not find an Upstream named '${name}'`,
  "kong.vault.get": (reference) => `could not find vault (${/^\{vault:\/\/([^/}]*)/.exec(reference)?.[1] ?? ""}) [${reference}]`,
};

const LISTS_REFUSED: ReadonlySet<string> = new Set([
  "kong.response.set_header",
  "kong.response.add_header",
  "kong.service.request.set_header",
  "kong.service.request.add_header",
]);

/** Whether `version` is at least `other`. */
export function isAtLeast(version: KongVersion, other: KongVersion): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split(".").map(Number);
  return major > otherMajor || (major === otherMajor && minor >= otherMinor);
}

/** The phases in which a gateway of that version ran a function; undefined for one it did not know. */
export function phasesIn(version: KongVersion, method: string, newest: string): string | undefined {
  const states = Object.hasOwn(HISTORY, method) ? (HISTORY[method] ?? "").split(" ") : [];
  let phases: string | undefined = newest;
  for (const state of states) {
    const [since = "", letters = ""] = state.split(":");
    if (isAtLeast(version, since as KongVersion)) phases = letters;
  }
  return phases === "?" ? undefined : phases;
}

/** The error in place of a nil, where there was one. */
export function errorForNil(version: KongVersion, method: string, argument: unknown): string | undefined {
  if (isAtLeast(version, "3.0") || !Object.hasOwn(ERRORS, method)) return undefined;
  return ERRORS[method]?.(typeof argument === "string" ? argument : "");
}

/** Whether a list of values was refused, where a header has one value. */
export function refusesLists(version: KongVersion, method: string): boolean {
  return !isAtLeast(version, "3.8") && LISTS_REFUSED.has(method);
}
