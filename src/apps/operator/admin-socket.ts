// Owns a server's admin socket: over it an operator sees and changes what runs. It leads to the newest server of its path.
import type { Logger } from "pino";
import { EarlySocket } from "../../core/supervisor/index.js";
import { HttpServer, type Routes } from "./http-server.js";

/** For the server's user alone: whoever reaches it can end the server. */
const MODE = 0o600;

export class AdminSocket {
  readonly path: string;
  readonly #socket: EarlySocket;
  readonly #http: HttpServer;

  private constructor(path: string, socket: EarlySocket, http: HttpServer) {
    this.path = path;
    this.#socket = socket;
    this.#http = http;
  }

  /** Undefined where there can be none, which is told: plugins are served in any case. */
  static async open(path: string, routes: Routes, logger: Logger): Promise<AdminSocket | undefined> {
    const told = (error: Error): void =>
      logger.warn(`the admin socket ${path} cannot be used, status and control do not work: ${error.message}`);
    try {
      const socket = await EarlySocket.open({ name: "admin", path, mode: MODE, isAnyLength: true });
      const http = new HttpServer(routes, logger);
      // A successor that takes the path over is told of by the server's own socket.
      socket.use({ onConnection: (connection) => http.accept(connection), onError: told });
      return new AdminSocket(path, socket, http);
    } catch (error) {
      told(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  /** The server has started: a predecessor needs the path no more. */
  serving(): void {
    this.#socket.serving();
  }

  /** The server did not start: a predecessor that still runs has its path back. */
  async giveUp(): Promise<void> {
    await this.#socket.giveUp();
    this.#http.close();
  }

  /** The path goes at once, unless a successor has it; who is connected hears until {@link end}. */
  async close(): Promise<void> {
    await this.#socket.close();
  }

  /** Ends every connection. */
  end(): void {
    this.#http.close();
  }
}
