// Packages with native code: what is built of them lies beside the file.
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTempDir, runCli, type TempDir } from "../support/index.js";
import { refusals, writeKeys } from "./built-plugins.js";

const temp: TempDir = createTempDir("build-native");
afterAll(() => temp.remove());

const path = (...parts: readonly string[]): string => join(temp.path, ...parts);

/** The smallest addon there is: it needs a C compiler and no headers. */
const ADDON_SOURCE = `
struct napi_env; struct napi_value;
int napi_create_int32(struct napi_env*, int, struct napi_value**);
int napi_set_named_property(struct napi_env*, struct napi_value*, const char*, struct napi_value*);
struct napi_value* napi_register_module_v1(struct napi_env* env, struct napi_value* exports) {
  struct napi_value* answer;
  napi_create_int32(env, 42, &answer);
  napi_set_named_property(env, exports, "answer", answer);
  return exports;
}
`;

const hasCompiler = spawnSync("cc", ["--version"]).status === 0;

describe.runIf(hasCompiler)("native code", () => {
  beforeAll(async () => {
    writeKeys(temp, "ours");
    const addon = temp.write("native/own.node", "");
    const { status, stderr } = spawnSync("cc", ["-shared", "-fPIC", "-o", addon, temp.write("native/addon.c", ADDON_SOURCE)]);
    expect(status, stderr.toString()).toBe(0);
    cpSync(addon, path("native/node_modules/@scope/addon-here/addon.node"), { recursive: true });
    temp.write("native/node_modules/@scope/addon-here/package.json", '{ "name": "@scope/addon-here", "main": "addon.node" }');
    temp.write("native/node_modules/find-it/package.json", '{ "name": "find-it" }');
    temp.write("native/node_modules/find-it/index.js", "module.exports = (find) => find();");
    temp.write(
      "native/node_modules/wrapper/package.json",
      '{ "name": "wrapper", "dependencies": { "find-it": "*" }, "optionalDependencies": { "@scope/addon-here": "*", "@scope/addon-there": "*" } }',
    );
    temp.write(
      "native/node_modules/wrapper/index.js",
      'module.exports = require("find-it")(() => require("@scope/addon-" + "here"));',
    );
    temp.write(
      "native/deep.js",
      `const answers = [require("wrapper").answer, require("./own.node").answer];
       module.exports = { Plugin: class { access() {} }, Version: answers.join(".") };`,
    );
    const { code, stderr: told } = await runCli([
      "build",
      path("native/deep.js"),
      "-out",
      path("native-out"),
      "-sign",
      path("ours.pem"),
    ]);
    expect({ code, told }).toEqual({ code: 0, told: "" });
  });

  it("lies beside the file, and is found there alone", async () => {
    expect(readdirSync(path("native-out")).sort()).toEqual(["deep.cjs", "deep.native"]);
    cpSync(path("native-out"), path("native-moved"), { recursive: true });
    const { stdout } = await runCli(["-plugins-dir", path("native-moved"), "-dump"]);
    expect(JSON.parse(stdout.toString())).toMatchObject([{ Name: "deep", Version: "42.42" }]);
  });

  it.each<[string, (folder: string) => void]>([
    ["an addon is another", (folder) => writeFileSync(join(folder, "own.node"), "other")],
    ["a script of a package is another", (folder) => writeFileSync(join(folder, "node_modules/wrapper/index.js"), "evil()")],
    ["there is one file more", (folder) => writeFileSync(join(folder, "node_modules/wrapper/more.js"), "")],
  ])("is refused when %s, signed or not", async (what, change) => {
    const folder = path(`native-${what.replaceAll(" ", "-")}`);
    cpSync(path("native-out"), folder, { recursive: true });
    change(join(folder, "deep.native"));
    expect(await refusals(folder)).toEqual([expect.stringMatching(/its native code in deep\.native is not what was built/)]);
  });
});
