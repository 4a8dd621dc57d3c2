// Which plugins the kit takes, and what becomes of their configuration.
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { definePlugin } from "../../../../src/gateways/kong/pdk/index.js";
import { testPlugin } from "../../../../src/apps/testing/index.js";

const ROOT = new URL("../../../../", import.meta.url);

describe("the configuration", () => {
  const limited = definePlugin({
    name: "limited",
    schema: [
      { hosts: { type: "array", required: true, elements: { type: "string", len_min: 2 } } },
      { limits: { type: "record", required: true, fields: [{ max: { type: "integer", default: 10, between: [1, 100] } }] } },
      { mode: { type: "string", one_of: ["fast", "safe"] } },
    ],
    access: (kong, config) => kong.response.setHeader("x-config", JSON.stringify([config.hosts, config.limits, config.mode])),
  });

  it("has its defaults filled in, also inside", async () => {
    const t = await testPlugin(limited, { config: { hosts: ["ab"] } });
    expect(t.name).toBe("limited");
    expect(t.config).toEqual({ hosts: ["ab"], limits: { max: 10 } });
    await t.run();
    expect(JSON.parse(String(t.response.headers["x-config"]))).toEqual([["ab"], { max: 10 }, null]);
  });

  it.each([
    [{}, "config.hosts: required field missing"],
    [{ hosts: "ab" }, "config.hosts: expected an array"],
    [{ hosts: ["ab", "c"] }, "config.hosts[1] has a length of 1"],
    [{ hosts: [], limits: { max: 500 } }, "config.limits.max is not between 1 and 100"],
    [{ hosts: [], mode: "slow" }, "config.mode: expected one of: fast, safe"],
    [{ hosts: [], host: 1 }, "config.host: unknown field"],
  ])("%o is refused: %s", async (config, reason) => {
    const refused = testPlugin(limited, { config: config as never });
    await expect(refused).rejects.toMatchObject({ name: "TestingError", code: "TESTING_BAD_CONFIG" });
    await expect(refused).rejects.toThrow("the configuration does not fit the schema of plugin limited");
    await expect(refused).rejects.toThrow(reason);
  });
});

describe("a plugin", () => {
  it.each([
    ["plugins-dir/hello.ts", "x-hello-from-typescript", "hello"],
    ["plugins-dir/transform.cjs", "content-type", "transform"],
    ["plugins-dir/hit-counter.ts", "x-hits", "hit-counter"],
  ])("may be a path: %s", async (file, header, name) => {
    const t = await testPlugin(new URL(file, ROOT));
    await t.run();
    expect(t.error).toBeUndefined();
    expect(t.name).toBe(name);
    expect(Object.keys(t.response.headers)).toContain(header);
    const again = await testPlugin(fileURLToPath(new URL(file, ROOT)), { name: "other" });
    expect(again.name).toBe("other");
  });

  it("may be a module, or its default", async () => {
    const plugin = definePlugin({ access: (kong) => kong.response.setHeader("x", "1") });
    for (const form of [plugin, { default: plugin }, { default: { default: plugin } }]) {
      const t = await testPlugin(form);
      await t.run();
      expect(t.response.headers["x"]).toBe("1");
    }
  });

  it.each([
    [{}, "is not a plugin"],
    [{ Plugin: function Plugin() {} }, "handles no phase"],
    ["missing.ts", "there is no plugin"],
    ["nowhere/x.ts", "there is no plugin"],
    [{ Plugin: class { access() {} }, Schema: [{ a: { type: "strin" } }] }, "config.a"], // prettier-ignore
  ])("is refused where no server would take it: %o", async (plugin, reason) => {
    const refused = testPlugin(plugin);
    await expect(refused).rejects.toMatchObject({ code: "TESTING_BAD_PLUGIN" });
    await expect(refused).rejects.toThrow(reason);
  });

  it("of kong-js-pdk's form gets texts, any other gets bytes", async () => {
    const seen: unknown[] = [];
    class Plugin {
      async access(kong: { request: { getRawBody(): Promise<unknown> } }): Promise<void> {
        seen.push(await kong.request.getRawBody());
      }
    }
    const request = { method: "POST", body: "text" };
    await (await testPlugin({ Plugin }, { request })).run();
    const bytes = definePlugin({ access: async (kong) => void seen.push(await kong.request.getRawBody()) });
    await (await testPlugin(bytes, { request })).run();
    expect(seen).toEqual(["text", Buffer.from("text")]);
  });
});
