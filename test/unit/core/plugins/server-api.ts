// The plugin API of a server in tests of the core, which knows no other than this.
import { join } from "node:path";
import type { PluginApi } from "../../../../src/core/plugins/index.js";

const ENTRY = join(import.meta.dirname, "server-pdk.mjs");

export const SERVER_API: PluginApi = {
  package: "pluginserver",
  name: "pluginserver/pdk",
  version: "1.0.0",
  versionFields: ["pdkVersion", "version"],
  entries: new Map([
    ["pluginserver/pdk", ENTRY],
    ["pluginserver/kong", ENTRY],
  ]),
  compatibleFlag: "-pdk-match=compatible",
};
