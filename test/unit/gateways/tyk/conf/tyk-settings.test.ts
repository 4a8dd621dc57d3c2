// The settings for a gateway: its options, both forms of API definitions, and a comment for each trap that can be met.
import { describe, expect, it } from "vitest";
import { parseAddress } from "../../../../../src/gateways/tyk/address/index.js";
import {
  chainOf,
  hooksOf,
  type PluginHooks,
  tykSettings,
  type TykSettings,
  tykText,
} from "../../../../../src/gateways/tyk/conf/index.js";
import { findTykRelease } from "../../../../../src/gateways/tyk/releases/index.js";

const EVERYTHING: readonly PluginHooks[] = [
  {
    plugin: "shop",
    hooks: {
      pre: ["shop:addFooBar", "shop:currentTime"],
      authCheck: ["shop"],
      response: ["shop"],
      events: ["shop:AuthFailure"],
    },
  },
  { plugin: "stats", hooks: { postAuthCheck: ["stats"], post: ["stats:count"], authCheck: ["stats"] } },
];
const LOCAL = "tcp://127.0.0.1:5555";

interface Wanted {
  readonly form?: "classic" | "oas";
  readonly address?: string;
  readonly plugins?: readonly PluginHooks[];
  readonly movable?: readonly string[];
}

function settingsFor(
  version: string,
  { form = "classic", address = LOCAL, plugins = EVERYTHING, movable = [] }: Wanted = {},
): TykSettings {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(address);
  const server = { address: parsed, maxMessageSize: 1024, hooks: chainOf(plugins), movable };
  return tykSettings(server, findTykRelease(version), form);
}

const commentsOf = (version: string, wanted?: Wanted): string => {
  const { gateway, definition } = settingsFor(version, wanted);
  return [...gateway.comments, ...definition.comments].join("\n");
};

describe("the gateway's options", () => {
  it("name the server and sizes that a call may have", () => {
    expect(settingsFor("5.14.0").gateway.options).toEqual({
      enable_coprocess: true,
      coprocess_grpc_server: LOCAL,
      grpc_recv_max_size: 1024,
      grpc_send_max_size: 1024,
    });
  });

  it.each(["4.0.14", "5.0.3", "5.3.0", "5.8.2"])("have an authority for %s, which sends none by itself", (version) => {
    expect(settingsFor(version).gateway.options).toMatchObject({ grpc_authority: "localhost" });
    expect(commentsOf(version)).toContain("grpc_authority is needed");
  });

  it.each(["3.2", "4.0", "4.1.0", "4.3.4", "5.0.2"])("are refused for %s, which no option helps", (version) => {
    expect(() => settingsFor(version)).toThrow(/empty :authority.*grpc_authority came with 4\.0\.14, 5\.0\.3 and 5\.1\.0/);
  });
});

describe("the API definition", () => {
  it("has every hook in its classic form", () => {
    expect(settingsFor("5.14.0").definition.value).toEqual({
      use_keyless: false,
      enable_coprocess_auth: true,
      custom_plugin_auth_enabled: true,
      custom_middleware: {
        pre: [{ name: "shop:addFooBar" }, { name: "shop:currentTime" }],
        auth_check: { name: "shop" },
        post_key_auth: [{ name: "stats" }],
        post: [{ name: "stats:count" }],
        response: [{ name: "shop" }],
        driver: "grpc",
      },
      event_handlers: {
        events: { AuthFailure: [{ handler_name: "cp_dynamic_handler", handler_meta: { name: "shop:AuthFailure" } }] },
      },
    });
  });

  it("has no field that its release does not know", () => {
    expect(settingsFor("4.0.14").definition.value).not.toHaveProperty("custom_plugin_auth_enabled");
  });

  it("leaves an API open that has no authentication of its own", () => {
    const { value } = settingsFor("5.14.0", { plugins: [{ plugin: "a", hooks: { pre: ["a"] } }] }).definition;
    expect(value).toEqual({
      custom_middleware: { pre: [{ name: "a" }], post_key_auth: [], post: [], response: [], driver: "grpc" },
    });
  });

  it("has every hook in its OAS form", () => {
    expect(settingsFor("5.3.0", { form: "oas" }).definition.value).toEqual({
      "x-tyk-api-gateway": {
        server: {
          authentication: { enabled: true, custom: { enabled: true, config: { enabled: true, functionName: "shop" } } },
        },
        middleware: {
          global: {
            pluginConfig: { driver: "grpc" },
            prePlugins: [
              { enabled: true, functionName: "shop:addFooBar" },
              { enabled: true, functionName: "shop:currentTime" },
            ],
            postAuthenticationPlugins: [{ enabled: true, functionName: "stats" }],
            postPlugins: [{ enabled: true, functionName: "stats:count" }],
            responsePlugins: [{ enabled: true, functionName: "shop" }],
          },
        },
      },
    });
  });

  it("has the older OAS form for releases that know that alone, and none where there is none", () => {
    const { value } = settingsFor("5.2.5", { form: "oas", plugins: [{ plugin: "a", hooks: { pre: ["a"] } }] }).definition;
    expect(value).toEqual({
      "x-tyk-api-gateway": {
        middleware: {
          global: { pluginConfig: { driver: "grpc" }, prePlugin: { plugins: [{ enabled: true, functionName: "a" }] } },
        },
      },
    });
    expect(() => settingsFor("4.0.14", { form: "oas" })).toThrow("no plugins in OAS definitions: leave -oas out");
  });
});

