// The gateway's log: handed to the caller's logger, and the last lines kept to look at.

import type { KongLogLevel, PluginLogLine } from "../pdk-functions/index.js";

export interface GatewayLogLine {
  readonly level: KongLogLevel;
  readonly message: string;
  /** Set when a plugin wrote the line (`kong.log.*`). */
  readonly plugin?: string;
  readonly requestId?: string;
}

/** Whose line it is; empty for the gateway's own. */
export type GatewayLogFields = Pick<GatewayLogLine, "plugin" | "requestId">;

/** A pino logger is one. */
export interface GatewayLogger {
  info(fields: GatewayLogFields, message: string): void;
  warn(fields: GatewayLogFields, message: string): void;
  error(fields: GatewayLogFields, message: string): void;
}

const LINES_KEPT = 1000;

const LOGGER_METHODS: Readonly<Record<KongLogLevel, keyof GatewayLogger>> = {
  emerg: "error",
  alert: "error",
  crit: "error",
  err: "error",
  warn: "warn",
  notice: "info",
  info: "info",
  debug: "info",
};

export class GatewayLog {
  readonly #logger: GatewayLogger | undefined;
  readonly #lines: GatewayLogLine[] = [];

  constructor(logger: GatewayLogger | undefined) {
    this.#logger = logger;
  }

  get lines(): readonly GatewayLogLine[] {
    return this.#lines;
  }

  readonly plugin = (line: PluginLogLine): void => this.#add(line);

  readonly gateway = (level: "warn" | "error", message: string): void => {
    this.#add({ level: level === "error" ? "err" : "warn", message });
  };

  #add(line: GatewayLogLine): void {
    if (this.#lines.length >= LINES_KEPT) this.#lines.shift();
    this.#lines.push(line);
    const { level, message, ...fields } = line;
    this.#logger?.[LOGGER_METHODS[level]](fields, message);
  }
}
