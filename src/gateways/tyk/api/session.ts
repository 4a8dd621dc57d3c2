// Owns the sessions of API keys, with Tyk's own names of fields: those of its key API and its policies.

/** Which paths and methods of an API a key may use. */
export interface AccessSpec {
  readonly url: string;
  readonly methods: readonly string[];
}

/** What a key may use of one API. */
export interface AccessDefinition {
  readonly api_name: string;
  readonly api_id: string;
  readonly versions: readonly string[];
  readonly allowed_urls: readonly AccessSpec[];
}

interface SessionFields {
  /** Unix time in seconds. */
  readonly last_check: number;
  readonly allowance: number;
  /** Requests per {@link SessionFields.per}; 0 and -1 are unlimited. */
  readonly rate: number;
  /** Seconds. */
  readonly per: number;
  /** Unix time in seconds from which the key is refused with 401; 0 and -1 are never. */
  readonly expires: number;
  /** Requests until the quota renews; 0 and less are unlimited. */
  readonly quota_max: number;
  /** Unix time in seconds. The gateway keeps its own where it knows the session. */
  readonly quota_renews: number;
  /** The gateway keeps its own where it knows the session. */
  readonly quota_remaining: number;
  /** Seconds. */
  readonly quota_renewal_rate: number;
  readonly oauth_client_id: string;
  readonly oauth_keys: Readonly<Record<string, string>>;
  readonly basic_auth_data: { readonly password: string; readonly hash: string };
  readonly jwt_data: { readonly secret: string };
  readonly hmac_enabled: boolean;
  readonly hmac_secret: string;
  /** Refused with 403. */
  readonly is_inactive: boolean;
  readonly apply_policy_id: string;
  /** Ids of policies of the API's organisation; an unknown one ends the request with 403. */
  readonly apply_policies: readonly string[];
  /** Unix time in seconds. */
  readonly data_expires: number;
  readonly monitor: { readonly trigger_limits: readonly number[] };
  readonly enable_detailed_recording: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly alias: string;
  /** Unix time in seconds until which an id extractor takes the stored session instead of a call. */
  readonly id_extractor_deadline: number;
  /** Seconds that the gateway keeps the session. */
  readonly session_lifetime: number;
  readonly certificate: string;
  readonly max_query_depth: number;
  /** Gateways since 5.13. */
  readonly post_expiry_action: string;
  /** Seconds. Gateways since 5.13. */
  readonly post_expiry_grace_period: number;
}

/**
 * The session of a request whose key has been accepted. It can be read only: the gateway takes one from `authCheck` alone. Fields
 * that the gateway does not send are at `""`, `0`, `false`, or empty.
 */
export interface Session extends SessionFields {
  /** By the id of the API. */
  readonly access_rights: Readonly<Record<string, AccessDefinition>>;
  readonly org_id: string;
  readonly last_updated: string;
  /** Gateways since 5.9. */
  readonly key_id: string;
}

/** A length of time: seconds, or a number with `s`, `m`, `h` or `d`. */
export type Duration = number | `${number}${"s" | "m" | "h" | "d"}`;

/** What `authCheck` says of the key that it accepts. Everything may be left out. */
export type NewSession = Partial<Omit<SessionFields, "basic_auth_data" | "jwt_data" | "monitor">> & {
  readonly basic_auth_data?: Partial<SessionFields["basic_auth_data"]>;
  readonly jwt_data?: Partial<SessionFields["jwt_data"]>;
  readonly monitor?: Partial<SessionFields["monitor"]>;
  /** By the id of the API. Where there are any and this API is not among them, the gateway refuses the request with 403. */
  readonly access_rights?: Readonly<Record<string, Partial<AccessDefinition>>>;
  /**
   * The id under which the gateway keeps the session and counts its requests: the same for the same key. By default a digest of the
   * `Authorization` header. The gateway writes it to Redis as it is, unless `hash_keys` is on: better give no credential.
   */
  readonly token?: string;
  /** How long an id extractor may take this session instead of calling `authCheck`; without it each request is a call. */
  readonly cacheFor?: Duration;
};
