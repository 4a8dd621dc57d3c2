// Owns which level is logged at least: for the server and, where it was said, for each plugin. Both change at run time.
import type { Logger } from "pino";
import { LOG_LEVELS, type LogLevelName, type LogOptions } from "./log-options.js";

/** As pino numbers them. */
const NUMBERS = Object.fromEntries(LOG_LEVELS.map((name, index) => [name, name === "silent" ? Infinity : (index + 1) * 10]));

/** The level of a plugin as a number, in memory that threads share: they follow it. */
export type FollowedLevel = Int32Array<SharedArrayBuffer>;
/** For "silent": no level is that high. */
const HIGHEST = 1000;

const numberOf = (level: LogLevelName): number => NUMBERS[level] ?? Infinity;

export class LogLevels {
  readonly #plugins: Map<string, LogLevelName>;
  readonly #followed: FollowedLevel | undefined;
  readonly #followers = new Map<string, FollowedLevel>();
  readonly #listeners = new Map<(level: number) => void, string>();
  #level: LogLevelName;
  #logger: Logger | undefined;

  /** Where there is a level to follow, it counts for everything: the thread is of one plugin. */
  constructor({ level, plugins = {} }: Pick<LogOptions, "level" | "plugins">, followed?: FollowedLevel) {
    this.#followed = followed;
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
    if (this.#followed !== undefined) return "trace";
    return [this.#level, ...this.#plugins.values()].reduce((a, b) => (numberOf(b) < numberOf(a) ? b : a));
  }

  /** From now on; without a plugin, for all that have none of their own. */
  set(level: LogLevelName, plugin?: string): void {
    if (plugin === undefined) this.#level = level;
    else this.#plugins.set(plugin, level);
    if (this.#logger !== undefined) this.#logger.level = this.lowest;
    for (const [name, follower] of this.#followers) follower[0] = this.#numberOf(name);
    for (const [listener, name] of this.#listeners) listener(this.#numberOf(name));
  }

  #numberOf(plugin: string): number {
    return Math.min(numberOf(this.of(plugin)), HIGHEST);
  }

  /** Tells what another process of this plugin is to follow, until the function that is returned is called. */
  tell(plugin: string, listener: (level: number) => void): () => void {
    this.#listeners.set(listener, plugin);
    return () => void this.#listeners.delete(listener);
  }

  /** What another thread of this plugin follows. */
  followedBy(plugin: string): FollowedLevel {
    let follower = this.#followers.get(plugin);
    if (follower === undefined) this.#followers.set(plugin, (follower = new Int32Array(new SharedArrayBuffer(4))));
    follower[0] = this.#numberOf(plugin);
    return follower;
  }

  /** Whether a line of this level is logged: about the plugin that its fields name, if any. */
  allow(fields: unknown, level: number): boolean {
    if (this.#followed !== undefined) return level >= (this.#followed[0] ?? 0);
    if (this.#plugins.size === 0) return true;
    const plugin = typeof fields === "object" && fields !== null && "plugin" in fields ? fields.plugin : undefined;
    return level >= numberOf(typeof plugin === "string" ? this.of(plugin) : this.#level);
  }

  /** Its level follows from now on. */
  govern(logger: Logger): void {
    this.#logger = logger;
  }
}
