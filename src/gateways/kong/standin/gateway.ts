// The stand-in gateway: listens for HTTP and plays Kong's side of the plugin protocol for every request.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { authenticatorInfos } from "./authentication.js";
import { ClientBody } from "./http/client-body.js";
import { parseDeclarativeConfig, readConfigFile } from "./declarative-config.js";
import {
  createGatewayFacts,
  createGatewayRequest,
  type GatewayConfig,
  type GatewayFacts,
  type GatewayRequest,
  headersFromRaw,
} from "../pdk-functions/index.js";
import { GatewayError } from "./errors.js";
import { GatewayLog, type GatewayLogger, type GatewayLogLine } from "./gateway-log.js";
import { HttpExchange } from "./http/http-exchange.js";
import { announcedProtocol, parsePluginInfos, type GatewayProtocol, type ParsedPluginInfo } from "./plugin-server/plugin-info.js";
import { PluginInstances } from "./plugin-server/plugin-instances.js";
import { PluginServerClient } from "./plugin-server/plugin-server-client.js";
import { ProtobufClient } from "./protobuf/protobuf-client.js";
import { RequestLifecycle, type LifecycleServices, type LoadedConfig } from "./request-lifecycle.js";
import { Router } from "./router.js";
import { UpstreamClient } from "./http/upstream-client.js";

export interface GatewayOptions {
  /** A declarative configuration: a YAML or JSON file … */
  readonly configFile?: string;
  /** … or its content. */
  readonly config?: unknown;
  /** The plugin server's Unix socket. */
  readonly socketPath: string;
  /** The parsed output of `-dump-all-plugins`. */
  readonly pluginInfos: unknown;
  /** What the plugin server speaks, in place of what the dump announces. */
  readonly protocol?: GatewayProtocol;
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port?: number;
  readonly logger?: GatewayLogger;
  /** How long one call to the plugin server may take, in milliseconds (60,000). */
  readonly timeoutMs?: number;
  /** Request bodies larger than this are given to plugins only on demand (8192 bytes). */
  readonly bodyBufferBytes?: number;
  /** Networks whose forwarding headers count (this machine). */
  readonly trustedNetworks?: readonly string[];
}

export interface Gateway {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The last log lines of plugins and of the gateway. */
  readonly logs: readonly GatewayLogLine[];
  /** What it has been told of. */
  readonly config: GatewayConfig;
  /** Takes a new configuration, and another dump of the plugin server's; every plugin instance is started anew at its next use. */
  reload(config: unknown, pluginInfos?: unknown): void;
  /** Calls the listener after the log phase of every request; returns how to stop that. */
  onFinished(listener: (request: GatewayRequest) => void): () => void;
  /** Resolves when no request is running and all log handlers have run. */
  idle(): Promise<void>;
  /** Ends everything: connections, calls, timers. May be called twice. */
  close(): Promise<void>;
}

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const infos = parsePluginInfos(options.pluginInfos);
  const config =
    options.configFile === undefined
      ? parseDeclarativeConfig(options.config, infos)
      : await readConfigFile(options.configFile, infos);
  const gateway = new RunningGateway(options, infos, config);
  await gateway.listen(options.host ?? "127.0.0.1", options.port ?? 8000);
  return gateway;
}

class RunningGateway implements Gateway {
  readonly #log: GatewayLog;
  #infos: readonly ParsedPluginInfo[];
  readonly #client: PluginServerClient | ProtobufClient;
  readonly #upstreams = new UpstreamClient();
  #services: LifecycleServices;
  readonly #server: Server;
  readonly #running = new Set<Promise<void>>();
  readonly #listeners = new Set<(request: GatewayRequest) => void>();
  #loaded: LoadedConfig;
  #requestCount = 0;
  #connectionCount = 0;
  #host = "";
  #closing: Promise<void> | undefined;

