// Owns what a plugin leaves for later hooks of the same request: Tyk calls each hook for itself, and brings back nothing but the request.
// So it travels in a header of the request, sealed with this server's key: neither the client nor the upstream can read or make one.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { decodeValue, encodeValue } from "../../../gateways/kong/msgpack/index.js";
import { fromWire, type GatewayRequest, type HeaderList } from "../../../gateways/kong/pdk-functions/index.js";
import { TykError } from "../../../gateways/tyk/api/index.js";
import { plainValue } from "./phase-runner.js";

/** Its name in lower case, as it is looked up. */
export const CARRIED_HEADER = "x-pluginserver-context";

/** Bytes of a header that upstreams and proxies take. */
const MAX_SIZE = 6144;
const CIPHER = "aes-256-gcm";
const IV_SIZE = 12;
const TAG_SIZE = 16;

export interface Carried {
  /** `kong.ctx.shared`: of all plugins. */
  readonly shared: ReadonlyMap<string, unknown>;
  /** Headers for the response, by the plugin that set them. */
  readonly headers: ReadonlyMap<string, HeaderList>;
  /** Plugins whose `log` has run, or will. */
  readonly logged: ReadonlySet<string>;
}

export const NOTHING_CARRIED: Carried = { shared: new Map(), headers: new Map(), logged: new Set() };

/** Puts what was carried into the document of a plugin. */
export function restore(document: GatewayRequest, { shared, headers }: Carried, plugin: string): void {
  for (const [key, value] of shared) document.shared.set(key, value);
  for (const header of headers.get(plugin) ?? []) document.response.headers.push(header);
}

/** What there is to carry on from here. */
export function carriedOf(document: GatewayRequest, before: Carried, plugin: string, isLogged: boolean): Carried {
  const headers = new Map(before.headers);
  if (document.response.headers.length > 0) headers.set(plugin, document.response.headers);
  else headers.delete(plugin);
  return { shared: document.shared, headers, logged: isLogged ? new Set([...before.logged, plugin]) : before.logged };
}

const isEmpty = ({ shared, headers, logged }: Carried): boolean => shared.size + headers.size + logged.size === 0;

/** Text of a header; `undefined` for nothing. @throws {TykError} for more than a header holds, or what cannot be written down. */
export function seal(carried: Carried, key: Buffer): string | undefined {
  if (isEmpty(carried)) return undefined;
  const { shared, headers, logged } = carried;
  const plain = encodeValue([plainValue(Object.fromEntries(shared)), Object.fromEntries(headers), [...logged]]);
  const iv = randomBytes(IV_SIZE);
  const cipher = createCipheriv(CIPHER, key, iv);
  const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString("base64url");
  if (sealed.length <= MAX_SIZE) return sealed;
  throw new TykError(
    "TYK_NOT_CARRIED",
    "kong.ctx.shared and headers of the response",
    `together they take ${sealed.length} bytes, and what travels to later hooks may take ${MAX_SIZE}`,
  );
}

/** `undefined` for what this server has not sealed. */
export function unseal(text: string, key: Buffer): Carried | undefined {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length < IV_SIZE + TAG_SIZE) return undefined;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_SIZE));
  decipher.setAuthTag(bytes.subarray(-TAG_SIZE));
  let plain: Buffer;
  try {
    plain = Buffer.concat([decipher.update(bytes.subarray(IV_SIZE, -TAG_SIZE)), decipher.final()]);
  } catch {
    // A client's own, or that of another server on the way.
    return undefined;
  }
  // Nobody else has the key.
  const [shared, headers, logged] = decodeValue(plain) as [object, object, string[]];
  return {
    shared: new Map(entriesOf(shared).map(([name, value]) => [name, fromWire(value)])),
    headers: new Map(entriesOf(headers) as [string, HeaderList][]),
    logged: new Set(logged),
  };
}

const entriesOf = (value: object): [string, unknown][] =>
  value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value);
