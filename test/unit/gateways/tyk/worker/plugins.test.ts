// What a module must be to be a plugin, and what it says of itself.
import { describe, expect, it } from "vitest";
import { defineTykPlugin, type TykLog } from "../../../../../src/gateways/tyk/api/index.js";
import { gatewayWorker } from "../../../../../src/gateways/tyk/worker/index.js";

const read = (definition: object) => gatewayWorker.define({ default: defineTykPlugin(definition as never) }, "hello");
const refused = (exports: unknown): string => {
  try {
    gatewayWorker.define(exports, "hello");
    return "it was taken";
  } catch (error) {
    return (error as Error).message;
  }
};
const refusedDefinition = (definition: object): string => refused({ default: defineTykPlugin(definition as never) });

describe("a plugin", () => {
  it("says its functions, by hook and name", () => {
    const definition = read({
      version: "1.2.0",
      timeout: 3,
      isolation: "process",
      pre: { addFooBar() {}, currentTime() {} },
      auth_check() {},
      post_key_auth: { limit() {} },
      post() {},
      endpoints: { "GET /x": () => {} },
      response() {},
      events: { AuthFailure() {} },
      dispose() {},
    });
    expect(gatewayWorker.describe(definition, "hello")).toEqual({
      form: "defineTykPlugin",
      name: "hello",
      version: "1.2.0",
      schema: [],
      timeout: 3,
      isolation: "process",
      disposes: true,
      functions: [
        "pre/addFooBar",
        "pre/currentTime",
        "authCheck/authCheck",
        "postAuthCheck/limit",
        "post/post",
        "response/response",
        "post/endpoints",
        "events/AuthFailure",
      ],
    });
    expect(gatewayWorker.describe(read({ name: "other", pre() {} }), "hello").name).toBe("other");
  });

  it.each(["postAuthCheck", "post_key_auth", "postKeyAuth", "post_auth_check"])("may call its hook %s", (name) => {
    expect([...read({ [name]: () => {} }).functions.keys()]).toEqual(["postAuthCheck/postAuthCheck"]);
  });

  it("is found in the default of a CommonJS module, as compilers leave it", () => {
    const plugin = defineTykPlugin({ pre() {} });
    for (const exports of [plugin, { default: plugin }, { default: { default: plugin } }])
      expect(gatewayWorker.define(exports, "hello").functions.size).toBe(1);
  });

  it("runs init with a log and a signal, and dispose", async () => {
    const done: unknown[] = [];
    const definition = read({
      pre() {},
      init: ({ log, signal }: { log: TykLog; signal: AbortSignal }) => {
        log.debug("begins");
        log.warn("slow", { ms: 12, big: 1n });
        log.error("failed", new Error("no way"));
        signal.addEventListener("abort", () => done.push("aborted"));
      },
      dispose: () => void done.push("disposed"),
    });
    await definition.init?.(({ level, message, error }) => done.push([level, message, error?.message]));
    await definition.dispose?.();
    expect(done).toEqual([
      ["debug", "begins", undefined],
      ["warn", 'slow {"ms":12,"big":"1"}', undefined],
      ["error", "failed", "no way"],
      "aborted",
      "disposed",
    ]);
  });

  it("calls its functions with itself", () => {
    const plugin = defineTykPlugin({
      name: "me",
      pre(this: { name: string }) {
        expect(this.name).toBe("me");
      },
    } as never);
    gatewayWorker.define({ default: plugin }, "x").functions.get("pre/pre")?.handler?.(undefined, undefined);
  });
});

describe("what is no plugin", () => {
  it.each([
    ["nothing", undefined],
    ["an object that looks like one", { default: { pre() {} } }],
    ["functions by name", { pre() {} }],
  ])("is refused: %s", (_what, exports) => {
    expect(refused(exports)).toMatch(/the module is no plugin: it has no default export made with defineTykPlugin/);
  });

  it.each([
    ["no hook", { version: "1.0.0" }, /it has no hook/],
    ["a hook of another name", { authcheck() {} }, /"authcheck" is no plugin: defineTykPlugin\(\) takes pre.*: it is authCheck/],
    ["one hook by two names", { authCheck() {}, auth_check() {} }, /auth_check.*the same hook as authCheck/],
    ["a hook that is text", { pre: "addFooBar" }, /pre is no plugin: a function, or functions by name, not "addFooBar"/],
    ["a function that is none", { pre: { a: 1 } }, /pre.a.*a function, not 1/],
    ["a name with a colon", { pre: { "a:b": () => {} } }, /letters, digits/],
    ["a name of endpoints' own", { post: { endpoints() {} }, endpoints: { "GET /x": () => {} } }, /post.endpoints.*another/],
    ["events that are a function", { events() {} }, /events.*by the name of the event/],
    ["a time that is none", { pre() {}, timeout: "5" }, /timeout.*seconds up to 3600, not "5"/],
    ["another isolation", { pre() {}, isolation: "none" }, /isolation.*"thread" or "process"/],
    ["a plugin's name with a colon", { pre() {}, name: "a:b" }, /name.*without a colon/],
    ["an init that is none", { pre() {}, init: {} }, /init.*a function/],
  ])("is refused: %s", (_what, definition, expected) => {
    expect(refusedDefinition(definition)).toMatch(expected);
  });
});
