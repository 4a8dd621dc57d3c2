// Owns all by which operators see and change a running server: its admin socket, its history, and what both are made of.
import type { Logger } from "pino";
import type { LogLevels } from "../../core/log/index.js";
import type { AdministeredEngine } from "../../core/server/index.js";
import type { Telemetry } from "../../core/telemetry/index.js";
import { AdminSocket } from "./admin-socket.js";
import { controlRoutes } from "./control.js";
import type { Routes } from "./http-server.js";
import { History } from "./history.js";
import { pageRoutes } from "./page/page.js";
import type { ServerState } from "./report.js";
import { summaryOf } from "./summary.js";
import { detailRoutes, healthRoutes, statusRoutes, type StatusSources } from "./status-routes.js";

/** Answers GET requests of one path. */
export type PublishedRoute = () => Promise<{
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}>;

export interface OperatorOptions {
  /** Of the admin socket. */
  readonly path: string;
  /** One for each gateway that is served. */
  readonly engines: readonly AdministeredEngine[];
  readonly telemetry: Telemetry;
  /** Where gateways reach the server. */
  readonly listening: () => readonly string[];
  /** Why they do not reach it any more; undefined where they do. */
  readonly unreachable: () => string | undefined;
  readonly levels: LogLevels;
  /** Brings the plugins up to date where they come from somewhere else: an operator wants them reloaded. */
  readonly fetchPlugins?: (() => Promise<void>) | undefined;
  /** Milliseconds. */
  readonly drainTimeout: number;
  readonly logger: Logger;
  /** Has tools find a path too, where something listens for them: what they see there changes nothing. */
  readonly publish: (path: string, route: PublishedRoute) => void;
}

export class Operator {
  /** Resolves with the reason when an operator has the server end. */
  readonly drained: Promise<string>;
  /** What the listener for tools shows too. */
  readonly sources: StatusSources;
  readonly #history: History;
  #socket: AdminSocket | undefined;
  #state: ServerState = "loading";

  private constructor({ engines, telemetry, listening, unreachable, levels }: OperatorOptions, drained: Promise<string>) {
    this.drained = drained;
    this.#history = new History(() => telemetry.snapshot());
    this.sources = {
      engines,
      history: this.#history,
      listening,
      unreachable,
      state: () => this.#state,
      figures: async () => {
        await telemetry.refresh();
        return telemetry.snapshot();
      },
      log: () => ({ level: levels.level, plugins: Object.fromEntries(levels.plugins) }),
    };
  }

  static async open(options: OperatorOptions): Promise<Operator> {
    const { path, engines, levels, drainTimeout, fetchPlugins, logger, publish } = options;
    let drain = (): void => {};
    const drained = new Promise<string>((resolve) => (drain = () => resolve("asked to over the admin socket")));
    const operator = new Operator(options, drained);
    const shown = { ...pageRoutes, ...statusRoutes(operator.sources), ...healthRoutes(operator.sources) };
    const routes = {
      ...shown,
      ...detailRoutes(operator.sources),
      ...controlRoutes({ engines, levels, drainTimeout, drain, fetchPlugins, logger }),
    };
    operator.#socket = await AdminSocket.open(path, routes, logger);
    publishAll(shown, publish);
    return operator;
  }

  /** How the server does, in one line; once it has started. */
  summary(): Promise<string> {
    return summaryOf(this.sources);
  }

  /** The server has started. */
  serving(): void {
    this.#state = "serving";
    this.#socket?.serving();
  }

  /** The server ends: the path goes, and who is connected hears how. */
  async draining(): Promise<void> {
    this.#state = "draining";
    await this.#socket?.close();
  }

  /** The server did not start: a predecessor that still runs has its path back. */
  async giveUp(): Promise<void> {
    this.#history.end();
    await this.#socket?.giveUp();
  }

  close(): void {
    this.#history.end();
    this.#socket?.end();
  }
}

function publishAll(routes: Routes, publish: OperatorOptions["publish"]): void {
  for (const [route, handler] of Object.entries(routes))
    publish(route.replace("GET ", ""), async () => {
      const { status = 200, headers, body } = await handler({ query: new URLSearchParams(), rest: "", body: undefined });
      if (typeof body !== "string") throw new TypeError(`${route} has no text`);
      return { status, contentType: headers["content-type"] ?? "text/plain", headers, body };
    });
}
