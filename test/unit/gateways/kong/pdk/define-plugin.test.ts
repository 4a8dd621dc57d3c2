import { describe, expect, it } from "vitest";
import { PDK_VERSION, PLUGIN_STAMP, definePlugin } from "../../../../../src/gateways/kong/pdk/index.js";
import type { KongFor } from "../../../../../src/gateways/kong/pdk/index.js";

describe("definePlugin", () => {
  const schema = [{ message: { type: "string", default: "hello" } }] as const;

  it("keeps everything that was declared", () => {
    const access = (): undefined => undefined;
    const plugin = definePlugin({ name: "hello", version: "1.2.3", priority: 7, schema, access });
    expect({ ...plugin }).toEqual({
      name: "hello",
      version: "1.2.3",
      priority: 7,
      schema,
      access,
      [PLUGIN_STAMP]: { pdkVersion: PDK_VERSION },
    });
    expect(plugin.access).toBe(access);
  });

  it("stamps it under a symbol that every copy of the package shares", () => {
    const plugin: object = definePlugin({});
    expect(Reflect.get(plugin, Symbol.for("pluginserver.plugin"))).toEqual({ pdkVersion: PDK_VERSION });
    expect(Object.keys(plugin)).toEqual([]);
  });

  it("freezes the plugin and its stamp, and leaves the declaration alone", () => {
    const declaration = { priority: 1 };
    const plugin = definePlugin(declaration);
    expect(Object.isFrozen(plugin)).toBe(true);
    expect(Object.isFrozen(plugin[PLUGIN_STAMP])).toBe(true);
    expect(Object.isFrozen(declaration)).toBe(false);
    expect(Reflect.ownKeys(declaration)).toEqual(["priority"]);
  });

  it("lets a handler reach the plugin through this", () => {
    const names: unknown[] = [];
    const plugin = definePlugin({
      name: "reflective",
      access() {
        names.push(this.name);
      },
    });
    void plugin.access?.call(plugin, {} as KongFor<"access">, {});
    expect(names).toEqual(["reflective"]);
  });
});

describe("PDK_VERSION", () => {
  it("is a plain semantic version", () => {
    expect(PDK_VERSION).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
