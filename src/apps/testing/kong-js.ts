// Published as `pluginserver/testing/kong-js`: tests that were written for kong-js-pdk's `plugin_test` run with it.
import { printEntry } from "../../core/worker/index.js";
import { adaptPlugin } from "./load-plugin.js";
import { KONG_JS_ANSWERS } from "./kong-js/kong-js-answers.js";
import { bodyOf, fetchHeaders, Request, Response } from "./kong-js/kong-js-messages.js";
import { type Instance, type KongJsPlugin, Module } from "./kong-js/kong-js-module.js";
import type { UpstreamRequest } from "./messages.js";
import type { TestRequest, TestSettings, UpstreamResponse } from "./options.js";
import type { TestCall } from "./pdk-calls.js";
import { createTestGateway } from "./gateway/test-gateway.js";
import { type TestLogLine, TestRun } from "./test-run.js";

export { Request, Response, type Body } from "./kong-js/kong-js-messages.js";
export type { Instance, KongJsPlugin, Module } from "./kong-js/kong-js-module.js";

/** What a request and its answer cannot have in common. */
const OF_THE_MESSAGE: ReadonlySet<string> = new Set(["content-length", "transfer-encoding", "host", "connection"]);

/**
 * Runs a plugin of kong-js-pdk's form for one request, in the shape of its `PluginTest`. Beneath it is the gateway of
 * `pluginserver/testing`: phases, headers, query and bodies are as that has them. The configuration is handed to the plugin
 * as it is, unchecked and without defaults.
 *
 * @example
 * const { PluginTest, Request } = require("pluginserver/testing/kong-js");
 *
 * const t = new PluginTest(new Request().useURL("http://example.com").useHeaders({ Host: "example.com" }));
 * await t.Run(plugin, { message: "hi" });
 * expect(t.response.headers.get("x-hello")).toBe("hi to example.com");
 */
export class PluginTest {
  readonly request: Request;
  /** What the client gets. */
  readonly response = new Response();
  /** What the service is asked. */
  serviceRequest: Request;
  /** What the service answered; `undefined` where it was not asked. */
  serviceResponse: Response | undefined;
  /** Whether the plugin has ended the request. */
  exiting = false;
  /** Every PDK call in its order. */
  calls: readonly TestCall[] = [];
  /** What plugin and gateway have logged. */
  logs: readonly TestLogLine[] = [];

  constructor(request: Request) {
    this.request = request;
    this.serviceRequest = new Request(request);
  }

  /** Runs all phases, between the plugin's `init` and its `dispose`. Rejects with what the plugin throws. */
  async Run(plugin: KongJsPlugin, config?: unknown): Promise<{ mod: Module; instance: Instance }> {
    const loaded = adaptPlugin(plugin, "TestPlugin");
    await loaded.definition.init?.(printEntry);
    const mod = new Module(plugin, loaded);
    const instance = mod.new(config);
    const run = this.#prepare(plugin, instance);
    if (this.request.isTCP || this.request.isTLS) await run.runStream();
    else await run.run();
    await loaded.definition.dispose?.();
    this.#take(run);
    if (run.error !== undefined) throw run.error as Error;
    return { mod, instance };
  }

  #prepare(plugin: KongJsPlugin, instance: Instance): TestRun {
    const settings: TestSettings = {
      upstream: (request) => this.#answer(request),
      route: { preserve_host: true },
      service: { url: httpUrl(this.request).origin },
      pdk: KONG_JS_ANSWERS,
    };
    const loaded = adaptPlugin({ ...plugin, Plugin: classOf(instance.cls) }, "TestPlugin");
    return new TestRun(createTestGateway(loaded, settings, []), settings, testRequest(this.request));
  }

  #answer(asked: UpstreamRequest): UpstreamResponse {
    const request = this.serviceRequest;
    request.useURL(asked.url).useMethod(asked.method).useBody(bodyOf(asked));
    request.headers = fetchHeaders(asked.headers);
    this.serviceResponse = request.toResponse();
    const { status, headers, body } = this.serviceResponse;
    const own = [...headers].filter(([name]) => !OF_THE_MESSAGE.has(name));
    return { status: status ?? 200, headers: own, ...(body === undefined ? {} : { body }) };
  }

  #take(run: TestRun): void {
    const { status, headers } = run.response;
    this.response.status = status;
    this.response.headers = fetchHeaders(headers);
    this.response.body = exitBody(run.calls) ?? bodyOf(run.response);
    this.calls = run.calls;
    this.logs = run.logs;
    this.exiting = run.calls.some(({ method }) => ENDING.has(method));
  }
}

/** A class with that one instance: it has its configuration already, as it is, functions and all. */
function classOf(instance: object): unknown {
  function Existing(): object {
    return instance;
  }
  Existing.prototype = Object.getPrototypeOf(instance) as object;
  return Existing;
}

const ENDING: ReadonlySet<string> = new Set(["kong.response.exit", "kong.response.error"]);

/** Kong sends a table as JSON; the tests that there are look at the table. */
function exitBody(calls: readonly TestCall[]): object | undefined {
  const body = calls.find(({ method }) => ENDING.has(method))?.args[1];
  return typeof body === "object" && body !== null && !(body instanceof Uint8Array) ? body : undefined;
}

/** A stream has no URL that HTTP would know. */
function httpUrl({ url, isTCP, isTLS }: Request): URL {
  if (!isTCP && !isTLS) return url;
  return new URL(url.href.replace(/^tcp:/, "http:").replace(/^tls:/, "https:"));
}

function testRequest(request: Request): TestRequest {
  const { method, headers, body } = request;
  return {
    method,
    url: httpUrl(request),
    headers,
    ...(body === undefined || body === "" ? {} : { body }),
  };
}
