// A gRPC server whose methods tests look into, on a real socket.
import type { Address } from "../../../../../src/gateways/tyk/address/index.js";
import { setImmediate } from "node:timers/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  type UnaryContext,
  type CancelReason,
  GrpcError,
  GrpcServer,
  type GrpcServerOptions,
  healthMethods,
  listen,
  type Listener,
  STATUS,
  type UnaryMethod,
} from "../../../../../src/gateways/tyk/http2/index.js";

/** A call of `Hold`: it is answered when the test says so. */
export interface HeldCall {
  readonly message: Buffer;
  readonly call: UnaryContext;
  readonly cancelled: Promise<CancelReason>;
  answer(message: Uint8Array): void;
}

export class TransportServer {
  readonly server: GrpcServer;
  readonly said: string[] = [];
  isServing = true;
  #listener: Listener | undefined;
  readonly #held: HeldCall[] = [];
  #onHeld: (() => void) | undefined;

  private constructor(options: Partial<GrpcServerOptions>) {
    const methods = new Map<string, UnaryMethod>([
      ["/test.Test/Echo", (message) => Promise.resolve(message)],
      ["/test.Test/Metadata", (_message, { metadata }) => Buffer.from(JSON.stringify(metadata))],
      ["/test.Test/Hold", (message, call) => this.#hold(message, call)],
      ["/test.Test/Fail", (message) => Promise.reject(new GrpcError(STATUS.NOT_FOUND, message.toString()))],
      ["/test.Test/Throw", () => Promise.reject(new TypeError("thrown by a test"))],
      ...healthMethods({ services: ["test.Test"], isServing: () => this.isServing }),
    ]);
    this.server = new GrpcServer({
      methods,
      maxMessageSize: 1024 * 1024,
      maxReceiving: 64 * 1024 * 1024,
      maxConnections: 100,
      maxConcurrentStreams: 1000,
      log: {
        connectionFailed: ({ message }) => this.said.push(`connection failed: ${message}`),
        connectionsRefused: (count) => this.said.push(`refused: ${count}`),
        callsWithoutAuthority: () => this.said.push("calls without authority"),
        methodFailed: (error) => this.said.push(`method failed: ${String(error)}`),
      },
      ...options,
    });
  }

  static async start(options: Partial<GrpcServerOptions> = {}, address?: Address): Promise<TransportServer> {
    const started = new TransportServer(options);
    await started.listen(address ?? { kind: "tcp", host: "127.0.0.1", port: 0 });
    onTestFinished(() => started.close());
    return started;
  }

  async listen(address: Address): Promise<void> {
    this.#listener = await listen({
      address,
      mode: 0o600,
      onConnection: this.server.accept,
      onError: ({ message }) => this.said.push(message),
      patience: 5000,
    });
  }

  get address(): Address {
    if (this.#listener === undefined) throw new Error("does not listen");
    return this.#listener.address;
  }

  get port(): number {
    return this.address.kind === "tcp" ? this.address.port : 0;
  }

  async stopListening(): Promise<void> {
    await this.#listener?.close();
  }

  async close(patience = 0): Promise<void> {
    await this.stopListening();
    await this.server.close(patience);
  }

  /** The next call of `Hold`. */
  async held(): Promise<HeldCall> {
    while (this.#held.length === 0) await new Promise<void>((resolve) => (this.#onHeld = resolve));
    const [call] = this.#held.splice(0, 1);
    if (call === undefined) throw new Error("no call");
    return call;
  }

  /** Resolves when this is so. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await setImmediate();
  }

  #hold(message: Buffer, call: UnaryContext): Promise<Uint8Array> {
    return new Promise((resolve) => {
      const cancelled = new Promise<CancelReason>((cancel) => {
        call.onCancel(cancel);
      });
      this.#held.push({ message, call, cancelled, answer: resolve });
      this.#onHeld?.();
    });
  }
}

/** A path for a Unix socket, in a folder that goes with the test. */
export async function socketPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tyk-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "tyk.sock");
}
