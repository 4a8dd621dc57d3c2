// Owns the errors that a plugin's own code meets: refusals at the call that asks for what cannot be.

const CODES = {
  /** An argument of another type, or outside of what HTTP or the gateway's messages allow. */
  TYK_BAD_ARGUMENT: "got a wrong argument",
  /** The gateway would drop the change without a word: its message has no place for it. */
  TYK_NOT_CARRIED: "cannot be done: the gateway would drop it",
  /** The body is not what it was read as, or its encoding cannot be undone. */
  TYK_BAD_BODY: "cannot read the body",
  /** The decoded body is larger than the call allows. */
  TYK_BODY_TOO_LARGE: "gives no body",
  /** What a hook may look at and not change: a session after authentication, the request of a response hook. */
  TYK_READ_ONLY: "cannot be changed here",
  /** The function belongs to other hooks. */
  TYK_WRONG_HOOK: "cannot be called here",
  /** A hook returned what is no result, or did not return the result that it made. */
  TYK_BAD_RESULT: "has a wrong result",
  /** A session has no token, and there is no credential to make one from. */
  TYK_NO_TOKEN: "has no token",
  /** The definition of the API cannot be had. */
  TYK_NO_DEFINITION: "gives no definition",
  /** The call came after its hook had ended. */
  TYK_CALL_ENDED: "was called after the end of its hook: await everything before the hook returns",
  /** The call was given up: its client left, its deadline passed, or the server goes down. The reason of `signal`. */
  TYK_CALL_CANCELLED: "was given up",
  /** `config_data` of the API definition is not as the plugin's `config` wants it. */
  TYK_CONFIG_INVALID: "does not fit the plugin",
  /** `defineTykPlugin` got what is no plugin. */
  TYK_PLUGIN_INVALID: "is no plugin",
} as const;

/** The stable codes of {@link TykError}. Match on these, never on a message. */
export type TykErrorCode = keyof typeof CODES;

/** Every code there is. */
export const TYK_ERROR_CODES = Object.keys(CODES) as readonly TykErrorCode[];

/**
 * Thrown where a plugin asks for what the gateway cannot do. A hook that does not catch it fails, and the gateway answers with 500,
 * in `authCheck` with 403.
 *
 * @example
 * try {
 *   request.headers.append("X-Seen-By", "me");
 * } catch (error) {
 *   if (!isTykError(error) || error.code !== "TYK_NOT_CARRIED") throw error;
 * }
 */
export class TykError extends Error {
  static {
    // The brand of this package's errors. The class has no base, as what plugins import imports nothing of the server.
    Object.defineProperty(this.prototype, Symbol.for("pluginserver.error"), { value: true });
  }

  override readonly name = "TykError";
  readonly code: TykErrorCode;

  /** `subject`: the call or the thing; `reason`: why, and what to do instead. */
  constructor(code: TykErrorCode, subject: string, reason?: string, options?: ErrorOptions) {
    super(`${subject} ${CODES[code]}${reason === undefined ? "" : `: ${reason}`}`, options);
    this.code = code;
  }
}

/** Whether a value is a {@link TykError}, also one made by another copy of this package. */
export function isTykError(value: unknown): value is TykError {
  return value instanceof Error && value.name === "TykError" && "code" in value && isTykErrorCode(value.code);
}

const isTykErrorCode = (code: unknown): code is TykErrorCode => typeof code === "string" && Object.hasOwn(CODES, code);
