// What PDK functions can learn about the gateway itself and its configuration.

import { BlockList, isIP } from "node:net";
import { hostname } from "node:os";

import { entityId, type ConsumerEntity, type GatewayConfig, type UpstreamEntity } from "./entities.js";
import type { KongVersion } from "../functions/version-history.js";

export interface GatewayFacts {
  /** Whose PDK this is. */
  readonly kongVersion: KongVersion;
  readonly nodeId: string;
  readonly hostname: string;
  /** nginx keeps larger request bodies in a file; plugins must ask for them (`get_raw_body(0)`). */
  readonly bodyBufferBytes: number;
  isTrusted(address: string): boolean;
  findConsumer(by: "id" | "username", value: string): ConsumerEntity | undefined;
  findUpstream(name: string): UpstreamEntity | undefined;
  statistics(): Readonly<Record<string, number>>;
}

export interface GatewayFactsOptions {
  /** The newest that was recorded. */
  readonly kongVersion?: KongVersion;
  /** Read at every use, so that a reload shows. */
  readonly config?: () => Pick<GatewayConfig, "consumers" | "upstreams">;
  readonly bodyBufferBytes?: number;
  /** Networks whose X-Forwarded-* and X-Real-IP headers count; default: this machine. */
  readonly trustedNetworks?: readonly string[];
  readonly statistics?: () => Readonly<Record<string, number>>;
}

const NEWEST_VERSION: KongVersion = "3.9";
const DEFAULT_BODY_BUFFER_BYTES = 8192;
const THIS_MACHINE = ["127.0.0.0/8", "::1/128"];

export function createGatewayFacts(options: GatewayFactsOptions = {}): GatewayFacts {
  const trusted = trustedAddresses(options.trustedNetworks ?? THIS_MACHINE);
  const config = options.config ?? (() => ({ consumers: [], upstreams: [] }));
  return {
    kongVersion: options.kongVersion ?? NEWEST_VERSION,
    nodeId: entityId("nodes", hostname()),
    hostname: hostname(),
    bodyBufferBytes: options.bodyBufferBytes ?? DEFAULT_BODY_BUFFER_BYTES,
    isTrusted: (address) => isTrusted(trusted, address),
    findConsumer: (by, value) => config().consumers.find((consumer) => consumer[by] === value),
    findUpstream: (name) => config().upstreams.find((upstream) => upstream.name === name),
    statistics: options.statistics ?? noStatistics,
  };
}

function trustedAddresses(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    list.addSubnet(address, Number(bits ?? (family === "ipv6" ? 128 : 32)), family);
  }
  return list;
}

function isTrusted(trusted: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && trusted.check(address, version === 6 ? "ipv6" : "ipv4");
}

function noStatistics(): Record<string, number> {
  return {
    connections_accepted: 0,
    connections_active: 0,
    connections_handled: 0,
    connections_reading: 0,
    connections_waiting: 0,
    connections_writing: 0,
    total_requests: 0,
  };
}
