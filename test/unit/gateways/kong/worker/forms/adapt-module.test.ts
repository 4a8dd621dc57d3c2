import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { definePlugin, PLUGIN_STAMP } from "../../../../../../src/gateways/kong/pdk/index.js";
import { adaptModule } from "../../../../../../src/gateways/kong/worker/forms/adapt-module.js";

const require = createRequire(import.meta.url);
const jsStatus: unknown = require("../../../../../fixtures/plugins-forms/js-status.cjs");

/** Notes the PDK calls a handler makes. */
function recorder(answers: Record<string, unknown> = {}): { kong: unknown; calls: unknown[][] } {
  const calls: unknown[][] = [];
  const node = (path: string): unknown =>
    new Proxy(() => {}, {
      get: (_, key) => node(path === "" ? String(key) : `${path}.${String(key)}`),
      apply: (_, __, args: unknown[]) => {
        calls.push([path, ...args]);
        return Promise.resolve(answers[path]);
      },
    });
  return { kong: node(""), calls };
}

test("definePlugin: what the module says is what the server gets", async () => {
  const adapted = adaptModule(await import("../../../../../fixtures/plugins-forms/hello.js"), "hello-file");
  const { createInstance, ...facts } = adapted;
  expect(facts).toEqual({
    form: "define-plugin",
    name: "Hello",
    version: "1.2.0",
    priority: 100,
    phases: ["access", "log"],
    fields: [{ message: { type: "string", default: "hello" } }],
    pdkVersion: "1.0.0",
    bodies: "buffer",
  });
  const { kong, calls } = recorder();
  await createInstance({ message: "moin" }).access?.(kong);
  expect(calls).toEqual([["response.setHeader", "x-hello", "moin"]]);
});

test("definePlugin: handlers have the plugin as this, instances their own configuration", () => {
  const plugin = definePlugin({
    access(this: unknown, _kong: unknown, config: unknown) {
      seen.push([this, config]);
    },
  });
  const seen: unknown[] = [];
  const { createInstance } = adaptModule({ default: plugin }, "p");
  const [a, b] = [createInstance({ n: 1 }), createInstance({ n: 2 })];
  a.access?.({});
  b.access?.({});
  expect(seen).toEqual([
    [plugin, { n: 1 }],
    [plugin, { n: 2 }],
  ]);
});

test("definePlugin: found as the default export, as module.exports, and as the default of a default", () => {
  const plugin = definePlugin({ log() {} });
  const Plugin = class {
    access(): void {}
  };
  for (const exports of [
    plugin,
    { default: plugin },
    { default: { default: plugin } },
    { default: plugin, Plugin, New: () => ({}) },
  ]) {
    expect(adaptModule(exports, "p")).toMatchObject({
      form: "define-plugin",
      version: "0.1.0",
      priority: 0,
      phases: ["log"],
      fields: [],
    });
  }
  expect(adaptModule(plugin, "p")).not.toHaveProperty("name");
});

test("definePlugin: another copy of the PDK leaves the same stamp", () => {
  const foreign = { [Symbol.for("pluginserver.plugin")]: { pdkVersion: "0.9.0" }, access() {} };
  expect(adaptModule({ default: foreign }, "p").pdkVersion).toBe("0.9.0");
});

test("phases come in the gateway's order, and only those a plugin server may announce", () => {
  const all = Object.fromEntries(
    ["log", "preread", "response", "header_filter", "body_filter", "init_worker", "access", "rewrite", "certificate"].map(
      (name) => [name, () => {}],
    ),
  );
  expect(adaptModule({ default: { ...all, [PLUGIN_STAMP]: {} } }, "p").phases).toEqual([
    "certificate",
    "rewrite",
    "access",
    "response",
    "preread",
    "log",
  ]);
});

