// Reads the address that a server listens on, in the form that gateways have it in their configuration.
import { resolve } from "node:path";
import { ListenError } from "./errors.js";

export type Address =
  { readonly kind: "tcp"; readonly host: string; readonly port: number } | { readonly kind: "unix"; readonly path: string };

const TCP = /^tcp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s/:[\]]+)):(\d{1,5})$/;
const UNIX = /^unix:\/\/(\/[^\0]*[^\0/])$/;
const MAX_PORT = 65_535;

/**
 * Takes `tcp://HOST:PORT` and `unix:///PATH`. Port 0 is any that is free.
 * @throws {ListenError}
 */
export function parseAddress(text: string): Address {
  const path = UNIX.exec(text)?.[1];
  if (path !== undefined) return { kind: "unix", path: resolve(path) };
  const [, ipv6, name, digits] = TCP.exec(text) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (host === undefined || !(port <= MAX_PORT))
    throw new ListenError(
      "GRPC_BAD_ADDRESS",
      `${JSON.stringify(text)}; give tcp://HOST:PORT or unix:///PATH, as in the gateway's coprocess_grpc_server`,
    );
  return { kind: "tcp", host, port };
}

/** As {@link parseAddress} takes it. */
export function formatAddress(address: Address): string {
  if (address.kind === "unix") return `unix://${address.path}`;
  return `tcp://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
