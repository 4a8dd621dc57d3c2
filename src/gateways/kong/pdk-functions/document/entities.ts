// The entities of a declarative configuration as the gateway shows them to plugins, in Kong's own spelling.

import { createHash } from "node:crypto";

interface EntityBase {
  readonly id: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly tags?: readonly string[];
}

export interface ServiceEntity extends EntityBase {
  readonly name: string;
  readonly protocol: "http" | "https";
  readonly host: string;
  readonly port: number;
  readonly path?: string;
  readonly retries: number;
  readonly connect_timeout: number;
  readonly write_timeout: number;
  readonly read_timeout: number;
  readonly enabled: boolean;
  readonly ws_id: string;
}

export interface RouteEntity extends EntityBase {
  readonly name: string;
  readonly service?: { readonly id: string };
  readonly protocols: readonly string[];
  readonly paths?: readonly string[];
  readonly methods?: readonly string[];
  readonly hosts?: readonly string[];
  readonly strip_path: boolean;
  readonly preserve_host: boolean;
  readonly regex_priority: number;
  readonly path_handling: "v0";
  readonly https_redirect_status_code: number;
  readonly request_buffering: boolean;
  readonly response_buffering: boolean;
  readonly ws_id: string;
}

export interface ConsumerEntity extends EntityBase {
  readonly username?: string;
  readonly custom_id?: string;
}

/** Of key-auth where it has a key, else of basic-auth. */
export interface CredentialEntity {
  readonly id: string;
  readonly key?: string;
  readonly username?: string;
  readonly password?: string;
  readonly consumer: { readonly id: string };
  readonly created_at: number;
}

export interface UpstreamEntity {
  readonly name: string;
  readonly targets: readonly { readonly host: string; readonly port: number }[];
}

export interface PluginEntity {
  readonly id: string;
  readonly name: string;
  readonly routeId?: string;
  readonly serviceId?: string;
  readonly consumerId?: string;
  /** Grows with every load of a configuration. */
  readonly sequence: number;
  readonly config: Readonly<Record<string, unknown>>;
  /** The JSON text that StartInstance carries. */
  readonly configText: string;
}

export interface GatewayConfig {
  readonly services: readonly ServiceEntity[];
  readonly routes: readonly RouteEntity[];
  readonly plugins: readonly PluginEntity[];
  readonly consumers: readonly ConsumerEntity[];
  readonly credentials: readonly CredentialEntity[];
  readonly upstreams: readonly UpstreamEntity[];
  /** Whose all requests of a route are. */
  readonly presets: readonly { readonly routeId: string; readonly consumer: ConsumerEntity }[];
}

/** An id that stays the same over reloads, as Kong's declarative configuration has it. */
export function entityId(kind: string, name: string): string {
  const hash = createHash("sha1").update(`${kind}:${name}`).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

export const WORKSPACE_ID = entityId("workspaces", "default");
