// The way of one request through the gateway: phases, service, response, log.

import { collect } from "./http/client-body.js";
import type { GatewayConfig, PluginEntity } from "./entities.js";
import { messageOf } from "./errors.js";
import { runEvent, type EventServices } from "./event.js";
import type { Exchange, ServiceAnswer } from "./exchange.js";
import type { GatewayFacts } from "./gateway-facts.js";
import { rawPath, requestHost, takeServiceResponse, type GatewayRequest } from "./http/gateway-request.js";
import { getHeader, headersFromRaw, removeHeader, setHeader } from "./http/headers.js";
import { respondWithError } from "./pdk-functions/response.js";
import type { PluginLogLine } from "./pdk-functions/definition.js";
import type { Phase, PluginInfo } from "./plugin-server/plugin-info.js";
import { selectPlugins } from "./plugin-server/plugin-selection.js";
import type { Router, RouteMatch } from "./router.js";
import { UpstreamFailure } from "./http/upstream-client.js";
import { connectionHeaders } from "./http/upstream-message.js";
import { normalizePath } from "./http/uri.js";

/** One loaded configuration. */
export interface LoadedConfig {
  readonly config: GatewayConfig;
  readonly router: Router;
}

export interface LifecycleServices {
  readonly events: EventServices;
  readonly pluginInfos: ReadonlyMap<string, PluginInfo>;
  readonly facts: GatewayFacts;
  readonly logPlugin: (line: PluginLogLine) => void;
}

/** What a phase left to do. */
export type Verdict = "continue" | "ended";

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
    this.#plugins = this.#select(undefined);
  }

  /** Resolves when the response is out and the log phase has run. */
  async run(): Promise<void> {
    const phases = this.phases();
    for (let step = await phases.next(); step.done !== true;) step = await phases.next(await this.runPhase(step.value));
  }

  /** Does what lies between the phases, and names each phase that is due; it goes on with what became of that. */
  async *phases(): AsyncGenerator<Phase, void, Verdict> {
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
  async runPhase(phase: Phase): Promise<Verdict> {
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

  async *#respond(): AsyncGenerator<Phase, void, Verdict> {
    const verdict = yield* this.#beforeService();
    const answer = verdict === "continue" ? await this.#callService() : undefined;
    if (answer === undefined) {
      this.#addLatency();
      await this.#exchange.sendWhole();
      return;
    }
    this.#takeAnswer(answer);
    if (!this.#request.isBuffered) {
      await this.#exchange.sendStream(answer);
      return;
    }
    if (await this.#buffer(answer)) yield "response";
    await this.#exchange.sendWhole();
  }

  *#beforeService(): Generator<Phase, Verdict, Verdict> {
    // Before the route is known only global plugins can run.
    if ((yield "rewrite") === "ended") return "ended";
    const request = this.#request;
    const match = this.#loaded.router.match(request.method, requestHost(request), normalizePath(rawPath(request)));
    if (match === undefined) {
      respondWithError(request, 404, "no Route matched with those values");
      return "ended";
    }
    this.#plugins = this.#select(match);
    this.#takeRoute(match);
    if ((yield "access") === "ended") return "ended";
    if (match.service !== undefined && match.service.enabled) return "continue";
    respondWithError(request, 503, "no Service found with those values");
    return "ended";
  }

  #select(match: RouteMatch | undefined): PluginEntity[] {
    return selectPlugins(this.#loaded.config, this.#services.pluginInfos, {
      routeId: match?.route.id,
      serviceId: match?.service?.id,
    });
  }

  #takeRoute(match: RouteMatch): void {
    const request = this.#request;
    const { route, service } = match;
    request.route = route;
    request.service = service;
    request.captures = match.captures;
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
    request.isBuffered ||= this.#plugins.some((plugin) => this.#hasPhase(plugin, "response"));
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
      response.body = await collect(answer);
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
    const { response, startedAt, id } = this.#request;
    setHeader(response.headers, "X-Kong-Response-Latency", [String(Date.now() - startedAt)]);
    setHeader(response.headers, "X-Kong-Request-Id", [id]);
  }

  #runPlugin(plugin: PluginEntity, phase: Phase): ReturnType<typeof runEvent> {
    const { events, facts, logPlugin } = this.#services;
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
