// Says what a plugin loses where a release of the gateway speaks ProtoBuf:1 with it and not MsgPack:1, by what its code calls.
import { dirname } from "node:path";
import { PDK_METHODS } from "../pdk/index.js";
import { CallFinder, SourcePlaces } from "./find-calls.js";

/** What is known of a plugin: its code as it was compiled, and the module that it was compiled from. */
export interface ReadPlugin {
  readonly code: string;
  /** Absolute path. */
  readonly entry: string;
  /** Which form its module has: `metadata.form`. */
  readonly form: string;
}

export interface ProtocolLoss {
  /** The function, where it is called, and why: `kong.request.get_raw_path (hello.ts:12), which is not in ProtoBuf:1`. */
  readonly text: string;
  /** Whether the plugin is better off with MsgPack:1. */
  readonly decides: boolean;
}

interface Gap {
  readonly method: string;
  /** A verb and what follows. */
  readonly why: string;
  readonly decides: boolean;
}

/** Places that one text names; more of them say nothing new. */
const MAX_PLACES = 3;

/** Plugins of this form get the gateway's own body functions; those of others are made in the isolate of what the protocol carries. */
const KONG_JS_PDK = "kong-js-pdk";
const BODIES: ReadonlySet<string> = new Set(["kong.request.get_body", "kong.service.request.set_body"]);

/** There is an answer, or none where one is needed: the plugin is better off with MsgPack:1. Recorded with 2.8.5 to 3.9.3, as the rest. */
const POOR: Readonly<Record<string, string>> = {
  "kong.client.get_credential": "has the id and no other field of a credential in ProtoBuf:1",
  "kong.request.get_query_arg": "makes Kong answer 500 in ProtoBuf:1 where the query has the argument without a value (?name)",
};

/** What is not among the fields of a message is not in the value. */
const PARTIAL: Readonly<Record<string, string>> = {
  "kong.client.get_consumer": "has no updated_at",
  "kong.client.load_consumer": "has no updated_at",
  "kong.router.get_route": "has no ws_id, path_handling, request_buffering, response_buffering, expression and priority",
  "kong.router.get_service": "has no ws_id, enabled, ca_certificates and tls_verify fields",
  "kong.node.get_memory_stats": "has the dictionaries kong and kong_db_cache alone",
};

/** The first release that finds them: before, it did not read what its own description of the protocol says of their names. */
const LATER: Readonly<Record<string, number>> = {
  "kong.ctx.shared.get": 3.3,
  "kong.ctx.shared.set": 3.3,
  "kong.request.get_uri_captures": 3.1,
};

/** `release` such as `3.4`; the newest where it is undefined. No code runs: a name that is computed is not found. */
export async function protocolLosses(plugin: ReadPlugin, release: string | undefined): Promise<ProtocolLoss[]> {
  const gaps = await protobufGaps(plugin.form, release);
  const calls = new CallFinder(gaps.map(({ method }) => method)).find(plugin.code);
  const sources = new SourcePlaces(plugin.code, dirname(plugin.entry));
  return gaps.flatMap(({ method, why, decides }) => {
    const own = calls.filter((call) => call.method === method);
    if (own.length === 0) return [];
    const places = own.map(({ at }) => sources.placeOf(at)).filter((place) => place !== undefined);
    return [{ text: `${method}${listed([...new Set(places)])}, which ${why}`, decides }];
  });
}

function listed(places: readonly string[]): string {
  const more = places.length > MAX_PLACES ? `, and ${places.length - MAX_PLACES} more` : "";
  return places.length === 0 ? "" : ` (${places.slice(0, MAX_PLACES).join(", ")}${more})`;
}

async function protobufGaps(form: string, release: string | undefined): Promise<Gap[]> {
  // The messages of the protocol, which a server that only starts has no use for.
  const { pdkSignature } = await import("../protobuf/index.js");
  return PDK_METHODS.flatMap(({ method }): Gap[] => {
    const since = LATER[method];
    if (pdkSignature(method) === undefined && (form === KONG_JS_PDK || !BODIES.has(method)))
      return [{ method, why: "is not in ProtoBuf:1", decides: true }];
    // No release of 3 that has the bug has two digits behind the point.
    if (since !== undefined && release !== undefined && Number(release) < since && !/\.\d\d/.test(release))
      return [{ method, why: `is in ProtoBuf:1 from Kong ${since} on`, decides: true }];
    const poor = POOR[method];
    if (poor !== undefined) return [{ method, why: poor, decides: true }];
    const part = PARTIAL[method];
    return part === undefined ? [] : [{ method, why: `${part} in ProtoBuf:1`, decides: false }];
  });
}
