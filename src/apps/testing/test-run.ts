// One request of a test on its way through the gateway, at once or phase by phase.
import {
  GatewayLog,
  type GatewayLogLine,
  RequestLifecycle,
  runEvent,
  type EventServices,
  type PhaseVerdict,
} from "../../gateways/kong/standin/index.js";
import { type GatewayRequest } from "../../gateways/kong/pdk-functions/index.js";
import type { Phase } from "../../gateways/kong/pdk/index.js";
import { incomingRequest } from "./incoming-request.js";
import { MemoryExchange } from "./gateway/memory-exchange.js";
import { TestResponse, type UpstreamRequest } from "./messages.js";
import type { TestRequest, TestSettings } from "./options.js";
import { PdkCalls, type TestCall } from "./pdk-calls.js";
import type { TestGateway } from "./gateway/test-gateway.js";

/** What became of a phase. */
export type PhaseOutcome =
  /** Its handler returned. */
  | "returned"
  /** Its handler ended the request, with `kong.response.exit()` or `.error()`. */
  | "exited"
  /** Its handler threw, or made a call that the gateway refuses. */
  | "failed"
  /** It did not run: the plugin has no handler for it, or the request was over before. */
  | "skipped";

/** A line of the gateway's log; `plugin` where a plugin wrote it. */
export type TestLogLine = GatewayLogLine;

/** A line of the server's log. */
export interface ServerLogLine {
  readonly level: "warn" | "error";
  readonly message: string;
}

/** What can be seen of one request. */
export interface TestResult {
  /** What the client got; while phases are run one by one, what it would get by now. */
  readonly response: TestResponse;
  /** What the service was asked, or would be asked by now; `undefined` where the request ended before. */
  readonly upstreamRequest: UpstreamRequest | undefined;
  /** Every PDK call in its order. */
  readonly calls: readonly TestCall[];
  /** The gateway's log: what the plugin wrote with `kong.log`, and what the gateway had to say. */
  readonly logs: readonly TestLogLine[];
  /** The server's own log: what nobody else is told, such as a handler that failed after it had ended the request. */
  readonly serverLogs: readonly ServerLogLine[];
  /** What the plugin threw first, or why the gateway refused a call of it. */
  readonly error: unknown;
  /** What `kong.ctx.shared` holds. */
  readonly shared: ReadonlyMap<string, unknown>;
}

/** In the order of the gateway; a stream has no others than preread and log. */
const ORDER: readonly Phase[] = ["certificate", "preread", "rewrite", "access", "response", "log"];

export class TestRun implements TestResult {
  readonly calls: readonly TestCall[];
  readonly serverLogs: ServerLogLine[] = [];
  readonly #gateway: TestGateway;
  readonly #request: GatewayRequest;
  readonly #exchange: MemoryExchange;
  readonly #lifecycle: RequestLifecycle;
  readonly #phases: AsyncGenerator<Phase, void, PhaseVerdict>;
  readonly #events: EventServices;
  readonly #log = new GatewayLog(undefined);
  #errors: unknown[] = [];
  /** The last phase that has run or was passed over. */
  #last = -1;
  /** The phase that the gateway has come to. */
  #due: Phase | "over" | undefined;
  #verdict: PhaseVerdict = "continue";
  #ended = false;

