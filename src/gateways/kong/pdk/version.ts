// Owns the version of the PDK, which changes only when what this folder exports changes.

/** The version a plugin is stamped with by `definePlugin`, and which the server compares with its own. */
export const PDK_VERSION = "1.0.0";
