// Owns arguments that each function of the PDK takes, in every gateway that has it.
const HEADER = ["x-sample", "1"];
const NAME = ["x-sample"];

const SAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  "client.load_consumer": ["6384e2b2-184b-4bf5-aecc-f10ca7a6563c"],
  "client.authenticate": [{ id: "6384e2b2-184b-4bf5-aecc-f10ca7a6563c", username: "alice" }],
  "client.tls.set_client_verify": ["SUCCESS"],
  "ctx.shared.get": ["k"],
  "ctx.shared.set": ["k", "v"],
  "ip.is_trusted": ["127.0.0.1"],
  "log.alert": ["text", 1],
  "log.crit": ["text"],
  "log.err": ["text"],
  "log.warn": ["text"],
  "log.notice": ["text"],
  "log.info": ["text"],
  "log.debug": ["text"],
  "log.inspect": ["x"],
  "log.set_serialize_value": ["a.b", "v"],
  "nginx.get_var": ["request_uri"],
  "nginx.get_ctx": ["k"],
  "nginx.set_ctx": ["k", "v"],
  "request.get_query_arg": ["a"],
  "request.get_header": NAME,
  "response.get_header": NAME,
  "response.set_status": [201],
  "response.set_header": HEADER,
  "response.add_header": HEADER,
  "response.clear_header": NAME,
  "response.set_headers": [{ "x-sample": "1" }],
  "response.set_raw_body": ["text"],
  "response.exit": [418, "teapot", { "x-exit": "1" }],
  "response.error": [503, "busy"],
  "service.set_upstream": ["alt-upstream"],
  "service.set_target": ["127.0.0.1", 8080],
  "service.set_retries": [3],
  "service.set_timeouts": [1000, 1000, 1000],
  "service.set_tls_verify": [true],
  "service.request.set_scheme": ["http"],
  "service.request.set_path": ["/other"],
  "service.request.set_raw_query": ["x=1&y"],
  "service.request.set_method": ["PUT"],
  "service.request.set_query": [{ a: "1" }],
  "service.request.set_header": HEADER,
  "service.request.add_header": HEADER,
  "service.request.clear_header": NAME,
  "service.request.set_headers": [{ "x-sample": "1" }],
  "service.request.set_raw_body": ["text"],
  "service.request.set_body": [{ a: "1" }, "application/json"],
  "service.response.get_header": NAME,
  "vault.is_reference": ["{vault://env/x}"],
  "vault.get": ["{vault://env/x}"],
};

/** None for those that need none. */
export function sampleArguments(method: string): readonly unknown[] {
  return SAMPLES[method.replace(/^kong\./, "")] ?? [];
}
