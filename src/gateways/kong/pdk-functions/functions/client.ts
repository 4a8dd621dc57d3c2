// `kong.client.*` and `kong.ip.*`: who sent the request.

import { isText } from "../document/byte-text.js";
import { getHeader } from "../document/headers.js";
import { isTable } from "../document/lua-values.js";
import { RefusedCall, refused, stringArgument, type PdkArguments, type PdkCall, type PdkFunctions } from "./definition.js";

export const clientFunctions: PdkFunctions = {
  "kong.client.get_ip": { phases: "RAS", run: ({ request }) => request.client.address },
  "kong.client.get_forwarded_ip": { phases: "RAS", run: (call) => forwardedAddress(call) },
  "kong.client.get_port": { phases: "RAS", run: ({ request }) => request.client.port },
  "kong.client.get_forwarded_port": {
    phases: "RAS",
    // A proxy that tells the client's address does not tell its port.
    run: (call) => (isForwarded(call) ? undefined : call.request.client.port),
  },
  "kong.client.get_credential": { phases: "ASL", run: ({ request }) => request.credential },
  "kong.client.get_consumer": { phases: "ASL", run: ({ request }) => request.consumer },
  "kong.client.load_consumer": { phases: "ASL", run: loadConsumer },
  "kong.client.authenticate": { phases: "A", run: authenticate },
  "kong.client.get_protocol": { phases: "AS", run: protocol },
  "kong.client.tls.get_full_client_certificate_chain": { phases: "RAS", run: () => undefined },
  "kong.client.tls.disable_session_reuse": refused,
  "kong.client.tls.set_client_verify": { phases: "RAS", run: () => undefined },
  "kong.ip.is_trusted": {
    phases: "RASL",
    run: ({ facts }, args) => isText(args[0]) && facts.isTrusted(stringArgument(args, 0, "ip")),
  },
};

function isForwarded({ request, facts }: PdkCall): boolean {
  return facts.isTrusted(request.client.address) && getHeader(request.headers, "x-real-ip") !== undefined;
}

/** The client's address as a trusted proxy tells it. */
export function forwardedAddress(call: Pick<PdkCall, "request" | "facts">): string {
  const { request, facts } = call;
  if (!facts.isTrusted(request.client.address)) return request.client.address;
  return getHeader(request.headers, "x-real-ip") ?? request.client.address;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function loadConsumer({ facts }: PdkCall, args: PdkArguments): unknown {
  const id = stringArgument(args, 0, "consumer_id");
  const byUsername = args[1] !== undefined && args[1] !== false;
  if (!UUID.test(id) && !byUsername) throw new RefusedCall("cannot load a consumer with an id that is not a uuid");
  const byId = UUID.test(id) ? facts.findConsumer("id", id) : undefined;
  return byId ?? (byUsername ? facts.findConsumer("username", id) : undefined);
}

function authenticate({ request }: PdkCall, args: PdkArguments): undefined {
  const [consumer, credential] = args;
  if (consumer !== undefined && !isTable(consumer)) throw new RefusedCall("consumer must be a table or nil");
  if (credential !== undefined && !isTable(credential)) throw new RefusedCall("credential must be a table or nil");
  if (consumer === undefined && credential === undefined) {
    throw new RefusedCall("either credential or consumer must be provided");
  }
  request.consumer = consumer;
  request.credential = credential;
}

function protocol({ request, facts }: PdkCall, args: PdkArguments): string | undefined {
  if (request.route === undefined) return undefined;
  const [first, second] = request.route.protocols;
  if (second === undefined) return first;
  const isTerminated = args[0] === true && facts.isTrusted(request.client.address);
  return isTerminated && getHeader(request.headers, "x-forwarded-proto")?.toLowerCase() === "https" ? "https" : request.scheme;
}
