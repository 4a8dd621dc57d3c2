// Owns the types of the gateway's entities, with its own names for their fields.

/** A reference from one entity to another. */
export interface EntityReference {
  readonly id: string;
}

/** Who makes the request, as the gateway knows them. */
export interface Consumer {
  readonly id: string;
  readonly username?: string;
  /** The id under which another system knows the consumer. */
  readonly custom_id?: string;
  readonly tags?: readonly string[];
  /** Seconds since 1970. */
  readonly created_at?: number;
  /** Seconds since 1970; from Kong 3.x. */
  readonly updated_at?: number;
}

/** What a consumer authenticated with. Which fields there are beyond `id` depends on the plugin that checked it. */
export interface Credential {
  readonly id: string;
  readonly consumer?: EntityReference;
  /** Seconds since 1970. */
  readonly created_at?: number;
  readonly [field: string]: unknown;
}

/** An address range or port of a stream route. */
export interface RouteAddress {
  readonly ip?: string;
  readonly port?: number;
}

/** The route that matched the request. */
export interface Route {
  readonly id: string;
  readonly name?: string;
  readonly service?: EntityReference;
  readonly protocols?: readonly string[];
  readonly methods?: readonly string[];
  readonly hosts?: readonly string[];
  /** From Kong 3.0 a path that starts with `~` is a regular expression; before, Kong guesses. */
  readonly paths?: readonly string[];
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly snis?: readonly string[];
  readonly sources?: readonly RouteAddress[];
  readonly destinations?: readonly RouteAddress[];
  /** The route's expression when the gateway's router works with expressions. */
  readonly expression?: string;
  readonly priority?: number;
  readonly regex_priority?: number;
  readonly path_handling?: "v0" | "v1";
  readonly https_redirect_status_code?: number;
  readonly strip_path?: boolean;
  readonly preserve_host?: boolean;
  readonly request_buffering?: boolean;
  readonly response_buffering?: boolean;
  readonly tags?: readonly string[];
  readonly ws_id?: string;
  /** Seconds since 1970. */
  readonly created_at?: number;
  /** Seconds since 1970. */
  readonly updated_at?: number;
}

/** The service that the request is proxied to. */
export interface Service {
  readonly id: string;
  readonly name?: string;
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  readonly path?: string;
  readonly retries?: number;
  /** Milliseconds. */
  readonly connect_timeout?: number;
  /** Milliseconds. */
  readonly write_timeout?: number;
  /** Milliseconds. */
  readonly read_timeout?: number;
  readonly enabled?: boolean;
  readonly client_certificate?: EntityReference;
  readonly ca_certificates?: readonly string[];
  readonly tls_verify?: boolean;
  readonly tls_verify_depth?: number;
  readonly tags?: readonly string[];
  readonly ws_id?: string;
  /** Seconds since 1970. */
  readonly created_at?: number;
  /** Seconds since 1970. */
  readonly updated_at?: number;
}

/** Memory of the gateway node. Sizes are numbers of bytes, or text such as `"5.00 MiB"` when a unit was asked for. */
export interface MemoryStats<Size = number> {
  readonly lua_shared_dicts: Readonly<Record<string, { readonly allocated_slabs: Size; readonly capacity: Size }>>;
  readonly workers_lua_vms: readonly { readonly http_allocated_gc: Size; readonly pid: number }[];
}

/** Counters of the nginx that the gateway runs in. */
export interface NginxStatistics {
  readonly connections_accepted: number;
  readonly connections_active: number;
  readonly connections_handled: number;
  readonly connections_reading: number;
  readonly connections_waiting: number;
  readonly connections_writing: number;
  readonly total_requests: number;
}

/** What the path's regular expression of the matching route captured. */
export interface UriCaptures {
  /** Captures with a name. */
  readonly named: Readonly<Record<string, string>>;
  /** All captures by number; the first is the whole match. */
  readonly unnamed: readonly string[];
}
