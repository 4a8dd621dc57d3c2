// Names what the server knows of the API that plugins import: its package, its version, and the modules behind its names.

/** How alike two versions must be; compatible means that the server's satisfies the caret range of the plugin's. */
export type VersionMatch = "exact" | "compatible";

/** The API that the server offers to plugins which bring none of their own. */
export interface PluginApi {
  /** Name of the npm package. */
  readonly package: string;
  /** What messages call it. */
  readonly name: string;
  readonly version: string;
  /** The fields of the package's manifest that may state the version of the API; the first that is there counts. */
  readonly versionFields: readonly string[];
  /** What a plugin may import, and the absolute path of the server's own module of that name. */
  readonly entries: ReadonlyMap<string, string>;
  /** The flag with which the server takes a compatible version, as it is written. */
  readonly compatibleFlag: string;
}