test("Go style: the fields of what New() returns are the schema, its methods the phases", async () => {
  const { createInstance, ...facts } = adaptModule(await import("../../../../../fixtures/plugins-forms/go-hello.js"), "go-hello");
  expect(facts).toEqual({
    form: "go",
    version: "0.2",
    priority: 1,
    phases: ["access", "log"],
    pdkVersion: "1.0.0",
    bodies: "buffer",
    fields: [
      { Message: { type: "string" } },
      {
        Limits: {
          type: "record",
          fields: [
            { perSecond: { type: "number", default: 10 } },
            { strict: { type: "boolean" } },
            { labels: { type: "map", keys: { type: "string" }, values: { type: "string" } } },
          ],
        },
      },
      { Retries: { type: "number", default: 3 } },
      { Ratio: { type: "number" } },
      { Enabled: { type: "boolean", default: true } },
      { Tags: { type: "array", elements: { type: "string" }, default: ["a", "b"] } },
      { Names: { type: "array", elements: { type: "string" } } },
      {
        Hosts: {
          type: "array",
          elements: { type: "record", fields: [{ name: { type: "string" } }, { port: { type: "number" } }] },
          default: [{ name: "local", port: 80 }],
        },
      },
      { Mixed: { type: "array", elements: { type: "number" } } },
      { Extra: { type: "map", keys: { type: "string" }, values: { type: "string" } } },
    ],
  });
  const { kong, calls } = recorder();
  const [one, other] = [createInstance({ Message: "one" }), createInstance({ Message: "other" })];
  for (const instance of [one, one, other]) await instance.access?.(kong);
  expect(calls.map(([, , value]) => value)).toEqual(["one 1", "one 2", "other 1"]);
  expect(one.log?.(kong)).toBe("logged");
});

const TEXT = { type: "string" };
const NUMBER = { type: "number" };
const array = (elements: object): object => ({ type: "array", elements });
const record = (...fields: object[]): object => ({ type: "record", fields });
const map = (values: object): object => ({ type: "map", keys: TEXT, values });

test.each<[string, unknown, object, unknown, unknown, unknown]>([
  ["[]string", [""], array(TEXT), [], ["a"], ["a"]],
  ["[]int", [0], array(NUMBER), [], [1, 2], [1, 2]],
  ["[]bool", [false], array({ type: "boolean" }), [], [true], [true]],
  [
    "[]struct",
    [{ name: "", port: 0 }],
    array(record({ name: TEXT }, { port: NUMBER })),
    [],
    [{ port: 1 }],
    [{ name: "", port: 1 }],
  ],
  ["[][]int", [[0]], array(array(NUMBER)), [], [[1], {}], [[1], []]],
  [
    "[]struct of lists",
    [{ tags: [""] }],
    array(record({ tags: array(TEXT) })),
    [],
    [{}, { tags: {} }],
    [{ tags: [] }, { tags: [] }],
  ],
  ["[]map", [{}], array(map(TEXT)), [], [{ a: "b" }], [{ a: "b" }]],
  ["struct of []int", { ports: [0] }, record({ ports: array(NUMBER) }), { ports: [] }, { ports: [1] }, { ports: [1] }],
  [
    "struct of struct of []struct",
    { a: { b: [{ c: 0 }] } },
    record({ a: record({ b: array(record({ c: NUMBER })) }) }),
    { a: { b: [] } },
    { a: { b: [{}] } },
    { a: { b: [{ c: 0 }] } },
  ],
  ["map[string]int", { "": 0 }, map(NUMBER), {}, { a: 1 }, { a: 1 }],
  ["map[string][]struct", { "": [{ n: 0 }] }, map(array(record({ n: NUMBER }))), {}, { a: [{}] }, { a: [{ n: 0 }] }],
  ["a default", [80], { ...array(NUMBER), default: [80] }, [80], [1], [1]],
  ["a default of two", [0, 0], { ...array(NUMBER), default: [0, 0] }, [0, 0], [1], [1]],
])("Go style: %s is stated by a zero value", (_type, value, schema, unset, given, expected) => {
  expect(adaptModule({ New: () => ({ field: structuredClone(value), ...handler }) }, "p").fields).toEqual([{ field: schema }]);
  const fieldOf = (config: Record<string, unknown>): unknown => {
    let found: unknown;
    const New = (): object => ({
      field: structuredClone(value),
      Access(this: { field: unknown }) {
        found = this.field;
      },
    });
    void adaptModule({ New }, "p").createInstance(config).access?.(undefined);
    return found;
  };
  expect([fieldOf({}), fieldOf({ field: null }), fieldOf({ field: given })]).toEqual([unset, unset, expected]);
});

