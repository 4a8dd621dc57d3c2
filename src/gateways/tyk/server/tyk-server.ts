// Composes a server for Tyk gateways: address, gRPC, hooks, plugins and isolates.
import type { Socket } from "node:net";
import { messageOf } from "../../../core/model/index.js";
import type { Logger } from "pino";
import { LimitedLog } from "../../../core/log/index.js";
import type { GatewayTelemetry, Telemetry } from "../../../core/telemetry/index.js";
import { Descriptors, type Listen, logPathChange, type PathChange } from "../../../core/net/index.js";
import {
  type AdministeredEngine,
  type ConfigurationRules,
  type CreatePool,
  type CreateSource,
  Engine,
  type ReloadOutcome,
} from "../../../core/server/index.js";
import type { DefinitionSource } from "../definitions/index.js";
import { type BundleIndex, Dispatcher, DISPATCHER_SERVICE, HookLog, type RunningHook } from "../dispatcher/index.js";
import { type Address, formatAddress } from "../address/index.js";
import { GrpcServer, healthMethods, listen, type Listener } from "../http2/index.js";

/** Times are in milliseconds, sizes in bytes. */
export interface TykServerOptions {
  readonly address: Address;
  /** Permission bits of a Unix socket. */
  readonly socketMode: number;
  /** In place of a socket of its own, where another process holds that. */
  readonly listen?: Listen | undefined;
  /** What a call may take, where its plugin says nothing else: a gateway waits for ever. */
  readonly callTimeout: number;
  readonly bindingTimeout: number;
  readonly drainTimeout: number;
  readonly maxMessageSize: number;
  readonly maxConnections: number;
  /** Calls at once on one connection; a gateway queues what is beyond, and has one connection for all. */
  readonly maxCalls: number;
  /** The plugin whose calls may take as long as they do: somebody looks at them with a debugger. */
  readonly withoutDeadline?: string | undefined;
  readonly definitions: DefinitionSource | undefined;
  /** Which bundles an API has, whose plugins the source gives too. */
  readonly bundles?: (BundleIndex & { close(): Promise<void> }) | undefined;
  readonly createPool: CreatePool;
  readonly createSource: CreateSource;
  readonly logger: Logger;
  /** Where everything is counted; a server that is alone has its own. */
  readonly telemetry?: Telemetry | undefined;
}

/** What figures call this gateway. */
const GATEWAY = "tyk";
/** Messages that have not come whole may take as much memory as so many of the largest. */
const LARGEST_AT_ONCE = 8;
/** What runs is told that its server ends, and still gets its status out, within so many milliseconds of the drain timeout. */
const LAST_WORDS = 500;

/** A plugin checks its configuration itself, in its isolate: the gateway has no schema. */
const RULES: ConfigurationRules = {
  misfits: () => [],
  refusal: () => undefined,
  withNewDefaults: (_schema, _before, configuration) => configuration,
  isSame: (_schema, configuration, _otherSchema, other) => configuration === other,
  // Nothing says which part of it is a secret.
  shown: (_schemas, configuration) => `(redacted, ${configuration.length} characters)`,
  idsOf: () => ({}),
};

