// Listens for operators' tools over HTTP, on a port or a Unix socket. No gateway's traffic waits for it, and none ends where it cannot listen.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { UnixSocket } from "../../core/net/index.js";
import type { AdminRouter } from "./http-router.js";
import type { ListenAddress } from "./addresses.js";

export interface HttpListener {
  /** Where clients find it: with the port that is really used. */
  readonly url: string;
  /** May be called twice. */
  close(): Promise<void>;
}

const SOCKET_MODE = 0o600;
/** Milliseconds: a former server may still have the port. */
const RETRY = 1000;
/** Of a client that sends nothing. */
const IDLE = 10_000;
const MAX_CONNECTIONS = 100;

export async function listenForOperators(address: ListenAddress, router: AdminRouter, logger: Logger): Promise<HttpListener> {
  const server = createServer((request, response) => {
    router.handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = IDLE;
  server.keepAliveTimeout = IDLE;
  if (address.kind === "unix") return listenOnPath(address.path, server, logger);
  return new PortListener(server, address, logger).listen();
}

async function listenOnPath(path: string, server: Server, logger: Logger): Promise<HttpListener> {
  const socket = await UnixSocket.listen({
    path,
    mode: SOCKET_MODE,
    onConnection: (connection) => void server.emit("connection", connection),
    onError: (error) => logger.warn(`a connection to ${path} could not be accepted: ${error.message}`),
  });
  logger.info(`metrics are served on unix://${path}`);
  return {
    url: `unix://${path}`,
    close: async () => {
      await socket.close();
      server.closeAllConnections();
    },
  };
}

class PortListener implements HttpListener {
  readonly #server: Server;
  readonly #address: ListenAddress & { kind: "tcp" };
  readonly #logger: Logger;
  #retry: NodeJS.Timeout | undefined;
  #state: "waiting" | "listening" | "closed" = "waiting";

  constructor(server: Server, address: ListenAddress & { kind: "tcp" }, logger: Logger) {
    this.#server = server;
    this.#address = address;
    this.#logger = logger;
  }

  get url(): string {
    const { host, port } = this.#address;
    const bound = this.#state === "listening" ? (this.#server.address() as AddressInfo).port : port;
    return `http://${host.includes(":") ? `[${host}]` : host}:${bound}`;
  }

  /** Resolves with the first attempt; one that fails is repeated until the server ends. */
  listen(): Promise<this> {
    const { host, port } = this.#address;
    return new Promise((resolve) => {
      this.#server.once("error", (error) => {
        this.#logger.warn(`nothing can listen on ${this.url} for metrics, it is tried each second: ${error.message}`);
        this.#again();
        resolve(this);
      });
      this.#server.listen({ host, port }, () => {
        this.#listening();
        resolve(this);
      });
    });
  }

  close(): Promise<void> {
    clearTimeout(this.#retry);
    const wasListening = this.#state === "listening";
    this.#state = "closed";
    if (!wasListening) return Promise.resolve();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #again(): void {
    if (this.#state === "closed") return;
    const { host, port } = this.#address;
    this.#retry = setTimeout(() => {
      this.#server.once("error", () => this.#again());
      this.#server.listen({ host, port }, () => {
        this.#listening();
      });
    }, RETRY).unref();
  }

  #listening(): void {
    this.#server.removeAllListeners("error");
    this.#server.on("error", (error) => this.#logger.warn(`a connection for metrics could not be accepted: ${error.message}`));
    if (this.#state === "waiting") this.#state = "listening";
    this.#logger.info(`metrics are served on ${this.url}/metrics`);
  }
}
