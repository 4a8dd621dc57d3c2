// The composition root: joins socket, protocol, events, instances, plugins and isolates into one server.
import { performance } from "node:perf_hooks";
import type { Logger } from "pino";
import type { ErrorInfo } from "../../../core/model/index.js";
import { pluginInfo } from "./plugin-info.js";
import {
  type GatewayEvent,
  EventTable,
  failureCalls,
  type GatewayRpc,
  methodOfCall,
  type PluginInfo,
  type Protocol,
} from "../rpc/index.js";
import { ConnectionGate } from "./connection-gate.js";
import { kongConfigurations } from "./configuration-rules.js";
import { createRpc } from "./create-rpc.js";
import {
  type AdministeredEngine,
  type CreatePool,
  type CreateSource,
  Engine,
  type ReloadOutcome,
} from "../../../core/server/index.js";
import type { Keeper } from "../../../core/supervisor/index.js";
import { logPathChange, type Listen, type ListeningSocket, UnixSocket } from "../../../core/net/index.js";
import { EventLog } from "./event-log.js";
import { HandOver } from "./takeover/hand-over.js";
import { InstanceIds } from "./takeover/instance-ids.js";
import { KeptInstances } from "./kept-instances.js";
import type { Telemetry } from "../../../core/telemetry/index.js";
import { LimitedLog } from "../../../core/log/index.js";
import { Predecessor } from "./takeover/predecessor.js";
import { describedBinding, ServerService } from "./service.js";
import type { Siblings } from "./takeover/siblings.js";

/** What to do where the socket's path is too long for clients. */
export const SHORTER_PATH = "use -socket or a shorter -kong-prefix";

/** Times are in milliseconds, sizes in bytes. */
export interface ServerOptions {
  readonly socketPath: string;
  readonly socketMode: number;
  /** What the socket speaks; with "auto" each connection is answered in the protocol that its client speaks. */
  readonly protocol: Protocol | "auto";
  readonly eventTimeout: number;
  /** The plugin whose events may take as long as they do: somebody looks at them with a debugger. */
  readonly withoutDeadline?: string | undefined;
  /** What becomes of a request whose event failed, where its plugin says nothing else. */
  readonly onError: "exit" | "continue";
  readonly instanceTimeout: number;
  readonly drainTimeout: number;
  readonly maxMessageSize: number;
  readonly maxConnections: number;
  readonly logger: Logger;
  /** Where everything is counted; a server that is alone has its own. */
  readonly telemetry?: Telemetry | undefined;
  /** Where the connections come from: by default a socket of its own at the path. */
  readonly listen?: Listen | undefined;
  /** Who knows the instances when this process has died. */
  readonly keeper?: Keeper | undefined;
}

export interface PluginServerOptions extends ServerOptions {
  readonly createSource: CreateSource;
  readonly createPool: CreatePool;
  /** Servers in other threads that clients of the same path meet. */
  readonly siblings?: Siblings;
}

/** What figures call this gateway. */
export const GATEWAY = "kong";
/** Milliseconds between two looks for a quiet moment. */
const QUIET_CHECK = 2;

