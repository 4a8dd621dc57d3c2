// Owns which level is logged at least: for the server and, where it was said, for each plugin. Both change at run time.
import type { Logger } from "pino";
import { LOG_LEVELS, type LogLevelName, type LogOptions } from "./log-options.js";

/** As pino numbers them. */
const NUMBERS = Object.fromEntries(LOG_LEVELS.map((name, index) => [name, name === "silent" ? Infinity : (index + 1) * 10]));

const numberOf = (level: LogLevelName): number => NUMBERS[level] ?? Infinity;

export class LogLevels {
  readonly #plugins: Map<string, LogLevelName>;
  #level: LogLevelName;
  #logger: Logger | undefined;

  constructor({ level, plugins = {} }: Pick<LogOptions, "level" | "plugins">) {
    this.#level = level;
    this.#plugins = new Map(Object.entries(plugins));
  }

  /** Of what no plugin has a level of its own for. */
  get level(): LogLevelName {
    return this.#level;
  }

  /** The plugins that have one of their own. */
  get plugins(): ReadonlyMap<string, LogLevelName> {
    return this.#plugins;
  }

  /** What is logged at least of this plugin. */
  of(plugin: string): LogLevelName {
    return this.#plugins.get(plugin) ?? this.#level;
  }

  /** The least of all: what is below it is logged of nobody. */
  get lowest(): LogLevelName {
    return [this.#level, ...this.#plugins.values()].reduce((a, b) => (numberOf(b) < numberOf(a) ? b : a));
  }

  /** From now on; without a plugin, for all that have none of their own. */
  set(level: LogLevelName, plugin?: string): void {
    if (plugin === undefined) this.#level = level;
    else this.#plugins.set(plugin, level);
    if (this.#logger !== undefined) this.#logger.level = this.lowest;
  }

  /** Whether a line of this level is logged: about the plugin that its fields name, if any. */
  allow(fields: unknown, level: number): boolean {
    if (this.#plugins.size === 0) return true;
    const plugin = typeof fields === "object" && fields !== null && "plugin" in fields ? fields.plugin : undefined;
    return level >= numberOf(typeof plugin === "string" ? this.of(plugin) : this.#level);
  }

  /** Its level follows from now on. */
  govern(logger: Logger): void {
    this.#logger = logger;
  }
}
