// Owns the types of `kong.log`: the gateway's error log and the request's log entry.

/** How `setSerializeValue` treats a key that is, or is not, there. */
export interface SerializeOptions {
  /** `set` always writes (the default), `add` only where there is nothing, `replace` only where there is something. */
  readonly mode?: "set" | "add" | "replace";
}

/** The log as a function: `kong.log("quota is used up")` is `kong.log.notice`. */
export type KongLogCall = (...message: unknown[]) => Promise<void>;

/**
 * Writes to the gateway's log. The parts of a message are joined without spaces. Called itself it is `notice`.
 *
 * @example
 * await kong.log.warn("quota of ", consumer.username, " is used up");
 * await kong.log("a notice");
 */
export interface KongLog extends KongLogCall {
  /**
   * Something must be done at once.
   *
   * Phases: all.
   */
  alert(...message: unknown[]): Promise<void>;

  /**
   * A critical failure.
   *
   * Phases: all.
   */
  crit(...message: unknown[]): Promise<void>;

  /**
   * An error.
   *
   * Phases: all.
   */
  err(...message: unknown[]): Promise<void>;

  /**
   * A warning.
   *
   * Phases: all.
   */
  warn(...message: unknown[]): Promise<void>;

  /**
   * Normal, but worth noting: the lowest level that Kong writes by default.
   *
   * Phases: all.
   */
  notice(...message: unknown[]): Promise<void>;

  /**
   * Information.
   *
   * Phases: all.
   */
  info(...message: unknown[]): Promise<void>;

  /**
   * Detail for finding faults.
   *
   * Phases: all.
   */
  debug(...message: unknown[]): Promise<void>;

  /**
   * Values laid out for reading, at the level `notice`.
   *
   * Phases: all.
   */
  inspect(...values: unknown[]): Promise<void>;

  /**
   * The log entry of the finished request, as **JSON text**: parse it yourself. What the logging plugins send.
   *
   * Phases: log. In 2.0.5 in rewrite and access as well.
   *
   * @example
   * const entry: unknown = JSON.parse(await kong.log.serialize());
   */
  serialize(): Promise<string>;

  /**
   * Puts a value into the log entry that `serialize` and the logging plugins give.
   *
   * Phases: certificate, rewrite, access, response (2.8.5+), preread, log (3.1.1+). Measured from 2.3.3.
   *
   * @param key - dots lead into objects: `"request.tenant"`
   */
  setSerializeValue(key: string, value: unknown, options?: SerializeOptions): Promise<void>;
}