export class PluginServer {
  readonly #options: PluginServerOptions;
  readonly #limitedLog: LimitedLog;
  readonly #eventLog: EventLog;
  readonly #kept: KeptInstances;
  readonly #engine: Engine<GatewayEvent>;
  readonly #events: EventTable;
  readonly #rpc: GatewayRpc;
  readonly #predecessor: Predecessor | undefined;
  readonly #handOver: HandOver;
  readonly #gate: ConnectionGate;
  #socket: ListeningSocket | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: PluginServerOptions) {
    this.#options = options;
    const { siblings, logger, onError, socketPath, maxMessageSize } = options;
    this.#limitedLog = new LimitedLog(logger);
    this.#gate = new ConnectionGate({
      maxConnections: options.maxConnections,
      siblings,
      counts: () => this.#engine.telemetry.gateway(GATEWAY),
      log: this.#limitedLog,
    });
    this.#eventLog = new EventLog(this.#limitedLog, (id) => this.#engine.bindings.get(id)?.config);
    this.#kept = new KeptInstances(options.keeper);
    this.#engine = this.#createEngine(options);
    this.#events = new EventTable({
      engine: this.#engine,
      failureCalls: ({ runner, phase }, reason) => failureCalls(runner.plugin, phase, reason, runner.onError),
      onFailed: (event, error) => this.#onFailed(event, error),
      onTimeout: (event) => this.#onTimeout(event),
      onCallRefused: (event, call, answer) => this.#eventLog.callRefused(event, call, answer),
    });
    // Which of several isolates has an event is not known to the successor.
    this.#predecessor = siblings === undefined ? new Predecessor(socketPath, maxMessageSize) : undefined;
    this.#rpc = createRpc({
      protocol: options.protocol,
      maxMessageSize,
      onError,
      service: new ServerService({ engine: this.#engine, siblings, kept: this.#kept }),
      events: this.#events,
      siblings,
      predecessor: this.#predecessor,
      onSuccessor: (connection) => this.#handOver.begin(connection),
      onOpen: (connection) => this.#gate.opened(connection),
      onClose: (connection, error) => {
        this.#gate.closed(connection, error);
        this.#handOver.onClose(connection);
      },
      log: this.#limitedLog,
      eventLog: this.#eventLog,
    });
    this.#handOver = new HandOver({
      rpc: this.#rpc,
      connections: this.#gate.connections,
      areQuiet: () => this.#areQuiet(this.#engine.calls.size),
    });
  }

  #createEngine(options: PluginServerOptions): Engine<GatewayEvent> {
    const { createSource, createPool, siblings, logger, onError } = options;
    const ids = new InstanceIds(options.socketPath, (error) =>
      logger.warn(`ids of instances start at random, since none can be kept for the next start: ${error.message}`),
    );
    return new Engine({
      gateway: GATEWAY,
      telemetry: options.telemetry,
      createSource,
      createPool,
      configurations: kongConfigurations,
      bindingTimeout: options.instanceTimeout,
      newBindingId: () => ids.next(),
      onBindingGone: (id) => {
        siblings?.forget(id);
        this.#kept.forget(id);
      },
      findElsewhere: (id) => {
        const shared = siblings?.find(id);
        return shared === undefined ? undefined : describedBinding(shared, this.#engine.plugins);
      },
      callIds: siblings?.eventIds,
      callTimeout: options.eventTimeout,
      withoutDeadline: options.withoutDeadline,
      onError,
      log: this.#eventLog,
    });
  }

  /** Listens, then loads the plugins; calls that come in between wait. Resolves when plugins are served. */
  async start(): Promise<void> {
    const loaded = this.#engine.load();
    // Reported below, once somebody waits for it.
    loaded.catch(() => {});
    const { socketPath, socketMode, siblings, logger } = this.#options;
    const path = siblings?.listenPath ?? socketPath;
    this.#socket = await (this.#options.listen ?? UnixSocket.listen)({
      path,
      isBehindLink: siblings !== undefined,
      mode: socketMode,
      remedy: SHORTER_PATH,
      onConnection: (socket) => {
        if (this.#gate.admits(socket)) this.#rpc.accept(socket);
      },
      onError: (error) => {
        const message = `a connection to ${socketPath} could not be accepted: ${error.message}`;
        this.#limitedLog.log({ level: "error", group: "accept", message, fields: () => ({ err: error }) });
      },
      onPathChange: (change) => logPathChange(logger, path, change),
    });
    await loaded;
    for (const instance of await this.#kept.list()) this.#engine.restore(describedBinding(instance, this.#engine.plugins));
    siblings?.listening();
    this.#predecessor?.succeed();
  }

  /** All that this server, and others that count in the same place, can say of themselves. */
  get telemetry(): Telemetry {
    return this.#engine.telemetry;
  }

  /** What an operator gets to see and to do. */
  get engine(): AdministeredEngine {
    return this.#engine;
  }

  /** Looks for changed plugins now. */
  reload(): Promise<ReloadOutcome | undefined> {
    return this.#engine.reload();
  }

  /** What the gateway is told about the plugins that are served. */
  async pluginInfos(): Promise<PluginInfo[]> {
    return (await this.#engine.registry()).list().map(pluginInfo);
  }

  /** Finishes what runs, for so many milliseconds at most, and ends everything. May be called twice. */
  close(limit = this.#options.drainTimeout): Promise<void> {
    this.#closed ??= this.#close(limit);
    return this.#closed;
  }

  async #close(drainTimeout: number): Promise<void> {
    const { siblings } = this.#options;
    const began = performance.now();
    siblings?.leave();
    const end = await this.#socket?.close();
    const reloading = this.#engine.stopReloading();
    const isHandedOver = siblings === undefined ? end === "taken over" : siblings.isPathServed();
    if (isHandedOver) await this.#handOver.finish(drainTimeout);
    await this.#engine.calls.finish(drainTimeout - (performance.now() - began));
    await this.#siblingsDrained(drainTimeout - (performance.now() - began));
    await reloading;
    this.#events.close();
    this.#handOver.end();
    this.#predecessor?.close();
    const closed = this.#engine.close();
    for (const connection of this.#gate.connections) connection.end();
    await closed;
    for (const connection of this.#gate.connections) connection.destroy();
    this.#limitedLog.close();
  }

  /** Whether no event runs here, nor in a sibling that ends too: what it asks may be answered here. */
  #areQuiet(running: number): boolean {
    return (this.#options.siblings?.areQuiet(running) ?? true) && running === 0;
  }

  /** Its own events are over, or given up. */
  async #siblingsDrained(timeout: number): Promise<void> {
    const until = performance.now() + timeout;
    while (!this.#areQuiet(0) && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, QUIET_CHECK));
  }

  #onTimeout(event: GatewayEvent): void {
    const { plugin, host, timeout } = event.runner;
    const silent = event.state === "awaiting-step";
    const waiting = silent ? unanswered(event.lastCall) : "its handler has not returned";
    host.cancel(event.id, `the event took longer than ${timeout / 1000} s`, !silent);
    const seconds = timeout / 1000;
    this.#eventLog.warn(event, "timeout", `an event of plugin ${plugin} was given up after ${seconds} s: ${waiting}`);
  }

  #onFailed(event: GatewayEvent, error: ErrorInfo): void {
    // The log has said that the isolate died, and how many calls failed with it, or that calls fail until the next one starts.
    if (event.failure === "isolate_died") return;
    // An instance that cannot run was reported when it started; each of its events would only say it again.
    if (this.#engine.bindings.get(event.instanceId)?.error === undefined) this.#eventLog.failed(event, error);
  }
}

/** What a gateway refuses it does not answer, and Kong 3.0 to 3.7 so refuses a body that nginx has put into a file. */
function unanswered(call: Buffer | undefined): string {
  const name = call === undefined ? "?" : methodOfCall(call);
  const method = name === "?" ? "its last PDK call" : name;
  const isBody = method === "kong.request.get_raw_body" || method === "kong.request.get_body";
  return `the gateway never answered ${method}${isBody ? ", as Kong 3.0 to 3.7 does where a body is larger than client_body_buffer_size" : ""}`;
}
