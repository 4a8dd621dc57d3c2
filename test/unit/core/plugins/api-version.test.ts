import { join } from "node:path";
import { expect, test } from "vitest";
import { checkApiVersion, findApiVersion } from "../../../../src/core/plugins/api-version.js";
import { pluginsDirectory } from "./plugin-files.js";
import { SERVER_API } from "./server-api.js";

const REFUSAL =
  "failed to open plugin hello: plugin was built with a different version of package pluginserver/pdk (built with 1.2.0, server has 1.3.0)";

test.each([
  ["exact", undefined, "1.3.0", undefined],
  ["exact", "1.3.0", "1.3.0", undefined],
  ["exact", "1.2.0", "1.3.0", REFUSAL],
  ["compatible", undefined, "1.3.0", undefined],
  ["compatible", "1.2.0", "1.3.0", undefined],
  ["compatible", "1.3.0", "1.3.0", undefined],
] as const)("match %s: built with %s, server has %s", (match, builtWith, server, refusal) => {
  expect(checkApiVersion({ plugin: "hello", builtWith, api: { ...SERVER_API, version: server }, match })).toBe(refusal);
});

test.each([
  ["1.4.0", "1.3.0"],
  ["2.0.0", "1.3.0"],
  ["0.2.0", "0.3.0"],
  ["not a version", "1.3.0"],
])("built with %s is not compatible with %s", (builtWith, server) => {
  expect(checkApiVersion({ plugin: "p", builtWith, api: { ...SERVER_API, version: server }, match: "compatible" })).toContain(
    `(built with ${builtWith}, server has ${server})`,
  );
});

test("the package beside the plugin states its PDK version, or its own", async () => {
  const directory = await pluginsDirectory({
    "a/node_modules/pluginserver/package.json": '{"name":"pluginserver","version":"3.0.0","pdkVersion":"1.1.0"}',
    "b/node_modules/pluginserver/package.json": '{"name":"pluginserver","version":"2.0.0"}',
    "a/deep/er/index.js": "",
  });
  expect(findApiVersion(join(directory, "a/deep/er"), SERVER_API)).toBe("1.1.0");
  expect(findApiVersion(join(directory, "b"), SERVER_API)).toBe("2.0.0");
  expect(findApiVersion(directory, SERVER_API)).toBeUndefined();
});

test("code of the package itself resolves the package itself", async () => {
  const directory = await pluginsDirectory({
    "package.json": '{"name":"pluginserver","version":"5.0.0","exports":{"./pdk":"./pdk.js"}}',
    "node_modules/pluginserver/package.json": '{"name":"pluginserver","version":"1.0.0"}',
    "plugins-dir/hello.js": "",
  });
  expect(findApiVersion(join(directory, "plugins-dir"), SERVER_API)).toBe("5.0.0");
});
