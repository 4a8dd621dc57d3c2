// Owns the table of every PDK function: its name in the gateway, how its answer is read, and where it may be called.
import { PHASES, type Phase } from "./phases.js";

/** How the gateway's answer to a PDK call becomes a JavaScript value. No answer is `undefined` for each of them. */
export type ResultKind =
  /** There never is an answer to read. */
  | "nothing"
  /** A string; a `Buffer` when its bytes are not UTF-8. */
  | "text"
  /** A `Buffer`, whichever MessagePack type carried it. */
  | "bytes"
  | "number"
  | "boolean"
  /** Names with a list of values each: headers and query arguments. */
  | "multimap"
  /** An entity or another map with known fields. */
  | "record"
  /** Text, or `true` for an argument without a value. */
  | "query-arg"
  /** What a route's regular expression matched. */
  | "captures"
  /** Whatever was put there. */
  | "value";

export interface PdkMethod {
  /** The gateway's name, e.g. `kong.request.get_header`. */
  readonly method: `kong.${string}`;
  /** How the gateway's answer is read. */
  readonly returns: ResultKind;
  /** Nothing to wait for: the call is queued and sent with the next one that needs an answer, or the phase's end. */
  readonly writeBehind: boolean;
  /** Ends the request inside the gateway: no answer ever comes. */
  readonly ends: boolean;
  /** The phases in which the newest recorded gateway (3.9.3) runs it; certificate and preread were not recorded. */
  readonly phases: readonly Phase[];
  /** More phases, in which only an older gateway ran it. */
  readonly formerly: readonly Phase[];
}

interface Row<Method extends `kong.${string}`, Phases extends readonly Phase[]> extends PdkMethod {
  readonly method: Method;
  readonly phases: Phases;
}

function ask<const M extends `kong.${string}`, const P extends readonly Phase[]>(
  method: M,
  returns: ResultKind,
  phases: P,
  formerly: readonly Phase[] = [],
): Row<M, P> {
  return { method, returns, writeBehind: false, ends: false, phases, formerly };
}

function tell<const M extends `kong.${string}`, const P extends readonly Phase[]>(method: M, phases: P): Row<M, P> {
  return { method, returns: "nothing", writeBehind: true, ends: false, phases, formerly: [] };
}

function end<const M extends `kong.${string}`, const P extends readonly Phase[]>(method: M, phases: P): Row<M, P> {
  return { method, returns: "nothing", writeBehind: false, ends: true, phases, formerly: [] };
}

// Sets of phases, named by their initials.
const CRASP = ["certificate", "rewrite", "access", "response", "preread"] as const;
const RASL = ["rewrite", "access", "response", "log"] as const;
const RAS = ["rewrite", "access", "response"] as const;
const ASL = ["access", "response", "log"] as const;
const RA = ["rewrite", "access"] as const;
const AS = ["access", "response"] as const;
const SL = ["response", "log"] as const;

