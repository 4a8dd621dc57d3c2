// Serves unary gRPC methods over whatever connections it is given, within limits, and ends in order.
import type { Socket } from "node:net";
import { IdTable } from "../../../core/model/index.js";
import { Http2Connection, type ConnectionOptions } from "./connection.js";
import type { CallLimits, UnaryCall, UnaryMethod } from "./unary-call.js";

export interface GrpcServerOptions {
  /** By path: `/package.Service/Method`. Others are answered with UNIMPLEMENTED. */
  readonly methods: ReadonlyMap<string, UnaryMethod>;
  /** Bytes of one message; a larger one is answered with RESOURCE_EXHAUSTED. */
  readonly maxMessageSize: number;
  /** Bytes of messages that have not come whole yet, of all calls together. */
  readonly maxReceiving: number;
  readonly maxConnections: number;
  /** Calls at once on one connection. */
  readonly maxConcurrentStreams: number;
  readonly log: GrpcServerLog;
  readonly counts?: ConnectionCounts | undefined;
}

/** Counts connections. */
export interface ConnectionCounts {
  connectionOpened(): void;
  connectionClosed(): void;
  connectionsRefused(): void;
}

/** What the operator is to know. */
export interface GrpcServerLog {
  /** A client broke the protocol, or its connection broke. */
  connectionFailed(error: Error): void;
  /** As many connections were closed at once since the last look: there were too many. */
  connectionsRefused(count: number): void;
  /** A client sends calls that HTTP/2 does not allow: a gateway whose requests have an empty authority. Told once. */
  callsWithoutAuthority(): void;
  /** A method has thrown what is no `GrpcError`. */
  methodFailed(error: unknown): void;
}

/** Milliseconds between two looks at what makes no progress, and in how many of them something has to happen. */
const ROUND = 10_000;
const PATIENCE = 6;

export class GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #limits: { -readonly [Key in keyof CallLimits]: CallLimits[Key] };
  readonly #connectionOptions: ConnectionOptions;
  readonly #connections = new Set<Http2Connection>();
  readonly #calls = new IdTable<UnaryCall>();
  readonly #rounds: NodeJS.Timeout;
  #receiving = 0;
  #refused = 0;
  #hasToldOfAuthority = false;
  #isDraining = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    this.#rounds = setInterval(() => this.#lookAround(), ROUND).unref();
    this.#limits = {
      maxMessageSize: options.maxMessageSize,
      round: 0,
      reserve: (size) => this.#reserve(size),
      release: (size) => (this.#receiving -= size),
      failed: (error) => options.log.methodFailed(error),
    };
    this.#connectionOptions = {
      methods: options.methods,
      maxConcurrentStreams: options.maxConcurrentStreams,
      limits: this.#limits,
      onCall: (call) => this.#calls.set(call.id, call),
      onCallClosed: (call) => this.#calls.delete(call.id),
      onClose: (connection, error) => this.#closed(connection, error),
    };
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Calls whose streams are open. */
  get calls(): number {
    return this.#calls.size;
  }

  /** Takes a connection over that a listener has accepted. */
  readonly accept = (socket: Socket): void => {
    if (this.#isDraining || this.#connections.size >= this.#options.maxConnections) {
      if (!this.#isDraining) this.#refuse();
      socket.destroy();
      return;
    }
    this.#connections.add(new Http2Connection(socket, this.#connectionOptions));
    this.#options.counts?.connectionOpened();
  };

  #refuse(): void {
    this.#refused += 1;
    this.#options.counts?.connectionsRefused();
  }

  /**
   * Asks all clients to go on elsewhere, as a successor has the address. New connections are taken all the same. May be called
   * again.
   */
  handOver(): void {
    for (const connection of this.#connections) connection.drain();
  }

  /**
   * Asks all clients to go on elsewhere and waits until their calls are answered, at most `patience` milliseconds; then what still runs
   * ends with UNAVAILABLE. The listener is to be closed before.
   */
  async close(patience: number): Promise<void> {
    this.#isDraining = true;
    this.handOver();
    const timer = setTimeout(() => this.#end(), patience);
    while (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
    clearTimeout(timer);
    clearInterval(this.#rounds);
    this.#tellOfRefused();
  }

  #end(): void {
    for (const call of this.#calls.values()) call.end();
    // What has just been said still goes out.
    setImmediate(() => {
      for (const connection of this.#connections) connection.destroy();
    });
  }

  #closed(connection: Http2Connection, error: Error | undefined): void {
    this.#lookForAuthority(connection);
    if (this.#connections.delete(connection)) this.#options.counts?.connectionClosed();
    if (error !== undefined) this.#options.log.connectionFailed(error);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  #reserve(size: number): boolean {
    if (this.#receiving + size > this.#options.maxReceiving) return false;
    this.#receiving += size;
    return true;
  }

  #lookAround(): void {
    this.#limits.round += 1;
    for (const call of this.#calls.values()) call.endStale(PATIENCE);
    for (const connection of this.#connections) {
      connection.endStale(1);
      this.#lookForAuthority(connection);
    }
    this.#tellOfRefused();
  }

  #tellOfRefused(): void {
    if (this.#refused > 0) this.#options.log.connectionsRefused(this.#refused);
    this.#refused = 0;
  }

  #lookForAuthority(connection: Http2Connection): void {
    if (this.#hasToldOfAuthority || !connection.isRefusedByProtocol) return;
    this.#hasToldOfAuthority = true;
    this.#options.log.callsWithoutAuthority();
  }
}