  constructor(options: GatewayOptions, infos: readonly ParsedPluginInfo[], config: GatewayConfig) {
    this.#infos = infos;
    this.#log = new GatewayLog(options.logger);
    this.#loaded = { config, router: new Router(config) };
    const timeout = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
    const { socketPath, protocol = announcedProtocol(options.pluginInfos) } = options;
    this.#client =
      protocol === "ProtoBuf:1"
        ? new ProtobufClient({ socketPath, ...timeout })
        : new PluginServerClient({ socketPath, ...timeout, onServerChange: () => instances.forgetAll() });
    const instances = new PluginInstances(this.#client);
    this.#services = {
      events: { client: this.#client, instances, log: this.#log.gateway },
      pluginInfos: infosByName(infos),
      facts: this.#facts(options),
      logPlugin: this.#log.plugin,
    };
    this.#server = createServer({ maxHeaderSize: 65_536 }, (incoming, outgoing) => this.#accept(incoming, outgoing));
    this.#server.on("connection", () => (this.#connectionCount += 1));
  }

  get url(): string {
    return `http://${this.#host.includes(":") ? `[${this.#host}]` : this.#host}:${this.port}`;
  }

  get host(): string {
    return this.#host;
  }

  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === "string" ? 0 : address.port;
  }

  get logs(): readonly GatewayLogLine[] {
    return this.#log.lines;
  }

  listen(host: string, port: number): Promise<void> {
    this.#host = host;
    return new Promise((resolve, reject) => {
      const onError = (error: Error): void => {
        this.#client.close();
        reject(new GatewayError("GATEWAY_LISTEN", `the gateway cannot listen on ${host}:${port}: ${error.message}`, error));
      };
      this.#server.once("error", onError);
      this.#server.listen(port, host, () => {
        this.#server.off("error", onError);
        resolve();
      });
    });
  }

  get config(): GatewayConfig {
    return this.#loaded.config;
  }

  reload(document: unknown, pluginInfos?: unknown): void {
    const infos = pluginInfos === undefined ? this.#infos : parsePluginInfos(pluginInfos);
    const config = parseDeclarativeConfig(document, infos);
    this.#infos = infos;
    this.#services = { ...this.#services, pluginInfos: infosByName(infos) };
    this.#loaded = { config, router: new Router(config) };
  }

  onFinished(listener: (request: GatewayRequest) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    this.#client.close();
    this.#upstreams.close();
    await closed;
    await this.idle();
  }

  #accept(incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.#requestCount += 1;
    const body = new ClientBody(incoming);
    const request = createGatewayRequest({
      method: incoming.method ?? "GET",
      uri: incoming.url ?? "/",
      httpVersion: incoming.httpVersion,
      headers: headersFromRaw(incoming.rawHeaders),
      body: body.read,
      client: { address: plainAddress(incoming.socket.remoteAddress), port: incoming.socket.remotePort ?? 0 },
      server: { port: localPort(incoming) },
    });
    // A client that leaves is noticed where its body is read or its response is written.
    incoming.on("error", () => undefined);
    outgoing.on("error", () => undefined);
    const exchange = new HttpExchange(request, body, outgoing, this.#upstreams);
    const lifecycle = new RequestLifecycle(this.#services, this.#loaded, exchange);
    const running = lifecycle.run().finally(() => {
      this.#running.delete(running);
      for (const listener of this.#listeners) listener(request);
    });
    this.#running.add(running);
  }

  #facts(options: GatewayOptions): GatewayFacts {
    return createGatewayFacts({
      config: () => this.#loaded.config,
      ...(options.bodyBufferBytes === undefined ? {} : { bodyBufferBytes: options.bodyBufferBytes }),
      ...(options.trustedNetworks === undefined ? {} : { trustedNetworks: options.trustedNetworks }),
      statistics: () => ({
        connections_accepted: this.#connectionCount,
        connections_active: this.#running.size,
        connections_handled: this.#connectionCount,
        connections_reading: 0,
        connections_waiting: 0,
        connections_writing: this.#running.size,
        total_requests: this.#requestCount,
      }),
    });
  }
}

/** With what the gateway runs itself. */
function infosByName(infos: readonly ParsedPluginInfo[]): ReadonlyMap<string, ParsedPluginInfo> {
  return new Map([...infos, ...authenticatorInfos(infos)].map((info) => [info.name, info]));
}

/** IPv4 clients of an IPv6 socket look like `::ffff:127.0.0.1`. */
function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:(?=\d+\.)/, "");
}

function localPort(incoming: IncomingMessage): number {
  const address = incoming.socket.address();
  return isAddressInfo(address) ? address.port : 0;
}

function isAddressInfo(address: object): address is AddressInfo {
  return "port" in address;
}
