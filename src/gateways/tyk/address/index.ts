// Reads the address where a server and a gateway meet, in the form that gateways have it in their configuration.
import { resolve } from "node:path";

export type Address =
  { readonly kind: "tcp"; readonly host: string; readonly port: number } | { readonly kind: "unix"; readonly path: string };

const TCP = /^tcp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s/:[\]]+)):(\d{1,5})$/;
const UNIX = /^unix:\/\/(\/[^\0]*[^\0/])$/;
const MAX_PORT = 65_535;

/** What {@link parseAddress} takes, for messages. */
export const ADDRESS_FORMS = "give tcp://HOST:PORT or unix:///PATH, as in the gateway's coprocess_grpc_server";

/** `tcp://HOST:PORT` or `unix:///PATH`; undefined for anything else. Port 0 is any that is free. */
export function parseAddress(text: string): Address | undefined {
  const path = UNIX.exec(text)?.[1];
  if (path !== undefined) return { kind: "unix", path: resolve(path) };
  const [, ipv6, name, digits] = TCP.exec(text) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  return host === undefined || !(port <= MAX_PORT) ? undefined : { kind: "tcp", host, port };
}

/** As {@link parseAddress} takes it. */
export function formatAddress(address: Address): string {
  if (address.kind === "unix") return `unix://${address.path}`;
  return `tcp://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Whether only this machine reaches it. */
export function isLocal(address: Address): boolean {
  return address.kind === "unix" || address.host === "localhost" || address.host === "::1" || /^127\./.test(address.host);
}
