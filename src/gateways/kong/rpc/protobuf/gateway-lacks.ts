// Knows what gateways before Kong 3.3 lack in ProtoBuf:1: they close the connection at such a call, and the request goes on.
import { decodePdkResult, encodePdkCall, methodOfPdkCall } from "../../protobuf/index.js";

/**
 * Asked where a call may not be there. It answers false: before Kong 3.3 with an empty message, later ones with one that says
 * so. The library that writes the message was changed in the release that got these functions right.
 */
export const PROBE = encodePdkCall("kong.ip.is_trusted", ["none"]);

export const isOldGateway = (answer: Buffer): boolean => answer.length === 0;

const QUERY = "kong.request.get_query";

/** In the protocol, and not in an old gateway; 3.1 has the last. */
const LACKING: ReadonlySet<string> = new Set(["kong.ctx.shared.get", "kong.ctx.shared.set", "kong.request.get_uri_captures"]);
const DOUBTFUL: ReadonlySet<string> = new Set([...LACKING, QUERY]);
const LENGTHS: ReadonlySet<number> = new Set([...DOUBTFUL].map((name) => name.length));

/** Whether an old gateway may fail at the call. Most calls are told apart by the length of their name. */
export function isDoubtful(call: Buffer): boolean {
  return LENGTHS.has(call[0] ?? 0) && DOUBTFUL.has(methodOfPdkCall(call));
}

/** What is asked of an old gateway before it gets the call; undefined where no answer could make it possible. */
export function questionBefore(call: Buffer): Buffer | undefined {
  return methodOfPdkCall(call) === QUERY ? RAW_QUERY : undefined;
}

const RAW_QUERY = encodePdkCall("kong.request.get_raw_query", []);

/** Why an old gateway must not get the call; undefined where it may. `answer` is that to the question before it. */
export function refusalByOldGateway(call: Buffer, answer?: Buffer): string | undefined {
  const method = methodOfPdkCall(call);
  if (method !== QUERY)
    return `${method} cannot be called here: the gateway is older than Kong 3.3, and lacks it in ProtoBuf:1; use MsgPack:1 for it`;
  const name = answer === undefined ? undefined : repeatedName(String(decodePdkResult("kong.request.get_raw_query", answer)));
  if (name === undefined) return undefined;
  return `${method} cannot be called here: the query repeats ${JSON.stringify(name)}, which a gateway older than Kong 3.3 cannot send over ProtoBuf:1`;
}

/** A name that comes twice in a query, decoded as the gateway does. */
function repeatedName(query: string): string | undefined {
  const seen = new Set<string>();
  for (const part of query.split("&")) {
    if (part === "") continue;
    const name = decoded(part.split("=", 1)[0] ?? "");
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

/** Escapes that are none stay what they are; bytes are compared as such. */
function decoded(text: string): string {
  return Buffer.from(text.replaceAll("+", " "), "utf8")
    .toString("latin1")
    .replace(/%([0-9a-f]{2})/gi, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
