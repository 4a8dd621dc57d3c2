// Owns what a plugin can know of the API that a request is for.

/** An API as the gateway has it, classic or OAS. */
export interface ApiDefinition {
  readonly id: string;
  readonly orgId: string;
  readonly name: string;
  readonly active: boolean;
  /** Whether only other APIs of the gateway reach it. */
  readonly internal: boolean;
  /** The path under which clients reach it, such as `/shop/`; undefined for an API that has none. */
  readonly listenPath: string | undefined;
  /** Whether the upstream gets the path without `listenPath`. */
  readonly stripListenPath: boolean;
  readonly targetUrl: string | undefined;
  /** The host name that it is limited to. */
  readonly domain: string | undefined;
  /** Whether it needs no key. */
  readonly keyless: boolean;
  readonly tags: readonly string[];
  /** The names of its versions, as far as the definition has them. */
  readonly versions: readonly string[];
  /** `config_data`, whether it is switched on or not. */
  readonly configData: Readonly<Record<string, unknown>>;
  /** `custom_middleware_bundle`; undefined where there is none, or it is switched off. */
  readonly bundle: string | undefined;
  /** `x-tyk-api-gateway` is in `document` where it is `oas`; else the classic fields are. */
  readonly form: "classic" | "oas";
  /** The whole definition, as the gateway has it. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** The API that a call is for. */
export interface TykApi {
  readonly id: string;
  readonly orgId: string;
  /**
   * The API's definition, as the server knows it from its `-tyk-apps` or `-tyk-api`: the gateway does not send it. It is read behind
   * requests, and so may differ from the gateway's, and from `config`, for the length of a refresh.
   * @throws {TykError} `TYK_NO_DEFINITION`, with what to configure, or why it cannot be had.
   */
  definition(): Promise<ApiDefinition>;
}
