// Compiled, never run: the configuration a handler gets follows from the schema, its `kong` from the phase.
import { expectTypeOf } from "vitest";
import { PLUGIN_STAMP, definePlugin } from "../../src/gateways/kong/pdk/index.js";
import type { ConfigSchema, InferConfig, KongFor, Plugin } from "../../src/gateways/kong/pdk/index.js";

const plugin = definePlugin({
  name: "everything",
  version: "1.0.0",
  priority: 10,
  schema: [
    { message: { type: "string", default: "hello", len_max: 80 } },
    { mode: { type: "string", one_of: ["fast", "safe"], required: true } },
    { level: { type: "integer", one_of: [1, 2, 3] } },
    { ratio: { type: "number", between: [0, 1] } },
    { on: { type: "boolean", required: true } },
    { paths: { type: "array", elements: { type: "string" }, default: ["/"] } },
    { methods: { type: "set", elements: { type: "string", one_of: ["GET", "PUT"] } } },
    { limits: { type: "map", keys: { type: "string" }, values: { type: "integer" }, required: true } },
    { weights: { type: "map", keys: { type: "string", one_of: ["a", "b"] }, values: { type: "number" } } },
    {
      redis: {
        type: "record",
        required: true,
        fields: [{ host: { type: "string", required: true } }, { port: { type: "integer" } }],
      },
    },
    { secret: { type: "string", encrypted: true, referenceable: true } },
  ],
  access(kong, config) {
    expectTypeOf(kong).toEqualTypeOf<KongFor<"access">>();
    expectTypeOf(config).toEqualTypeOf<{
      message: string;
      mode: "fast" | "safe";
      level?: 1 | 2 | 3;
      ratio?: number;
      on: boolean;
      paths: string[];
      methods?: ("GET" | "PUT")[];
      limits: Record<string, number>;
      weights?: { a?: number; b?: number };
      redis: { host: string; port?: number };
      secret?: string;
    }>();
    // @ts-expect-error -- may be missing
    config.ratio.toFixed();
  },
  async log(kong, config) {
    expectTypeOf(kong).toEqualTypeOf<KongFor<"log">>();
    expectTypeOf(config.message).toBeString();
    await kong.log.serialize();
  },
});
expectTypeOf(plugin[PLUGIN_STAMP].pdkVersion).toBeString();

// Without a schema there is no configuration.
expectTypeOf(definePlugin({ version: "1.0.0" })).toEqualTypeOf<Plugin<readonly []>>();
definePlugin({
  rewrite(kong, config) {
    expectTypeOf(kong).toEqualTypeOf<KongFor<"rewrite">>();
    expectTypeOf(config).not.toHaveProperty("message");
  },
  certificate: (kong) => kong.log.info("hello"),
  preread: async (kong) => kong.log.info("hello"),
  response: (kong) => kong.response.exit(200),
});

// A schema may be kept apart, as a literal or not.
const literal = [{ message: { type: "string", required: true } }] as const satisfies ConfigSchema;
expectTypeOf<InferConfig<typeof literal>>().toEqualTypeOf<{ message: string }>();
expectTypeOf(definePlugin({ schema: literal })).toEqualTypeOf<Plugin<typeof literal>>();
expectTypeOf<InferConfig<ConfigSchema>>().toEqualTypeOf<Record<string, unknown>>();
declare const loose: ConfigSchema;
definePlugin({
  schema: loose,
  access(_kong, config) {
    expectTypeOf(config).toEqualTypeOf<Record<string, unknown>>();
  },
});

// @ts-expect-error -- not an option
definePlugin({ acces: () => undefined });
// @ts-expect-error -- a broken response for everybody
definePlugin({ body_filter: () => undefined });
// @ts-expect-error -- needs what the phase has not
definePlugin({ access: (kong: KongFor<"log">) => kong.log.info("x") });
// @ts-expect-error -- needs a configuration that the schema has not
definePlugin({ schema: [{ a: { type: "string" } }], access: (kong, config: { b: string }) => kong.log.info(config.b) });
// @ts-expect-error -- a number
definePlugin({ priority: "10" });
// @ts-expect-error -- not a type of Kong's
definePlugin({ schema: [{ a: { type: "text" } }] });
// @ts-expect-error -- the default is of another type
definePlugin({ schema: [{ a: { type: "string", default: 5 } }] });
// @ts-expect-error -- an array says what is in it
definePlugin({ schema: [{ a: { type: "array" } }] });
// @ts-expect-error -- no such attribute
definePlugin({ schema: [{ a: { type: "string", requird: true } }] });
// @ts-expect-error -- an attribute of another type
definePlugin({ schema: [{ a: { type: "string", between: [1, 2] } }] });
// @ts-expect-error -- no such attribute, in a nested field
definePlugin({ schema: [{ a: { type: "record", fields: [{ b: { type: "array", elements: { type: "string", one: [] } } }] } }] });
