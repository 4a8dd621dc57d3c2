// Owns the version of the PDK, which changes only when what this folder exports changes, and the names of the phases a plugin can handle.

/** The version a plugin is stamped with by `definePlugin`, and which the server compares with its own. */
export const PDK_VERSION = "1.0.0";

/**
 * The phases in which the gateway calls a plugin server. `header_filter` and `body_filter` are missing on purpose: a
 * plugin server that announces them breaks every response.
 */
export const PHASES = ["certificate", "rewrite", "access", "response", "preread", "log"] as const;

export type Phase = (typeof PHASES)[number];
