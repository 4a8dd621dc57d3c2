// Says which plugin API the server offers: its version, and where its own modules are.
import { fileURLToPath } from "node:url";
import type { PluginApi } from "../../core/plugins/index.js";
import { PDK_VERSION } from "../../gateways/kong/pdk/index.js";

const KONG_PDK = fileURLToPath(new URL("../../gateways/kong/pdk/index.js", import.meta.url));
const TYK_API = fileURLToPath(new URL("../../gateways/tyk/api/index.js", import.meta.url));

/** What plugins get that bring none of their own. The PDK is one module under both its names. */
export const PLUGIN_API: PluginApi = {
  package: "pluginserver",
  name: "pluginserver/pdk",
  version: PDK_VERSION,
  versionFields: ["pdkVersion", "version"],
  entries: new Map([
    ["pluginserver/pdk", KONG_PDK],
    ["pluginserver/kong", KONG_PDK],
    ["pluginserver/tyk", TYK_API],
  ]),
  compatibleFlag: "-pdk-match=compatible",
};
