// Owns the names of the phases a plugin can handle.

/**
 * The phases in which the gateway calls a plugin server. `header_filter` and `body_filter` are missing on purpose: a
 * plugin server that announces them breaks every response.
 */
export const PHASES = ["certificate", "rewrite", "access", "response", "preread", "log"] as const;

export type Phase = (typeof PHASES)[number];
