// Owns kong.service.response.getHeaders: the gateway's own is always empty, so it is put together from calls that work.
import type { PdkAsk } from "./callable-method.js";

const ALL = "kong.response.get_headers";
const ONE = "kong.service.response.get_header";
const MOST = 1000;
const DEFAULT_LIMIT = 100;

/**
 * The headers of the response as it stands, without those that the service did not send. Values that others have added to a
 * header of the service's cannot be told from its own; where its first value was replaced, that is all that is left to know.
 */
export async function serviceHeaders(ask: PdkAsk, [limit]: readonly unknown[]): Promise<Record<string, unknown[]>> {
  const standing = Object.entries(((await ask(ALL, [MOST])) ?? {}) as Record<string, unknown[]>);
  const firsts = await Promise.all(standing.map(([name]) => ask(ONE, [name])));
  const headers = Object.create(null) as Record<string, unknown[]>;
  let room = typeof limit === "number" ? limit : DEFAULT_LIMIT;
  for (const [index, [name, values]] of standing.entries()) {
    const first = firsts[index];
    if (first === undefined || room < 1) continue;
    const own = isSame(values[0], first) ? values.slice(0, room) : [first];
    headers[name] = own;
    room -= own.length;
  }
  return headers;
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0);
}
