// Names what the isolates of a server may use, and how long they may take.

/** Times in milliseconds, sizes in bytes. */
export interface IsolateLimits {
  readonly memory: number;
  readonly maxCalls: number;
  readonly stallTimeout: number;
  readonly loadTimeout: number;
  /** Of a request's body that the gateway leaves in a file. */
  readonly maxBodySize: number;
  /** How long an isolate without instances stays. */
  readonly idleTimeout: number;
  /** How long one that serves a socket of its own may take to end. */
  readonly endTimeout: number;
  /** Milliseconds that a plugin may take to clean up. */
  readonly disposeTimeout: number;
  /** The environment that plugin code sees. */
  readonly env: Readonly<Record<string, string | undefined>>;
}
