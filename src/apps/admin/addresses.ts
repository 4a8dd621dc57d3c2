// Reads the addresses that flags have for operators' tools: where they find the server, and where it finds them.
import { resolve } from "node:path";
import { UsageError } from "../../core/model/index.js";

export type ListenAddress =
  { readonly kind: "tcp"; readonly host: string; readonly port: number } | { readonly kind: "unix"; readonly path: string };

const TCP = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s/:[\]]+)):(\d{1,5})$/;
const UNIX = /^unix:\/\/(\/[^\0]*[^\0/])$/;
const MAX_PORT = 65_535;

export interface StatsdAddress {
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT` or `unix:///PATH`. @throws {UsageError} for anything else; port 0 is any that is free. */
export function parseListenAddress(flag: string, text: string): ListenAddress {
  const path = UNIX.exec(text)?.[1];
  if (path !== undefined) return { kind: "unix", path: resolve(path) };
  const [, ipv6, name, digits] = TCP.exec(text) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (host === undefined || !(port <= MAX_PORT))
    throw new UsageError(
      `-${flag} takes an address such as 127.0.0.1:9465 or unix:///run/pluginserver-metrics.sock, not "${text}"`,
    );
  return { kind: "tcp", host, port };
}

/** @throws {UsageError} for what is no `HOST:PORT`. */
export function parseStatsdAddress(text: string): StatsdAddress {
  const [, ipv6, name, digits] = TCP.exec(text) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (host === undefined || !(port > 0 && port <= MAX_PORT))
    throw new UsageError(`-statsd takes an address such as 127.0.0.1:8125, not "${text}"`);
  return { host, port };
}

/**
 * Of calls without a parent, the part that is recorded: all, where the flag stands alone. Undefined without the flag.
 * @throws {UsageError} for what is no number from 0 to 1.
 */
export function traceRatioOf(given: string | true | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (given === true || given === "") return 1;
  const ratio = Number(given);
  if (!/^(?:\d+(?:\.\d+)?|\.\d+)$/.test(given) || ratio > 1)
    throw new UsageError(`-traces takes a number from 0 to 1 such as 0.01, not "${given}"`);
  return ratio;
}

/** @throws {UsageError} for what is no address of HTTP. */
export function parseOtlpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new UsageError(`-otlp takes the address of a collector such as http://127.0.0.1:4318, not "${text}"`);
  return text.endsWith("/") ? text.slice(0, -1) : text;
}
