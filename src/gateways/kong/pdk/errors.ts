// Owns the errors that a PDK call can end with.

const MESSAGES = {
  /** The gateway ran the function and answered with an error (Kong up to 2.8; later ones answer nothing instead). */
  PDK_CALL_FAILED: (method, reason) => `${method} failed in the gateway: ${reason}`,
  /** No gateway runs the function in this phase; nothing was sent, as it would never be answered. */
  PDK_WRONG_PHASE: (method, reason) => `${method} cannot be called here: ${reason}`,
  /**
   * An argument that every gateway refuses, or that cannot be sent at all: a function, a symbol, a circular object. Nothing
   * was sent.
   */
  PDK_BAD_ARGUMENT: (method, reason) => `${method} got a wrong argument: ${reason}`,
  /** The body is not what its content type says, or of a type that is not read here. */
  PDK_BAD_BODY: (method, reason) => `${method} cannot read the body: ${reason}`,
  /** The body is larger than the call allows. */
  PDK_BODY_TOO_LARGE: (method, reason) => `${method} got no body: ${reason}`,
  /** The gateway speaks ProtoBuf:1, which has no message for the function or for an argument of it; nothing was sent. */
  PDK_NOT_CARRIED: (method, reason) =>
    `${method} cannot be called in ProtoBuf:1, the protocol that this gateway speaks: ${reason}; use MsgPack:1 for it`,
  /** The call came after `kong.response.exit()` or `.error()`, or after the handler had returned. */
  PDK_EVENT_ENDED: (method) =>
    `${method} was called after the end of its phase: await every call before the handler returns, ` +
    "and make none after kong.response.exit() or kong.response.error()",
  /** The event was given up before the gateway answered: its deadline passed, or the server is going down. */
  PDK_EVENT_CANCELLED: (method, reason) => `${method} got no answer because its event was cancelled: ${reason}`,
} as const satisfies Record<string, (method: string, reason: string) => string>;

/** The stable codes of {@link PdkError}. Match on these, never on a message. */
export type PdkErrorCode = keyof typeof MESSAGES;

/** Every code there is. */
export const PDK_ERROR_CODES = Object.keys(MESSAGES) as readonly PdkErrorCode[];

export interface PdkErrorDetails extends ErrorOptions {
  /** The gateway's name of the function, e.g. `kong.request.get_header`. */
  readonly method?: string;
  /** What the gateway or the server said about it. */
  readonly reason?: string;
}

/**
 * Thrown by the functions of `kong` when a call cannot have its answer.
 *
 * @example
 * try {
 *   await kong.service.setUpstream(config.upstream);
 * } catch (error) {
 *   if (!isPdkError(error) || error.code !== "PDK_CALL_FAILED") throw error;
 *   kong.response.exit(503, "no such upstream");
 * }
 */
export class PdkError extends Error {
  static {
    // The brand of this package's errors. The class has no base, as what plugins import imports nothing of the server.
    Object.defineProperty(this.prototype, Symbol.for("pluginserver.error"), { value: true });
  }

  override readonly name = "PdkError";
  readonly code: PdkErrorCode;
  /** The gateway's name of the function that was called; missing when the error is not about one call. */
  declare readonly method?: string;

  constructor(code: PdkErrorCode, { method, reason, ...options }: PdkErrorDetails = {}) {
    super(MESSAGES[code](method ?? "a PDK call", reason ?? "no reason was given"), options);
    this.code = code;
    if (method !== undefined) this.method = method;
  }
}

/** Whether a value is a {@link PdkError}, also one made by another copy of this package. */
export function isPdkError(value: unknown): value is PdkError {
  return value instanceof Error && value.name === "PdkError" && "code" in value && isPdkErrorCode(value.code);
}

function isPdkErrorCode(code: unknown): code is PdkErrorCode {
  return typeof code === "string" && Object.hasOwn(MESSAGES, code);
}