describe("the names of a plugin's hooks", () => {
  it("are the plugin's own where a kind has one function without a name, else with the function's", () => {
    const functions = ["pre/pre", "post/post", "post/endpoints", "response/mask", "events/AuthFailure"];
    expect(hooksOf("shop", functions).hooks).toEqual({
      pre: ["shop"],
      post: ["shop:post", "shop:endpoints"],
      response: ["shop:mask"],
      events: ["shop:AuthFailure"],
    });
    expect(hooksOf("shop", ["post/endpoints"]).hooks).toEqual({ post: ["shop"] });
  });
});

describe("the comments", () => {
  it.each([
    ["5.99.0", "came after this server: these are the settings for Tyk 5.14"],
    ["5.8.6", "lets requests through without them (fixed in 5.8.7"],
    ["5.8.7", "With enable_coprocess false"],
    ["5.10.0", "a call also goes on when the client has left"],
    ["5.2.5", 'look for "Couldn\'t load bundle"'],
    ["5.12.0", "set public_key_path and sign bundles"],
    ["5.0.3", "of two Set-Cookie one is lost"],
    ["5.14.0", "A response hook ends streaming"],
    ["5.14.0", "here it is shop; the others are stats"],
    ["5.14.0", "use_go_plugin_auth is for Go plugins"],
    ["5.14.0", "without the post hooks"],
  ])("of %s say: %s", (version, text) => {
    expect(commentsOf(version)).toContain(text);
  });

  it("leave out what a release has mended, and what these hooks cannot meet", () => {
    const onlyPre = [{ plugin: "a", hooks: { pre: ["a"] } }];
    expect(commentsOf("5.14.0", { plugins: onlyPre })).not.toMatch(
      /grpc_authority|came after|when the client has left|Set-Cookie|streaming|auth_check|post hooks|Couldn't load bundle/,
    );
  });

  it("leave out of a response hook what the release does right", () => {
    expect(commentsOf("5.14.0")).not.toMatch(/Set-Cookie|comes back/);
  });

  it("warn of a server that others can reach", () => {
    expect(commentsOf("5.14.0", { address: "tcp://plugins.internal:5555" })).toMatch(/plain text[\s\S]*NO_PROXY/);
    expect(commentsOf("5.3.0", { address: "tcp://plugins.internal:5555" })).not.toContain("NO_PROXY");
    for (const address of [LOCAL, "tcp://[::1]:5555", "unix:///run/p.sock"])
      expect(commentsOf("5.14.0", { address })).not.toMatch(/plain text|NO_PROXY/);
  });

  it("say that OAS definitions have no events", () => {
    expect(commentsOf("5.14.0", { form: "oas" })).toContain("shop:AuthFailure are left out");
  });
});

describe("the text", () => {
  it("is two JSON objects under comments", () => {
    const text = tykText(settingsFor("5.3.0"), "conf");
    const [options = "", definition = ""] = text.replaceAll(/^#.*\n/gm, "").split("\n\n");
    expect(JSON.parse(options)).toEqual({ coprocess_options: settingsFor("5.3.0").gateway.options });
    expect(JSON.parse(definition)).toEqual(settingsFor("5.3.0").definition.value);
  });

  it.each(["env", "env-file"] as const)("is variables and comments with %s", (format) => {
    const lines = tykText(settingsFor("5.3.0"), format).split("\n");
    expect(lines.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([
      "TYK_GW_COPROCESSOPTIONS_ENABLECOPROCESS=true",
      "TYK_GW_COPROCESSOPTIONS_COPROCESSGRPCSERVER=tcp://127.0.0.1:5555",
      "TYK_GW_COPROCESSOPTIONS_GRPCRECVMAXSIZE=1024",
      "TYK_GW_COPROCESSOPTIONS_GRPCSENDMAXSIZE=1024",
      "TYK_GW_COPROCESSOPTIONS_GRPCAUTHORITY=localhost",
    ]);
    expect(lines).toContain('#   "custom_middleware": {');
  });

  it("quotes for a shell, and not for docker", () => {
    const settings = settingsFor("5.14.0", { address: "unix:///run/my plugins.sock" });
    expect(tykText(settings, "env")).toContain("GRPCSERVER='unix:///run/my plugins.sock'\n");
    expect(tykText(settings, "env-file")).toContain("GRPCSERVER=unix:///run/my plugins.sock\n");
  });
});
