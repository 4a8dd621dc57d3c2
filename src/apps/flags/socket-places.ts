// Says where a server listens for each gateway, as its flags have it.
import { UsageError } from "../../core/model/index.js";
import type { SocketPlace } from "../../core/supervisor/index.js";
import { type Address, ADDRESS_FORMS, parseAddress } from "../../gateways/tyk/address/index.js";

/** By which a server asks for the socket of a gateway. */
export const KONG_SOCKET = "kong";
export const TYK_SOCKET = "tyk";

/** @throws {UsageError} */
export function requireAddress(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new UsageError(`-tyk ${text} is no address: ${ADDRESS_FORMS}`);
  return address;
}

/** What Tyk needs beside its address goes together. @throws {UsageError} */
export function requireTykPlaces(address: string, apps: string | undefined, api: string | undefined): void {
  if (apps !== undefined && api !== undefined)
    throw new UsageError("-tyk-apps and -tyk-api both say where API definitions are: give one of them");
  requireAddress(address);
}

/** Undefined for a port that nobody knows yet: the server that listens there says which. */
export function tykPlace(address: Address, mode: number): SocketPlace | undefined {
  if (address.kind === "unix") return { name: TYK_SOCKET, path: address.path, mode };
  return address.port === 0 ? undefined : { name: TYK_SOCKET, host: address.host, port: address.port };
}
