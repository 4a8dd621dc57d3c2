import { describe, expect, it } from "vitest";

import { parseDeclarativeConfig } from "../../../../../src/gateways/kong/standin/declarative-config.js";
import { parsePluginInfos } from "../../../../../src/gateways/kong/standin/plugin-server/plugin-info.js";

const infos = parsePluginInfos([
  {
    Name: "rec",
    Phases: ["access"],
    Version: "1",
    Priority: 1,
    Schema: {
      name: "rec",
      fields: [
        {
          config: {
            type: "record",
            fields: [
              { label: { type: "string" } },
              { with_default: { type: "string", default: "dflt" } },
              { list_default: { type: "array", elements: { type: "string" }, default: ["x", "y"] } },
              { empty_default: { type: "array", elements: { type: "string" }, default: [] } },
              { count: { type: "integer", one_of: [1, 2] } },
              { dict: { type: "map", keys: { type: "string" }, values: { type: "number" } } },
              { items: { type: "array", elements: { type: "record", fields: [{ k: { type: "string", default: "one" } }] } } },
              {
                nested: {
                  type: "record",
                  fields: [
                    { inner: { type: "string" } },
                    { deep: { type: "record", fields: [{ x: { type: "number", default: 1.5 } }, { y: { type: "string" } }] } },
                  ],
                },
              },
            ],
          },
        },
      ],
    },
  },
]);

function load(document: Record<string, unknown>): ReturnType<typeof parseDeclarativeConfig> {
  return parseDeclarativeConfig({ _format_version: "3.0", ...document }, infos);
}

describe("entities", () => {
  it("have the fields and defaults of Kong", () => {
    const { services, routes } = load({
      services: [{ name: "echo", url: "http://127.0.0.1:18402", tags: ["tag-s"], routes: [{ name: "r", paths: ["/r"] }] }],
    });
    expect(services).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) as unknown,
        name: "echo",
        protocol: "http",
        host: "127.0.0.1",
        port: 18402,
        retries: 5,
        connect_timeout: 60_000,
        write_timeout: 60_000,
        read_timeout: 60_000,
        enabled: true,
        tags: ["tag-s"],
        ws_id: expect.any(String) as unknown,
        created_at: expect.any(Number) as unknown,
        updated_at: expect.any(Number) as unknown,
      },
    ]);
    expect(routes[0]).toMatchObject({
      service: { id: services[0]?.id },
      protocols: ["http", "https"],
      paths: ["/r"],
      strip_path: true,
      preserve_host: false,
      regex_priority: 0,
      path_handling: "v0",
      https_redirect_status_code: 426,
      request_buffering: true,
      response_buffering: true,
    });
  });

  it("keep their ids over a reload", () => {
    const document = { services: [{ name: "s", host: "h", plugins: [{ name: "rec" }] }], consumers: [{ username: "u" }] };
    const [first, second] = [load(document), load(document)];
    expect(second.services[0]?.id).toBe(first.services[0]?.id);
    expect(second.plugins[0]?.id).toBe(first.plugins[0]?.id);
    expect(second.consumers[0]?.id).toBe(first.consumers[0]?.id);
    expect(second.plugins[0]?.sequence).toBeGreaterThan(first.plugins[0]?.sequence ?? Infinity);
  });

  it("include consumers with their keys", () => {
    const { consumers, credentials } = load({
      consumers: [{ username: "alice", custom_id: "c-1", tags: ["gold"], keyauth_credentials: [{ key: "k" }] }],
    });
    expect(consumers).toMatchObject([{ username: "alice", custom_id: "c-1", tags: ["gold"] }]);
    expect(credentials).toMatchObject([{ key: "k", consumer: { id: consumers[0]?.id } }]);
  });

  it("take the port from the protocol", () => {
    const { services } = load({
      services: [
        { name: "s", url: "https://example.com/base" },
        { name: "t", host: "h", port: 81 },
      ],
    });
    expect(services).toMatchObject([
      { protocol: "https", port: 443, path: "/base" },
      { protocol: "http", port: 81 },
    ]);
  });
});