test("Go style: a configuration is laid over the fields New() made", () => {
  const shared = { deep: { on: false, level: 1 }, kept: "kept" };
  const made: Record<string, unknown>[] = [];
  const New = (): Record<string, unknown> => {
    const instance = { Record: shared, List: ["x"], Map: {}, Text: "t", Number: 1, Access() {} };
    made.push(instance);
    return instance;
  };
  const { createInstance } = adaptModule({ New }, "p");
  const made1 = (): unknown => ({ ...made.at(-1), Access: undefined });
  createInstance({
    Record: { deep: { on: true }, unknown: 1 },
    List: {},
    Map: [],
    Text: null,
    Number: 0,
    route_id: "r",
    __seq__: 1,
    Other: 2,
    Access: "no",
  });
  expect(made1()).toEqual({
    Record: { deep: { on: true, level: 1 }, kept: "kept" },
    List: [],
    Map: {},
    Text: "t",
    Number: 0,
    Access: undefined,
  });
  expect(typeof made.at(-1)?.["Access"]).toBe("function");
  createInstance({ Map: { a: "b" }, List: ["y", "z"], Record: [] });
  expect(made1()).toEqual({
    Record: { deep: { on: false, level: 1 }, kept: "kept" },
    List: ["y", "z"],
    Map: { a: "b" },
    Text: "t",
    Number: 1,
    Access: undefined,
  });
  expect(shared.deep.on).toBe(false);
});

