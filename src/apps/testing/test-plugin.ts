// Runs a plugin against the gateway in memory: what `pluginserver/testing` is about.
import { printEntry } from "../../core/worker/index.js";
import { PHASES, type Phase } from "../../gateways/kong/pdk/index.js";
import { checkOptions, checkRequest } from "./check-options.js";
import type { ConfigFor, IsOptional } from "./config-input.js";
import { TestingError } from "./errors.js";
import { loadTestedPlugin } from "./load-plugin.js";
import type { TestResponse, UpstreamRequest } from "./messages.js";
import type { TestOptions, TestRequest, TestSettings } from "./options.js";
import type { TestCall } from "./pdk-calls.js";
import { createTestGateway, type TestGateway } from "./gateway/test-gateway.js";
import { type PhaseOutcome, type ServerLogLine, type TestLogLine, type TestResult, TestRun } from "./test-run.js";

/**
 * One instance of a plugin in a gateway of its own. What is read from it belongs to the request that was sent last; `run()`
 * gives each request's own.
 */
export class TestedPlugin implements TestResult {
  /** The plugin's name, as the gateway's configuration would have it. */
  readonly name: string;
  /** The configuration with its defaults filled in, as the plugin gets it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly #gateway: TestGateway;
  readonly #settings: TestSettings;
  #current: TestRun;

  /** @internal */
  constructor(gateway: TestGateway, settings: TestSettings) {
    this.#gateway = gateway;
    this.#settings = settings;
    this.name = gateway.plugin.name;
    this.config = gateway.entity.config;
    this.#current = this.#newRun();
  }

  /**
   * Sends the request through all its phases: what is left of it where some have been run by themselves, else a new one.
   * What a handler throws is no failure of the test's own: it is in `error`, and the client gets what the gateway makes of it.
   *
   * @param request sends another request than that of the options: what is given here replaces what is given there.
   * @throws what the function `upstream` threw.
   */
  async run(request?: TestRequest): Promise<TestResult> {
    if (request !== undefined) checkRequest(request);
    if (request !== undefined || this.#current.hasPassed("log")) this.#current = this.#newRun(request);
    const run = this.#current;
    await run.run();
    return run;
  }

  /**
   * Runs one phase of the plugin. The gateway does what it does before: it finds the route and, for `response` and `log`, asks
   * the service; but the plugin's handlers of the phases before are passed over, unless they were run like this. A phase that
   * lies behind the request begins a new one.
   *
   * @throws what the function `upstream` threw.
   * @example
   * await t.phase("access");
   * assert.equal(t.upstreamRequest?.headers["x-user"], "alice");
   */
  async phase(phase: Phase): Promise<PhaseOutcome> {
    if (!PHASES.includes(phase)) throw new TestingError("TESTING_BAD_OPTION", `${phase} is none of ${PHASES.join(", ")}`);
    if (this.#current.hasPassed(phase)) this.#current = this.#newRun();
    return this.#current.phase(phase);
  }

  /** Ends the plugin as the server does: runs its `dispose`, where it has one. */
  async dispose(): Promise<void> {
    await this.#gateway.plugin.definition.dispose?.();
  }

  get response(): TestResponse {
    return this.#current.response;
  }

  get upstreamRequest(): UpstreamRequest | undefined {
    return this.#current.upstreamRequest;
  }

  get calls(): readonly TestCall[] {
    return this.#current.calls;
  }

  get logs(): readonly TestLogLine[] {
    return this.#current.logs;
  }

  get serverLogs(): readonly ServerLogLine[] {
    return this.#current.serverLogs;
  }

  get error(): unknown {
    return this.#current.error;
  }

  get shared(): ReadonlyMap<string, unknown> {
    return this.#current.shared;
  }

  #newRun(request: TestRequest = {}): TestRun {
    return new TestRun(this.#gateway, this.#settings, merged(this.#settings.request ?? {}, request));
  }
}

/** A path replaces that of a URL, at the same host. */
function merged(base: TestRequest, request: TestRequest): TestRequest {
  if (base.url === undefined || request.path === undefined || request.url !== undefined) return { ...base, ...request };
  return { ...base, ...request, url: new URL(request.path, base.url) };
}

/** The options, which may be left out where no configuration is needed. */
export type TestArguments<P> =
  IsOptional<ConfigFor<P>> extends true ? [options?: TestOptions<ConfigFor<P>>] : [options: TestOptions<ConfigFor<P>>];

/**
 * Prepares a plugin for requests: in this thread, with the gateway's PDK in memory. Nothing listens, nothing is started, no
 * timer is set, so a test may replace the clock.
 *
 * The plugin's configuration is checked against its schema and filled up as the gateway does it. Its code, its errors, its early
 * exits go the way that they go between the server and a gateway of Kong 3.9; only time limits are left to the test runner.
 *
 * @param plugin what `definePlugin` returned, a module of any form the server runs, or the path of its file or folder.
 * @throws {TestingError} for a plugin that would not be served, and for a configuration that does not fit; it names the field.
 * @example
 * const t = await testPlugin(hello, {
 *   config: { message: "hi" },
 *   request: { path: "/items?page=2", headers: { host: "example.com" } },
 *   upstream: (request) => ({ status: 200, body: { page: request.query["page"] } }),
 * });
 * await t.run();
 * assert.equal(t.response.headers["x-hello"], "hi to example.com");
 */
export async function testPlugin<P>(plugin: P, ...[options]: TestArguments<P>): Promise<TestedPlugin> {
  if (options !== undefined) checkOptions(options);
  const settings: TestSettings & { readonly config?: unknown } = options ?? {};
  const gateway = createTestGateway(await loadTestedPlugin(plugin, settings.name), settings);
  await gateway.plugin.definition.init?.(printEntry);
  return new TestedPlugin(gateway, settings);
}