describe("plugin configurations", () => {
  it("get the defaults of the schema, in nested records too, and the keys Kong adds", () => {
    const { plugins, routes } = load({
      services: [
        { name: "s", host: "h", routes: [{ name: "r", plugins: [{ name: "rec", config: { label: "a/b", items: [{}] } }] }] },
      ],
    });
    const [plugin] = plugins;
    const route = routes[0]?.id ?? "";
    const config = JSON.parse(plugin?.configText ?? "") as Record<string, unknown>;
    expect(config).toEqual({
      label: "a/b",
      with_default: "dflt",
      list_default: ["x", "y"],
      empty_default: [],
      items: [{ k: "one" }],
      nested: { deep: { x: 1.5 } },
      route_id: route,
      __seq__: plugin?.sequence,
      __plugin_id: plugin?.id,
      __ws_id: config["__ws_id"],
      __key__: `plugins:rec:${route}::::${String(config["__ws_id"])}`,
    });
    expect(plugin?.configText).toContain('"a\\/b"');
  });

  it("are left out when they are not enabled", () => {
    expect(load({ plugins: [{ name: "rec", enabled: false }] }).plugins).toEqual([]);
  });

  it("can name their route or service", () => {
    const { plugins, routes, services } = load({
      services: [{ name: "s", host: "h", routes: [{ name: "r" }] }],
      plugins: [
        { name: "rec", route: "r" },
        { name: "rec", service: { name: "s" } },
      ],
    });
    expect(plugins).toMatchObject([{ routeId: routes[0]?.id }, { serviceId: services[0]?.id }]);
  });
});

describe("mistakes", () => {
  const cases: [document: unknown, message: string][] = [
    [null, ": expected an object, got null"],
    [{}, "_format_version: required field missing"],
    [{ _format_version: "3" }, '_format_version: expected a version such as "3.0", got a string'],
    [{ _format_version: "3.0", serviecs: [] }, 'serviecs: unknown field; did you mean "services"?'],
    [{ _format_version: "3.0", services: {} }, "services: expected a list, got an object"],
    [{ _format_version: "3.0", services: [{ host: "h" }] }, "services[1].name: required field missing"],
    [{ _format_version: "3.0", services: [{ name: "s" }] }, "services[1].host: host or url is needed"],
    [
      { _format_version: "3.0", services: [{ name: "s", host: "h", port: "x" }] },
      "services[1].port: expected an integer from 0 to 65535, got a string",
    ],
    [
      {
        _format_version: "3.0",
        services: [
          { name: "s", host: "h" },
          { name: "s", host: "h" },
        ],
      },
      "services[2].name: the name s is taken",
    ],
    [{ _format_version: "3.0", routes: [{ name: "r", paths: ["x"] }] }, "routes[1].paths: a path starts with /"],
    [{ _format_version: "3.0", routes: [{ name: "r", paths: ["~/("] }] }, "routes[1].paths: ~/( is no regular expression"],
    [
      { _format_version: "3.0", routes: [{ name: "r", strip_path: 1 }] },
      "routes[1].strip_path: expected true or false, got a number",
    ],
    [{ _format_version: "3.0", routes: [{ name: "r", service: "none" }] }, "routes[1].service: there is no service none"],
    [{ _format_version: "3.0", consumers: [{}] }, "consumers[1].username: username or custom_id is needed"],
    [
      { _format_version: "3.0", plugins: [{ name: "other" }] },
      "plugins[1].name: the plugin server has no plugin other (it serves: rec)",
    ],
    [plugin({ labl: "x" }), 'plugins[1].config.labl: unknown field; did you mean "label"?'],
    [plugin({ label: 5 }), "plugins[1].config.label: expected a string, got a number"],
    [plugin({ count: 1.5 }), "plugins[1].config.count: expected an integer, got a number that is no integer"],
    [plugin({ count: 3 }), "plugins[1].config.count: expected one of: 1, 2"],
    [plugin({ list_default: ["a", 1] }), "plugins[1].config.list_default[2]: expected a string, got a number"],
    [plugin({ dict: { a: "b" } }), "plugins[1].config.dict.a: expected a number, got a string"],
    [plugin({ nested: { deep: { z: 1 } } }), "plugins[1].config.nested.deep.z: unknown field (there are: x, y)"],
  ];

  it.each(cases)("%j", (document, message) => {
    let thrown: unknown;
    try {
      parseDeclarativeConfig(document, infos);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "GATEWAY_CONFIG", message: expect.stringContaining(message) as unknown });
  });

  function plugin(config: unknown): unknown {
    return { _format_version: "3.0", plugins: [{ name: "rec", config }] };
  }

  it("are found in the plugin dump too", () => {
    expect(() => parsePluginInfos("nonsense")).toThrow(/is it the output of -dump-all-plugins/);
    expect(parsePluginInfos({ Protocol: "MsgPack:1", Plugins: [{ Name: "a" }] })).toMatchObject([{ name: "a", priority: 0 }]);
  });
});