test("Go style: a __proto__ in the configuration touches nothing", () => {
  const instance = { Map: {}, Access() {} };
  const { createInstance } = adaptModule({ New: () => instance }, "p");
  createInstance(JSON.parse('{"__proto__":{"polluted":1},"Map":{"__proto__":{"polluted":1}}}') as Record<string, unknown>);
  expect(Object.getPrototypeOf(instance)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("Go style: either case of a method counts, and a field may have the other", () => {
  const { kong, calls } = recorder();
  const New = (): object => ({ log: true, Log: () => (kong as () => void)(), rewrite: "path", Rewrite: 5, preread() {} });
  const adapted = adaptModule({ default: { New } }, "p");
  expect(adapted.phases).toEqual(["preread", "log"]);
  expect(adapted.fields).toEqual([
    { log: { type: "boolean", default: true } },
    { rewrite: { type: "string", default: "path" } },
    { Rewrite: { type: "number", default: 5 } },
  ]);
  adapted.createInstance({}).log?.(kong);
  expect(calls).toEqual([[""]]);
});

test("kong-js-pdk: a plugin as its authors wrote it", async () => {
  const { createInstance, ...facts } = adaptModule(jsStatus, "js-status");
  expect(facts).toEqual({
    form: "kong-js-pdk",
    ignoredPhases: ["header_filter"],
    name: "js-status",
    version: "0.1.0",
    priority: 0,
    phases: ["access"],
    fields: [{ message: { type: "string" } }],
    bodies: "text",
  });
  const instance = createInstance({ message: "welcome" });
  const known = recorder({ "request.getHeader": "jane" });
  await instance.access?.(known.kong);
  expect(known.calls.at(-1)).toEqual(["response.setHeader", "x-welcome", "welcome"]);
  const stranger = recorder();
  await instance.access?.(stranger.kong);
  expect(stranger.calls.at(-1)).toEqual(["response.exit", 403]);
});

test("kong-js-pdk: without a name the file's counts, in lower case; as ES module exports too", () => {
  class Plugin {
    access(): void {}
  }
  expect(adaptModule({ Plugin }, "MyPlugin")).toMatchObject({
    form: "kong-js-pdk",
    name: "myplugin",
    version: "0.1.0",
    priority: 0,
    fields: [],
  });
  expect(adaptModule({ default: { Plugin, Priority: 5, PdkVersion: "1.0.0" } }, "p")).toMatchObject({
    priority: 5,
    pdkVersion: "1.0.0",
  });
});

test("kong-js-pdk: a constructor that throws is heard when an instance starts", () => {
  class Plugin {
    constructor() {
      throw new Error("bad configuration");
    }
    access(): void {}
  }
  const { createInstance } = adaptModule({ Plugin }, "p");
  expect(() => createInstance({})).toThrow("bad configuration");
});

const handler = { access() {} };
const stamped = (definition: object): { default: object } => ({
  default: { ...handler, ...definition, [PLUGIN_STAMP]: { pdkVersion: "1.0.0" } },
});

class Handling {
  access(): void {}
}

/** Made as a module would be that a plugin's author nearly got right. */
test.each<[string, unknown, string[]]>([
  [
    "kong-js-pdk in lower case",
    { Plugin: Handling, schema: [], version: "2.0.0", priority: 1, name: "x" },
    [
      'the export "name" is not read: call it "Name"',
      'the export "schema" is not read: call it "Schema"',
      'the export "version" is not read: call it "Version"',
      'the export "priority" is not read: call it "Priority"',
    ],
  ],
  [
    "Lua's case",
    { New: () => handler, VERSION: "1", PRIORITY: 5 },
    ['the export "VERSION" is not read: call it "Version"', 'the export "PRIORITY" is not read: call it "Priority"'],
  ],
  ["letters that changed places", { Plugin: Handling, Priroity: 5 }, ['the export "Priroity" is not read: call it "Priority"']],
  ["underscores", { Plugin: Handling, on_error: "exit" }, ['the export "on_error" is not read: call it "OnError"']],
  [
    "a constant beside the class that is the default",
    { default: { Plugin: Handling }, version: "1" },
    ['the export "version" is not read: put it beside "Plugin" as "Version"'],
  ],
  [
    "a constant beside definePlugin",
    { ...stamped({}), version: "1" },
    ['the export "version" is not read: put it into definePlugin() as "version"'],
  ],
  [
    "keys of definePlugin",
    stamped({ Version: "1", prority: 5 }),
    ['"Version" in definePlugin() is not read: call it "version"', '"prority" in definePlugin() is not read: call it "priority"'],
  ],
  ["a handler of definePlugin", stamped({ respnse: () => {} }), ['its "respnse" is never called: call it "response"']],
  [
    "a handler of a class",
    {
      Plugin: class extends Handling {
        Log(): void {}
      },
    },
    ['its "Log" is never called: call it "log"'],
  ],
  ["a handler in Go style", { New: () => ({ ...handler, Rewite() {} }) }, ['its "Rewite" is never called: call it "rewrite"']],
])("a near miss is told: %s", (_name, module, nearMisses) => {
  expect(adaptModule(module, "p").nearMisses).toEqual(nearMisses);
});

test.each<[string, unknown]>([
  ["names of its own", { Plugin: Handling, Schema: [], Version: "1", helper: () => {}, logs: () => {}, sharing: 1 }],
  ["both cases", { Plugin: Handling, Version: "1", version: "1" }],
  ["a schema that definePlugin has", { ...stamped({ schema: [] }), schema: [] }],
  [
    "methods of its own",
    {
      Plugin: class extends Handling {
        logs(): void {}
        accept(): void {}
        acess(): void {}
      },
    },
  ],
  ["both spellings in Go style", { New: () => ({ Access() {}, access: true }) }],
])("no near miss: %s", (_name, module) => {
  expect(adaptModule(module, "p")).not.toHaveProperty("nearMisses");
});

test.each<[string, unknown, string]>([
  [
    "a default that was forgotten",
    { plugin: stamped({}).default },
    'its export "plugin" is made with definePlugin(): make it the default export',
  ],
  ["a class in lower case", { plugin: Handling }, 'its export "plugin" is not read: call it "Plugin"'],
  ["new in lower case", { new: () => handler }, 'its export "new" is not read: call it "New"'],
  ["a class alone", { default: Handling }, 'it exports a class with access: call the export "Plugin"'],
  ["a misspelt handler alone", { acess() {} }, 'its "acess" is never called: call it "access"'],
  [
    "a misspelt handler in a class",
    {
      Plugin: class {
        acess(): void {}
      },
    },
    'the plugin handles no phase: give the Plugin class a method such as access(kong) (phases: certificate, rewrite, access, response, preread, log); its "acess" is never called: call it "access"',
  ],
  [
    "a misspelt handler beside another error",
    stamped({ acess() {}, access: undefined, version: "x" }),
    'its "acess" is never called',
  ],
  [
    "nothing",
    {},
    "the module is not a plugin: it exports neither a default made with definePlugin(), nor a New() function, nor a Plugin class",
  ],
  ["undefined", undefined, "the module is not a plugin: it exports neither"],
  ["a text", { default: "plugin" }, "the module is not a plugin: it exports neither"],
  [
    "a bare object",
    { default: handler },
    "the module is not a plugin: it exports access: pass that object to definePlugin() and export the result as default",
  ],
  [
    "no handler",
    stamped({ access: undefined }),
    "the plugin handles no phase: give definePlugin() a handler such as access(kong, config)",
  ],
  ["a handler that is none", stamped({ log: "yes" }), 'log must be a function, not "yes"'],
  ["a name that is none", stamped({ name: 5 }), "name must be a text, not 5"],
  ["an empty name", stamped({ name: "" }), 'name must be a text, not ""'],
  ["a version that is none", stamped({ version: "one" }), 'version must be a version such as "1.0.0", not "one"'],
  ["a version Kong refuses", stamped({ version: "1.2.3.4" }), 'version must be a version such as "1.0.0", not "1.2.3.4"'],
  ["a priority that is a text", stamped({ priority: "10" }), 'priority must be an integer, not "10"'],
  ["a priority that is no integer", stamped({ priority: 1.5 }), "priority must be an integer, not 1.5"],
  ["an infinite priority", stamped({ priority: Infinity }), "priority must be an integer, not Infinity"],
  [
    "a schema that is no list",
    stamped({ schema: { message: { type: "string" } } }),
    "schema must be a list of fields, not an object",
  ],
  [
    "a field that is no object",
    stamped({ schema: ["message"] }),
    'schema[0] must be an object with one key, the name of the field, not "message"',
  ],
  [
    "a field with two names",
    stamped({ schema: [{ a: { type: "string" }, b: { type: "string" } }] }),
    "schema[0] must be an object with one key",
  ],
  [
    "a field without a type",
    stamped({ schema: [{ a: {} }] }),
    'schema[0] must say which type "a" has: { a: { type: "string" } }',
  ],
  [
    "a field that comes twice",
    stamped({ schema: [{ a: { type: "string" } }, { a: { type: "number" } }] }),
    'schema has two fields with the name "a"',
  ],
  ["New that is no function", { New: {} }, "New must be a function, not an object"],
  ["New that returns nothing", { New: () => undefined }, "New() must return an object, not undefined"],
  [
    "New that returns a promise",
    { New: () => Promise.resolve(handler) },
    "New() must return the object itself, not a promise of it",
  ],
  [
    "New without methods",
    { New: () => ({ Message: "" }) },
    "the plugin handles no phase: give the object that New() returns a method such as Access(kong)",
  ],
  ["Go's Priority as a text", { New: () => handler, Priority: "1" }, 'Priority must be an integer, not "1"'],
  ["Plugin that is no class", { Plugin: handler }, "Plugin must be a class: new Plugin(config) makes an instance"],
  ["Plugin that is an arrow function", { Plugin: () => handler }, "Plugin must be a class: new Plugin(config) makes an instance"],
  [
    "Plugin without methods",
    {
      Plugin: class {
        helper() {}
      },
    },
    "the plugin handles no phase: give the Plugin class a method such as access(kong)",
  ],
  [
    "Schema that is no list",
    {
      Plugin: class extends Object {
        access() {}
      },
      Schema: "none",
    },
    'Schema must be a list of fields, not "none"',
  ],
])("a module that exports %s is refused with the reason", (_, exports, reason) => {
  expect(() => adaptModule(exports, "p")).toThrow(
    expect.objectContaining({
      name: "PluginFormError",
      code: "PLUGIN_FORM_INVALID",
      message: expect.stringContaining(reason) as unknown,
    }),
  );
});

test.each([["1"], ["1.0"], ["1.2.3"], ["v2.0.1-beta"]])("version %s is one that Kong takes", (version) => {
  expect(adaptModule(stamped({ version }), "p").version).toBe(version);
});

test("a version that is a number becomes a text", () => {
  expect(adaptModule({ New: () => handler, Version: 2 }, "p").version).toBe("2");
});
