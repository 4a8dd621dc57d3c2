// Knows what each release of the Tyk gateway makes of rich plugins.
import { PluginServerError } from "../../../core/model/index.js";

const CODES = {
  TYK_RELEASE_UNKNOWN: "this release of the gateway is not known",
} as const;

export type ReleaseErrorCode = keyof typeof CODES;

export class ReleaseError extends PluginServerError<ReleaseErrorCode> {
  override readonly name = "ReleaseError";

  constructor(code: ReleaseErrorCode, detail: string, options?: ErrorOptions) {
    super(code, `${CODES[code]}: ${detail}`, options);
  }
}

export interface TykRelease {
  /** `5.3.11`. */
  readonly version: string;
  /** For a release that came later: the newest line whose facts are known, which are taken for it. */
  readonly takenAs?: string;
  /**
   * The `:authority` of its calls: its own; the one of the option `grpc_authority`, empty without it; always empty. An empty one
   * is refused by Node's HTTP/2.
   */
  readonly authority: "own" | "option" | "none";
  /** Whether an API definition has `custom_plugin_auth_enabled`. */
  readonly customPluginAuth: boolean;
  /** How an OAS definition lists plugins: not at all, `prePlugin.plugins`, or `prePlugins`. */
  readonly oasPlugins: "none" | "nested" | "lists";
  /** Whether `config_data` is in a call only where there is some; else it is always there, `{}` when empty. */
  readonly omitsEmptyConfig: boolean;
  /** What becomes of a request whose hook has no driver that was loaded. */
  readonly missingDriver: "passes" | "fails";
  /** What becomes of an API whose bundle cannot be loaded. */
  readonly brokenBundle: "api-without-hooks" | "api-not-loaded";
  /** Whether bundles that are there already are checked in full with each load. */
  readonly checksKeptBundles: boolean;
  /** Whether a bundle may be at a `file:` URL. */
  readonly bundleFiles: boolean;
  /** Whether a response carries `multivalue_headers`. */
  readonly multivalueHeaders: boolean;
  /** Whether a response's headers are cleared before those of the reply are set: else a deleted one stays. */
  readonly clearsHeaders: boolean;
  /** What a difference in `headers` does to `multivalue_headers`: cuts all to one value, or replaces first values. */
  readonly headerChange: "cuts" | "merges";
  /** Whether Content-Length follows the body that a response hook gives back. */
  readonly fixesContentLength: boolean;
  /** Whether a client that leaves cancels the call. */
  readonly cancels: boolean;
  /** Whether a session has `key_id`. */
  readonly keyId: boolean;
  /** Whether the error page for a request in SOAP is XML, as it always is for other XML. */
  readonly soapPages: boolean;
  /** What a request beyond the rate of its key is told. */
  readonly rateLimitText: string;
  /** Whether the proxy of the environment is used for the connection to the plugin server. */
  readonly usesProxy: boolean;
}

type Version = readonly [major: number, minor: number, patch: number];

const NEWEST_MINOR = 14;

export const NEWEST_RELEASE = `5.${NEWEST_MINOR}.0`;

/** The last minor release of each major one. */
const LAST_MINOR: Readonly<Record<number, number>> = { 3: 2, 4: 3, 5: NEWEST_MINOR };

/** `version` is `5.3.11`; without a patch number the first release of that line is meant. @throws {ReleaseError} */
export function findTykRelease(text: string): TykRelease {
  const [, major, minor, patch = "0"] = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?:-[\w.-]+)?$/.exec(text) ?? [];
  const version: Version = [Number(major), Number(minor), Number(patch)];
  const last = LAST_MINOR[version[0]];
  const isLater = version[0] === 5 && version[1] > NEWEST_MINOR;
  if (last === undefined || !(version[1] <= last || isLater))
    throw new ReleaseError(
      "TYK_RELEASE_UNKNOWN",
      `${text}: known are 3.0 to 3.2, 4.0 to 4.3, 5.0 to 5.${NEWEST_MINOR}, and what comes after in 5 as 5.${NEWEST_MINOR}`,
    );
  return { version: version.join("."), ...factsOf(version), ...(isLater ? { takenAs: `5.${NEWEST_MINOR}` } : {}) };
}

function factsOf(version: Version): Omit<TykRelease, "version" | "takenAs"> {
  const since = (...firsts: string[]): boolean => isSince(version, firsts);
  return {
    authority: authorityOf(version),
    customPluginAuth: since("5.0.0"),
    oasPlugins: since("5.3.0") ? "lists" : since("5.0.0") ? "nested" : "none",
    omitsEmptyConfig: since("5.0.0"),
    missingDriver: since("5.8.7", "5.10.1", "5.11.0") ? "fails" : "passes",
    brokenBundle: since("5.0.12", "5.3.1", "5.4.0") ? "api-not-loaded" : "api-without-hooks",
    checksKeptBundles: !since("5.8.11", "5.11.1", "5.12.0"),
    bundleFiles: since("5.3.3", "5.5.0"),
    multivalueHeaders: since("5.0.4", "5.1.1", "5.2.0"),
    clearsHeaders: since("4.0.7", "4.2.2", "4.3.0"),
    headerChange: since("5.3.11", "5.8.0") ? "merges" : "cuts",
    fixesContentLength: since("5.3.9", "5.7.1", "5.8.0"),
    cancels: since("5.11.0"),
    keyId: since("5.9.0"),
    soapPages: since("5.8.14", "5.13.0"),
    rateLimitText: since("5.4.0") ? "Rate Limit Exceeded" : "Rate limit exceeded",
    usesProxy: since("5.8.3", "5.9.0"),
  };
}

function authorityOf(version: Version): TykRelease["authority"] {
  if (isSince(version, ["5.8.3", "5.9.0"])) return "own";
  return isSince(version, ["4.0.14", "5.0.3", "5.1.0"]) ? "option" : "none";
}

/**
 * Whether a release has what came with these: the first release of each line that got it, in order. A line between two of
 * them that is not named never got it; what is newer than the last has it.
 */
function isSince(version: Version, firsts: readonly string[]): boolean {
  const parsed = firsts.map((first) => first.split(".").map(Number));
  const own = parsed.find(([major, minor]) => major === version[0] && minor === version[1]);
  const [major = 0, minor = 0, patch = 0] = own ?? parsed.at(-1) ?? [];
  return compare(version, [major, minor, patch]) >= 0;
}

function compare(left: Version, right: Version): number {
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
}
