// What a gateway is told about a plugin, in its own spelling.
import { describe, expect, it } from "vitest";
import type { Generation } from "../../../../../src/core/plugins/index.js";
import { pluginInfo } from "../../../../../src/gateways/kong/server/index.js";

describe("a plugin info", () => {
  it("has the gateway's shape, with times in whole seconds and nothing of ours", () => {
    const fields = [{ message: { type: "string", default: "hello" } }];
    const hello: Generation = {
      name: "hello",
      path: "/plugins/file.ts",
      artifact: { entry: "/plugins/file.ts", format: "esm", code: "secret" },
      metadata: {
        form: "define-plugin",
        name: "hello",
        version: "1.2.3",
        functions: ["access", "log"],
        schema: fields,
        announcement: { priority: 10 },
        apiVersion: "9.9.9",
      },
      content: "",
      warnings: [],
      notes: [],
      effects: [],
      announced: {},
      inputs: ["/plugins/file.ts"],
      modified: 1_700_000_000.9,
      loaded: 1_700_000_001.1,
    };
    expect(pluginInfo(hello)).toEqual({
      Name: "hello",
      Version: "1.2.3",
      Priority: 10,
      Phases: ["access", "log"],
      Schema: { name: "hello", fields: [{ config: { type: "record", fields } }] },
      ModTime: 1_700_000_000,
      LoadTime: 1_700_000_001,
    });
  });
});
