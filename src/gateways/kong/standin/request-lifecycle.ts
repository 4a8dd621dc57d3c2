// The way of one request through the gateway: phases, service, response, log.

import { messageOf } from "../../../core/model/index.js";
import { admit, authenticate } from "./authentication.js";
import { collect } from "./http/client-body.js";
import {
  type GatewayConfig,
  type GatewayFacts,
  type GatewayRequest,
  getHeader,
  headersFromRaw,
  isTable,
  normalizePath,
  type PluginEntity,
  type Phase,
  type PluginLogLine,
  rawPath,
  removeHeader,
  requestHost,
  respondWithError,
  setHeader,
  tableEntries,
  takeServiceResponse,
} from "../pdk-functions/index.js";
import { runEvent, type EventServices } from "./event.js";
import type { Exchange, ServiceAnswer } from "./exchange.js";
import type { ParsedPluginInfo } from "./plugin-server/plugin-info.js";
import { pluginNames, type Scope, selectPlugin, selectPlugins } from "./plugin-server/plugin-selection.js";
import type { Router, RouteMatch } from "./router.js";
import { UpstreamFailure } from "./http/upstream-client.js";
import { connectionHeaders } from "./http/upstream-message.js";

/** One loaded configuration. */
export interface LoadedConfig {
  readonly config: GatewayConfig;
  readonly router: Router;
}

export interface LifecycleServices {
  readonly events: EventServices;
  readonly pluginInfos: ReadonlyMap<string, ParsedPluginInfo>;
  readonly facts: GatewayFacts;
  readonly logPlugin: (line: PluginLogLine) => void;
}

/** What a phase left to do. */
export type PhaseVerdict = "continue" | "ended";

export class RequestLifecycle {
  readonly #services: LifecycleServices;
  readonly #loaded: LoadedConfig;
  readonly #request: GatewayRequest;
  readonly #exchange: Exchange;
  #plugins: readonly PluginEntity[];

  constructor(services: LifecycleServices, loaded: LoadedConfig, exchange: Exchange) {
    this.#services = services;
    this.#loaded = loaded;
    this.#exchange = exchange;
    this.#request = exchange.request;
    this.#plugins = selectPlugins(loaded.config, services.pluginInfos, this.#scope());
  }

  /** Resolves when the response is out and the log phase has run. */
  async run(): Promise<void> {
    const phases = this.phases();
    for (let step = await phases.next(); step.done !== true;) step = await phases.next(await this.runPhase(step.value));
  }

  /** Does what lies between the phases, and names each phase that is due; it goes on with what became of that. */
  async *phases(): AsyncGenerator<Phase, void, PhaseVerdict> {
    try {
      yield* this.#respond();
    } catch (error) {
      this.#services.events.log("error", `request ${this.#request.id}: ${messageOf(error)}`);
      this.#fail();
      await this.#exchange.sendWhole();
    }
    yield "log";
  }

  /** Runs the plugins of one phase. */
  async runPhase(phase: Phase): Promise<PhaseVerdict> {
    return phase === "access" ? this.#runAccess() : this.#runAll(phase);
  }

  /**
   * An authentication may change whose configuration applies to the plugins after it. Those of the later phases are found on the
   * way, also where a plugin has ended the request.
   */
  async #runAccess(): Promise<PhaseVerdict> {
    const { config } = this.#loaded;
    const collected: PluginEntity[] = [];
    let verdict: PhaseVerdict = "continue";
    for (const name of pluginNames(config, this.#services.pluginInfos)) {
      const plugin = selectPlugin(config, name, this.#scope());
      if (plugin === undefined) continue;
      collected.push(plugin);
      if (verdict === "ended" || !this.#hasPhase(plugin, "access")) continue;
      const outcome = await this.#runPlugin(plugin, "access");
      if (outcome === "failed") this.#fail();
      if (outcome === "failed" || outcome === "ended") verdict = "ended";
    }
    this.#plugins = collected;
    this.#request.isBuffered ||= collected.some((plugin) => this.#hasPhase(plugin, "response"));
    return verdict;
  }

  async #runAll(phase: Phase): Promise<PhaseVerdict> {
    for (const plugin of this.#plugins) {
      if (!this.#hasPhase(plugin, phase)) continue;
      const outcome = await this.#runPlugin(plugin, phase);
      // The response is out: every plugin logs, whatever became of the others.
      if (phase === "log") continue;
      if (outcome === "failed") this.#fail();
      if (outcome === "failed" || outcome === "ended") return "ended";
    }
    return "continue";
  }

  async *#respond(): AsyncGenerator<Phase, void, PhaseVerdict> {
    const verdict = yield* this.#beforeService();
    const answer = verdict === "continue" ? await this.#callService() : undefined;
    if (answer === undefined) {
      this.#addLatency();
      await this.#exchange.sendWhole();
      return;
    }
    this.#takeAnswer(answer);
    if (!this.#request.isBuffered) {
      const answeredAt = Date.now();
      await this.#exchange.sendStream(answer);
      this.#request.latencies.receive = Date.now() - answeredAt;
      return;
    }
    if (await this.#buffer(answer)) yield "response";
    await this.#exchange.sendWhole();
  }

  *#beforeService(): Generator<Phase, PhaseVerdict, PhaseVerdict> {
    // Before the route is known only global plugins can run.
    if ((yield "rewrite") === "ended") return "ended";
    const request = this.#request;
    const match = this.#loaded.router.match(request.method, requestHost(request), normalizePath(rawPath(request)));
    if (match === undefined) {
      respondWithError(request, 404, "no Route matched with those values");
      return "ended";
    }
    this.#takeRoute(match);
    this.#plugins = selectPlugins(this.#loaded.config, this.#services.pluginInfos, this.#scope());
    if ((yield "access") === "ended") return "ended";
    if (match.service !== undefined && match.service.enabled) return "continue";
    respondWithError(request, 503, "no Service found with those values");
    return "ended";
  }

  #scope(): Scope {
    const { route, service, consumer } = this.#request;
    const [, id] = (isTable(consumer) ? tableEntries(consumer) : []).find(([name]) => name === "id") ?? [];
    return { routeId: route?.id, serviceId: service?.id, consumerId: typeof id === "string" ? id : undefined };
  }

