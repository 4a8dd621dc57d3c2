// Reads the address of the plugin server, as the gateway's option coprocess_grpc_server has it.
import { UsageError } from "../../../core/model/index.js";

/** Where the server listens and the gateway dials. */
export type GatewayAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly url: string }
  | { readonly kind: "unix"; readonly path: string; readonly url: string };

/** `tcp://HOST:PORT` or `unix:///PATH`. @throws {UsageError} for anything else. */
export function parseAddress(flag: string, text: string): GatewayAddress {
  const path = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (path !== undefined) return { kind: "unix", path, url: text };
  const [, bracketed, plain, digits] = /^tcp:\/\/(?:\[([\da-fA-F:.]+)\]|([^:/[\]]+)):(\d+)$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535)
    throw new UsageError(`-${flag} ${text} is no address: use tcp://127.0.0.1:5555 or unix:///run/pluginserver.sock`);
  return { kind: "tcp", host, port, url: text };
}

/** Whether only this machine reaches it. */
export function isLocal(address: GatewayAddress): boolean {
  return address.kind === "unix" || address.host === "localhost" || address.host === "::1" || /^127\./.test(address.host);
}