  /** @internal */
  constructor(gateway: TestGateway, settings: TestSettings, request: TestRequest) {
    const { request: created, body } = incomingRequest(request);
    this.#gateway = gateway;
    this.#request = created;
    created.consumer = gateway.consumer;
    created.credential = settings.credential;
    for (const [key, value] of Object.entries(settings.shared ?? {})) created.shared.set(key, value);
    const pdk = new PdkCalls(gateway.plugin.definition.bodies, settings.pdk, (error) => this.#errors.push(error));
    this.calls = pdk.list;
    this.#events = {
      client: gateway.server.calls({
        onFailure: (thrown) => this.#errors.push(thrown),
        onLog: (level, message) => this.serverLogs.push({ level, message }),
      }),
      instances: gateway.instances,
      log: this.#log.gateway,
      callPdk: pdk.run,
    };
    this.#exchange = new MemoryExchange(created, body, settings.upstream ?? {});
    const services = { events: this.#events, pluginInfos: gateway.infos, facts: gateway.facts, logPlugin: this.#log.plugin };
    this.#lifecycle = new RequestLifecycle(services, gateway.loaded, this.#exchange);
    this.#phases = this.#lifecycle.phases();
  }

  get response(): TestResponse {
    const { status, headers, body } = this.#request.response;
    return new TestResponse(status, headers, this.#exchange.sentBody ?? body ?? Buffer.alloc(0));
  }

  get upstreamRequest(): UpstreamRequest | undefined {
    if (this.#exchange.upstreamRequest !== undefined) return this.#exchange.upstreamRequest;
    const mayStillGo = !this.#ended && this.#due !== "over" && this.#request.service !== undefined;
    return mayStillGo ? this.#exchange.draftUpstreamRequest(this.#gateway.facts) : undefined;
  }

  get logs(): readonly TestLogLine[] {
    return this.#log.lines;
  }

  get error(): unknown {
    return this.#errors[0];
  }

  get shared(): ReadonlyMap<string, unknown> {
    return this.#request.shared;
  }

  /** Whether a phase lies behind the request already. */
  hasPassed(phase: Phase): boolean {
    return this.#due === "over" || ORDER.indexOf(phase) <= this.#last;
  }

  /** Runs what is left of the request. Throws what the test's service threw. */
  async run(): Promise<void> {
    if (this.#request.scheme === "https" && !this.hasPassed("certificate")) await this.phase("certificate");
    for (const phase of ["rewrite", "access", "response", "log"] as const) {
      if (!this.hasPassed(phase)) await this.phase(phase);
    }
    await this.#advance();
  }

  /** Runs the phases of a stream: there is no request in them. */
  async runStream(): Promise<void> {
    if (this.#request.scheme === "https") await this.#runAlone("certificate");
    await this.#runAlone("preread");
    await this.#runAlone("log");
  }

  /** Goes on to a phase, passing over the plugin's part in those before it, and runs it. */
  async phase(wanted: Phase): Promise<PhaseOutcome> {
    const errors = this.#errors.length;
    const isReached =
      wanted === "certificate" || wanted === "preread" ? await this.#runAlone(wanted) : await this.#runUpTo(wanted);
    this.#last = Math.max(this.#last, ORDER.indexOf(wanted));
    this.#exchange.throwFailure();
    if (!isReached || !this.#gateway.plugin.definition.phases.includes(wanted)) return "skipped";
    if (this.#errors.length > errors) return "failed";
    return this.#verdict === "ended" ? "exited" : "returned";
  }

  async #runUpTo(wanted: Phase): Promise<boolean> {
    for (;;) {
      await this.#advance();
      const due = this.#due;
      if (due === undefined || due === "over" || ORDER.indexOf(due) > ORDER.indexOf(wanted)) return false;
      this.#due = undefined;
      this.#verdict = due === wanted ? await this.#lifecycle.runPhase(due) : "continue";
      if (this.#verdict === "ended") this.#ended = true;
      if (due === wanted) return true;
    }
  }

  /** Lets the gateway come to its next phase. */
  async #advance(): Promise<void> {
    if (this.#due !== undefined) return;
    const step = await this.#phases.next(this.#verdict);
    this.#due = step.done === true ? "over" : step.value;
  }

  /** These have no request: the stand-in gateway does not know them. */
  async #runAlone(phase: "certificate" | "preread" | "log"): Promise<boolean> {
    const { plugin, entity, facts } = this.#gateway;
    if (!plugin.definition.phases.includes(phase)) return false;
    const call = { request: this.#request, phase, plugin: entity, facts, log: this.#log.plugin };
    await runEvent(this.#events, entity, call);
    return true;
  }
}