  #takeRoute(match: RouteMatch): void {
    const request = this.#request;
    const { route, service } = match;
    request.route = route;
    request.service = service;
    request.captures = match.captures;
    this.#presetConsumer(route.id);
    if (service === undefined) return;
    const target = this.#services.facts.findUpstream(service.host)?.targets[0];
    request.upstream = {
      scheme: service.protocol,
      host: target?.host ?? service.host,
      port: target?.port ?? service.port,
      path: match.upstreamPath,
      hostHeader: route.preserve_host ? getHeader(request.headers, "host") : request.upstream.hostHeader,
      prefix: match.prefix,
      timeouts: { connect: service.connect_timeout, write: service.write_timeout, read: service.read_timeout },
      verifyTls: request.upstream.verifyTls,
    };
  }

  #presetConsumer(route: string): void {
    const { presets, credentials } = this.#loaded.config;
    const consumer = presets.find(({ routeId }) => routeId === route)?.consumer;
    if (consumer === undefined) return;
    const credential = credentials.find((each) => each.consumer.id === consumer.id);
    admit(
      this.#request,
      consumer,
      credential ?? { id: consumer.id, consumer: { id: consumer.id }, created_at: consumer.created_at },
    );
  }

  async #callService(): Promise<ServiceAnswer | undefined> {
    const request = this.#request;
    const sentAt = Date.now();
    request.latencies.kong = sentAt - request.startedAt;
    try {
      const answer = await this.#exchange.callService(this.#services.facts);
      request.latencies.proxy = Date.now() - sentAt;
      return answer;
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error;
      this.#services.events.log("error", `request ${request.id}: ${error.message}`);
      respondWithError(request, error.status, error.clientMessage);
      return undefined;
    }
  }

  #takeAnswer(answer: ServiceAnswer): void {
    const headers = headersFromRaw(answer.rawHeaders);
    for (const name of connectionHeaders(headers)) removeHeader(headers, name);
    const { latencies, response, id } = this.#request;
    takeServiceResponse(this.#request, answer.statusCode ?? 502, headers);
    setHeader(response.headers, "X-Kong-Upstream-Latency", [String(latencies.proxy)]);
    setHeader(response.headers, "X-Kong-Proxy-Latency", [String(latencies.kong)]);
    setHeader(response.headers, "X-Kong-Request-Id", [id]);
  }

  /** Reads the service's whole answer; false when the service broke off. */
  async #buffer(answer: ServiceAnswer): Promise<boolean> {
    const { response } = this.#request;
    try {
      const answeredAt = Date.now();
      response.body = await collect(answer);
      this.#request.latencies.receive = Date.now() - answeredAt;
    } catch (error) {
      this.#services.events.log("error", `request ${this.#request.id}: ${messageOf(error)}`);
      this.#fail(502);
      return false;
    }
    const headers = response.headers.map(([name, value]): [string, string] => [name, value]);
    this.#request.serviceResponse = { status: response.status, headers, body: response.body };
    if (this.#request.method !== "HEAD") setHeader(response.headers, "Content-Length", [String(response.body.length)]);
    return true;
  }

  #addLatency(): void {
    const { response, startedAt, id, latencies } = this.#request;
    if (latencies.proxy < 0) latencies.kong = Date.now() - startedAt;
    setHeader(response.headers, "X-Kong-Response-Latency", [String(Date.now() - startedAt)]);
    setHeader(response.headers, "X-Kong-Request-Id", [id]);
  }

  #runPlugin(plugin: PluginEntity, phase: Phase): ReturnType<typeof runEvent> {
    const { events, facts, logPlugin, pluginInfos } = this.#services;
    if (pluginInfos.get(plugin.name)?.isOwn === true)
      return Promise.resolve(authenticate(plugin, this.#request, this.#loaded.config));
    return runEvent(events, plugin, { request: this.#request, phase, plugin, facts, log: logPlugin });
  }

  #hasPhase(plugin: PluginEntity, phase: Phase): boolean {
    return this.#services.pluginInfos.get(plugin.name)?.phases.has(phase) ?? false;
  }

  #fail(status = 500): void {
    // Headers of the service (its encoding, say) would not fit the error.
    this.#request.response.headers = [];
    respondWithError(this.#request, status);
  }
}