export class TykServer {
  readonly #options: TykServerOptions;
  readonly #log: LimitedLog;
  readonly #engine: Engine<RunningHook>;
  readonly #dispatcher: Dispatcher;
  readonly #grpc: GrpcServer;
  readonly #descriptors = new Descriptors();
  #listener: Listener | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: TykServerOptions) {
    this.#options = options;
    this.#log = new LimitedLog(options.logger);
    const log = new HookLog(this.#log);
    let lastBindingId = 0;
    this.#engine = new Engine<RunningHook>({
      gateway: GATEWAY,
      telemetry: options.telemetry,
      createSource: options.createSource,
      createPool: options.createPool,
      configurations: RULES,
      bindingTimeout: options.bindingTimeout,
      // No gateway knows them.
      newBindingId: () => (lastBindingId += 1),
      callTimeout: options.callTimeout,
      withoutDeadline: options.withoutDeadline,
      onError: "exit",
      log,
    });
    this.#dispatcher = new Dispatcher({ engine: this.#engine, definitions: options.definitions, bundles: options.bundles, log });
    this.#grpc = this.#createGrpc();
  }

  /** All that this server, and others that count in the same place, can say of themselves. */
  get telemetry(): Telemetry {
    return this.#engine.telemetry;
  }

  get #counts(): GatewayTelemetry {
    return this.#engine.telemetry.gateway(GATEWAY);
  }

  /** What an operator gets to see and to do. */
  get engine(): AdministeredEngine {
    return this.#engine;
  }

  /** Where it listens: with the port that is really used. */
  get address(): Address {
    return this.#listener?.address ?? this.#options.address;
  }

  /** The same as `tcp://HOST:PORT` or `unix:///PATH`. */
  get url(): string {
    return formatAddress(this.address);
  }

  /** Listens, then loads the plugins; calls that come in between wait. Resolves when plugins are served. */
  async start(): Promise<void> {
    const loaded = this.#dispatcher.load();
    // Reported below, once somebody waits for it.
    loaded.catch(() => {});
    this.#listener = await this.#listen();
    await loaded;
  }

  async #listen(): Promise<Listener> {
    const { address, socketMode: mode, listen: listenElsewhere } = this.#options;
    const options = {
      mode,
      onConnection: (socket: Socket) => this.#accept(socket),
      onError: (error: Error) => {
        const message = `a connection to ${formatAddress(address)} could not be accepted: ${error.message}`;
        this.#log.log({ level: "error", group: "accept", message, fields: () => ({ err: error }) });
      },
      onPathChange: (change: PathChange) => this.#onPathChange(change),
    };
    if (listenElsewhere === undefined) return listen({ address, ...options });
    const held = await listenElsewhere({ path: formatAddress(address), ...options });
    return { address, close: () => held.close() };
  }

  /** Looks for changed plugins now. The listener stays as it is: a gateway that cannot connect for a moment backs off for minutes. */
  reload(): Promise<ReloadOutcome | undefined> {
    return this.#engine.reload();
  }

  /** Sends clients elsewhere, finishes what runs, for so many milliseconds at most, and ends everything. May be called twice. */
  close(limit = this.#options.drainTimeout): Promise<void> {
    this.#closed ??= this.#close(limit);
    return this.#closed;
  }

  async #close(drainTimeout: number): Promise<void> {
    await this.#listener?.close();
    const reloading = this.#engine.stopReloading();
    await this.#grpc.close(Math.max(0, drainTimeout - LAST_WORDS));
    await this.#dispatcher.close(LAST_WORDS);
    await reloading;
    await this.#engine.close();
    await this.#options.bundles?.close();
    await this.#options.definitions?.close();
    this.#log.close();
  }

  #createGrpc(): GrpcServer {
    const { maxMessageSize, maxConnections, maxCalls } = this.#options;
    const health = healthMethods({ services: [DISPATCHER_SERVICE], isServing: () => this.#dispatcher.isServing });
    return new GrpcServer({
      methods: new Map([...this.#dispatcher.methods(), ...health]),
      maxMessageSize,
      maxReceiving: LARGEST_AT_ONCE * maxMessageSize,
      maxConnections,
      maxConcurrentStreams: maxCalls,
      counts: this.#counts,
      log: {
        connectionFailed: ({ message }) => this.#warn("closed connection", `a connection was closed: ${message}`),
        connectionsRefused: (count) =>
          this.#warn(
            "refused connection",
            `${count} connections were refused: there are ${maxConnections}, see -max-connections`,
          ),
        callsWithoutAuthority: () =>
          this.#warn(
            "authority",
            "a gateway's calls have no :authority, which HTTP/2 refuses: each of its requests ends with 500. " +
              'Set grpc_authority: "localhost" in its coprocess_options; Tyk 5.8.3 and later need no such option',
          ),
        methodFailed: (error) =>
          this.#log.log({
            level: "error",
            group: "internal error",
            message: `a call failed in the server itself: ${messageOf(error)}`,
            fields: () => ({ err: error }),
          }),
      },
    });
  }

  #accept(socket: Socket): void {
    if (!this.#descriptors.areShort(socket)) {
      this.#grpc.accept(socket);
      return;
    }
    socket.destroy();
    this.#counts.connectionsRefused();
    this.#warn(
      "refused connection",
      `a connection was refused: the process may open only ${this.#descriptors.limit} file descriptors, see ulimit -n`,
    );
  }

  /** The successor has calls wait until its plugins are loaded: clients may go to it at once. */
  #onPathChange(change: PathChange): void {
    const { address, logger } = this.#options;
    logPathChange(logger, formatAddress(address), change);
    if (change.kind === "taken over") this.#grpc.handOver();
  }

  #warn(group: string, message: string): void {
    this.#log.log({ level: "warn", group, message });
  }
}