/** Every function of the PDK. What a gateway has beside it is reached by the same rules of naming. */
export const PDK_METHODS = [
  ask("kong.client.get_ip", "text", CRASP),
  ask("kong.client.get_forwarded_ip", "text", CRASP),
  ask("kong.client.get_port", "number", CRASP),
  ask("kong.client.get_forwarded_port", "number", CRASP),
  ask("kong.client.get_credential", "record", ASL),
  ask("kong.client.get_consumer", "record", ASL),
  ask("kong.client.get_protocol", "text", AS),
  ask("kong.client.load_consumer", "record", ASL),
  tell("kong.client.authenticate", ["access"]),
  ask("kong.client.tls.get_full_client_certificate_chain", "text", RAS),
  tell("kong.client.tls.disable_session_reuse", ["certificate"]),
  tell("kong.client.tls.set_client_verify", RAS),

  ask("kong.ctx.shared.get", "value", PHASES),
  tell("kong.ctx.shared.set", PHASES),

  ask("kong.ip.is_trusted", "boolean", PHASES),

  tell("kong.log.alert", PHASES),
  tell("kong.log.crit", PHASES),
  tell("kong.log.err", PHASES),
  tell("kong.log.warn", PHASES),
  tell("kong.log.notice", PHASES),
  tell("kong.log.info", PHASES),
  tell("kong.log.debug", PHASES),
  tell("kong.log.inspect", PHASES),
  ask("kong.log.serialize", "text", ["log"], ["rewrite", "access"]),
  tell("kong.log.set_serialize_value", PHASES),

  ask("kong.nginx.get_subsystem", "text", PHASES),
  ask("kong.nginx.get_statistics", "record", PHASES),
  ask("kong.nginx.get_var", "text", CRASP),
  ask("kong.nginx.get_tls1_version_str", "text", PHASES),
  ask("kong.nginx.req_start_time", "number", PHASES),
  ask("kong.nginx.get_ctx", "value", PHASES),
  tell("kong.nginx.set_ctx", PHASES),

  ask("kong.node.get_id", "text", PHASES),
  ask("kong.node.get_hostname", "text", PHASES),
  ask("kong.node.get_memory_stats", "record", PHASES),

  ask("kong.plugin.get_id", "text", PHASES),

  ask("kong.request.get_scheme", "text", RAS),
  ask("kong.request.get_host", "text", RAS),
  ask("kong.request.get_port", "number", RAS),
  ask("kong.request.get_forwarded_scheme", "text", RAS),
  ask("kong.request.get_forwarded_host", "text", RAS),
  ask("kong.request.get_forwarded_port", "number", RAS),
  ask("kong.request.get_forwarded_path", "text", RAS),
  ask("kong.request.get_forwarded_prefix", "text", RAS),
  ask("kong.request.get_http_version", "number", RAS),
  ask("kong.request.get_method", "text", RAS),
  ask("kong.request.get_path", "text", RAS),
  ask("kong.request.get_raw_path", "text", RAS),
  ask("kong.request.get_path_with_query", "text", RAS),
  ask("kong.request.get_raw_query", "text", RAS),
  ask("kong.request.get_query_arg", "query-arg", RAS),
  ask("kong.request.get_query", "multimap", RAS),
  ask("kong.request.get_header", "text", RASL),
  ask("kong.request.get_headers", "multimap", RASL),
  ask("kong.request.get_raw_body", "bytes", RAS),
  ask("kong.request.get_body", "value", RAS),
  ask("kong.request.get_start_time", "number", RASL),
  ask("kong.request.get_uri_captures", "captures", RASL),

  ask("kong.response.get_status", "number", SL),
  ask("kong.response.get_header", "text", SL),
  ask("kong.response.get_headers", "multimap", SL),
  ask("kong.response.get_source", "text", SL),
  tell("kong.response.set_status", RAS),
  tell("kong.response.set_header", RAS),
  tell("kong.response.add_header", RAS),
  tell("kong.response.clear_header", RAS),
  tell("kong.response.set_headers", RAS),
  end("kong.response.exit", RAS),
  end("kong.response.error", RAS),

  ask("kong.router.get_route", "record", ASL),
  ask("kong.router.get_service", "record", ASL),

  ask("kong.service.set_upstream", "boolean", ["access"]),
  tell("kong.service.set_target", ["access"]),
  tell("kong.service.set_retries", ["access"]),
  tell("kong.service.set_timeouts", ["access"]),
  ask("kong.service.set_tls_verify", "boolean", RA),

  tell("kong.service.request.set_scheme", RA),
  tell("kong.service.request.set_path", RA),
  tell("kong.service.request.set_raw_query", RA),
  tell("kong.service.request.set_method", RA),
  tell("kong.service.request.set_query", RA),
  tell("kong.service.request.set_header", RA),
  tell("kong.service.request.add_header", RA),
  tell("kong.service.request.clear_header", RA),
  tell("kong.service.request.set_headers", RA),
  tell("kong.service.request.set_raw_body", RA),
  ask("kong.service.request.set_body", "boolean", RA),
  tell("kong.service.request.enable_buffering", RA),

  ask("kong.service.response.get_status", "number", ["response"]),
  ask("kong.service.response.get_header", "text", ["response"]),
  ask("kong.service.response.get_headers", "multimap", ["response"]),
  ask("kong.service.response.get_raw_body", "bytes", ["response"]),
  ask("kong.service.response.get_body", "value", ["response"]),

  ask("kong.vault.is_reference", "boolean", PHASES),
  ask("kong.vault.get", "text", PHASES),
] as const satisfies readonly PdkMethod[];
