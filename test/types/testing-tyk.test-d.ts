// Compiled, never run: what must and must not compile in a test of a plugin for Tyk.
import { expectTypeOf } from "vitest";
import { definePlugin } from "../../src/gateways/kong/pdk/index.js";
import { defineTykPlugin, type TykConfig } from "../../src/gateways/tyk/api/index.js";
import { testTykPlugin, type TykConfigFor } from "../../src/apps/testing/index.js";

const plugin = defineTykPlugin({
  config: {
    greeting: { type: "string", default: "hello" },
    mode: { type: "string", enum: ["fast", "safe"], required: true },
    limits: { type: "object", properties: { max: { type: "integer", required: true }, min: { type: "integer", default: 1 } } },
    tags: { type: "array", items: { type: "string" } },
  },
  pre() {},
});

interface Config {
  readonly greeting?: string;
  readonly mode: "fast" | "safe";
  readonly limits?: { readonly max: number; readonly min?: number };
  readonly tags?: readonly string[];
}
expectTypeOf<TykConfigFor<typeof plugin>>().toEqualTypeOf<Config>();
expectTypeOf<TykConfigFor<{ readonly default: typeof plugin }>>().toEqualTypeOf<Config>();

void testTykPlugin(plugin, { config: { mode: "safe", limits: { max: 3 } } });
// @ts-expect-error -- there is no such mode
void testTykPlugin(plugin, { config: { mode: "other" } });
// @ts-expect-error -- it has no such field
void testTykPlugin(plugin, { config: { mode: "fast", gretting: "hi" } });
void testTykPlugin({ default: plugin });

// Without a schema it is the type argument, or anything.
const typed = defineTykPlugin<{ greeting: string }>({ pre() {} });
void testTykPlugin(typed, { config: { greeting: "hi" } });
expectTypeOf<TykConfigFor<typeof typed>>().toEqualTypeOf<{ greeting: string }>();
const bare = defineTykPlugin({ pre() {} });
void testTykPlugin(bare, { config: { anything: 1 } });
expectTypeOf<TykConfigFor<typeof bare>>().toEqualTypeOf<TykConfig>();

// A plugin for Kong has the configuration that it has there.
const kong = definePlugin({ schema: [{ message: { type: "string", default: "hello" } }], access() {} });
void testTykPlugin(kong, { config: { message: "hi" }, access: "auth_check" });
// @ts-expect-error -- it is text
void testTykPlugin(kong, { config: { message: 3 } });
