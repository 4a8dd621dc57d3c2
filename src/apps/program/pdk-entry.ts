// Says where the server's own copy of the PDK is, and which version.
import { fileURLToPath } from "node:url";

export { PDK_VERSION } from "../../gateways/kong/pdk/index.js";

/** Absolute path of the module that plugins get as `pluginserver/pdk` where they bring none of their own. */
export const PDK_ENTRY = fileURLToPath(new URL("../../gateways/kong/pdk/index.js", import.meta.url));
