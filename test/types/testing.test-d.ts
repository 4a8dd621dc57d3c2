// Compiled, never run: what must and must not compile in a test of a plugin.
import { describe, expectTypeOf, it } from "vitest";
import { definePlugin } from "../../src/gateways/kong/pdk/index.js";
import { type ConfigFor, testPlugin, type TestResponse, type UpstreamRequest } from "../../src/apps/testing/index.js";

const plugin = definePlugin({
  schema: [
    { message: { type: "string", default: "hello" } },
    { mode: { type: "string", one_of: ["fast", "safe"], required: true } },
    { tags: { type: "set", elements: { type: "string" } } },
    {
      limits: {
        type: "record",
        required: true,
        fields: [{ max: { type: "integer", required: true } }, { min: { type: "integer" } }],
      },
    },
    { weights: { type: "map", keys: { type: "string" }, values: { type: "number" } } },
  ],
  access: () => {},
});
const bare = definePlugin({ access: () => {} });
const defaults = definePlugin({ schema: [{ message: { type: "string", default: "hello" } }], access: () => {} });

describe("the configuration of a test", () => {
  it("follows from the plugin's schema", () => {
    expectTypeOf<ConfigFor<typeof plugin>>().toEqualTypeOf<{
      readonly message?: string;
      readonly mode: "fast" | "safe";
      readonly tags?: readonly string[];
      readonly limits?: { readonly max: number; readonly min?: number };
      readonly weights?: Record<string, number>;
    }>();
    expectTypeOf<ConfigFor<{ default: typeof defaults }>>().toEqualTypeOf<{ readonly message?: string }>();
    expectTypeOf<ConfigFor<string>>().toEqualTypeOf<Readonly<Record<string, unknown>>>();
  });

  it("must fit it", () => {
    void testPlugin(plugin, { config: { mode: "fast", limits: { max: 1 }, tags: ["a"] } });
    // @ts-expect-error -- no such mode
    void testPlugin(plugin, { config: { mode: "slow" } });
    // @ts-expect-error -- a field of another type
    void testPlugin(plugin, { config: { mode: "fast", message: 1 } });
    // @ts-expect-error -- no such field
    void testPlugin(plugin, { config: { mode: "fast", mesage: "hi" } });
    // @ts-expect-error -- a field inside a record is missing
    void testPlugin(plugin, { config: { mode: "fast", limits: {} } });
    // @ts-expect-error -- the plugin has no configuration
    void testPlugin(bare, { config: { message: "hi" } });
  });

  it("may be left out only where nothing is needed", () => {
    void testPlugin(bare);
    void testPlugin(bare, {});
    void testPlugin(defaults);
    void testPlugin(defaults, { request: { path: "/" } });
    void testPlugin("plugins/hello.ts");
    void testPlugin({ New: () => ({ message: "" }) }, { config: { anything: 1 } });
    // @ts-expect-error -- `mode` is required
    void testPlugin(plugin);
    // @ts-expect-error -- `mode` is required
    void testPlugin(plugin, { request: {} });
  });
});

describe("what a test sees", () => {
  it("is typed", async () => {
    const t = await testPlugin(defaults, {
      upstream: (request) => {
        expectTypeOf(request).toEqualTypeOf<UpstreamRequest>();
        return { status: 200 };
      },
    });
    expectTypeOf(t.response).toEqualTypeOf<TestResponse>();
    expectTypeOf(t.response.body).toEqualTypeOf<Buffer>();
    expectTypeOf(t.response.headers["x"]).toEqualTypeOf<string | readonly string[] | undefined>();
    expectTypeOf(t.upstreamRequest).toEqualTypeOf<UpstreamRequest | undefined>();
    expectTypeOf<Parameters<typeof t.phase>[0]>().toEqualTypeOf<
      "certificate" | "rewrite" | "access" | "response" | "preread" | "log"
    >();
    // @ts-expect-error -- Kong has it, but calls no plugin server there
    void t.phase("body_filter");
  });
});

describe("the world around the plugin", () => {
  it("has no misspelt parts", () => {
    // @ts-expect-error -- it is `path`
    void testPlugin(bare, { request: { uri: "/" } });
    // @ts-expect-error -- Kong writes it `strip_path`
    void testPlugin(bare, { route: { stripPath: true } });
    // @ts-expect-error -- a gateway's function begins with `kong.`
    void testPlugin(bare, { pdk: { "vault.get": "x" } });
    // @ts-expect-error -- no such failure
    void testPlugin(bare, { upstream: "broken" });
  });
});
