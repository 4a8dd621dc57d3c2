// Remembers the calls of `kong.response.error` that ended events: Kong 2.0 lacks the function, and steps on after it.
import { STATUS_CODES } from "node:http";
import { decodeValue, encodeCall } from "../../msgpack/index.js";
import { methodOfCall } from "./call-text.js";

const ERROR = "kong.response.error";
const DEFAULT_STATUS = 500;
/** The step comes at once where one comes at all: other events end meanwhile, but not many. */
const MAX_KEPT = 100;
/** Bytes. Of a larger call its status is kept. */
const MAX_CALL_SIZE = 64 * 1024;

export class ErrorCalls {
  readonly #calls = new Map<number, Buffer>();

  /** An event has ended with this call. */
  ended(eventId: number, call: Buffer): void {
    if (methodOfCall(call) !== ERROR) return;
    // Its memory may be one that many calls share, or is freed once it is sent.
    this.#calls.set(eventId, call.length > MAX_CALL_SIZE ? encodeCall(ERROR, [argumentsOf(call)[0]]) : Buffer.from(call));
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > MAX_KEPT && oldest !== undefined) this.#calls.delete(oldest);
  }

  /** The exit that does what the call was to do, for a gateway that lacks it; undefined where the event ended otherwise. */
  exitAfter(eventId: number): Buffer | undefined {
    const call = this.#calls.get(eventId);
    if (call === undefined) return undefined;
    this.#calls.delete(eventId);
    return exitInPlaceOf(call);
  }

  clear(): void {
    this.#calls.clear();
  }
}

function argumentsOf(call: Buffer): readonly unknown[] {
  const decoded = decodeValue(call);
  const args = typeof decoded === "object" && decoded !== null && "Args" in decoded ? decoded.Args : undefined;
  return Array.isArray(args) ? args : [];
}

function exitInPlaceOf(call: Buffer): Buffer {
  const [status, message, headers] = argumentsOf(call);
  const code = typeof status === "number" ? status : DEFAULT_STATUS;
  const body = { message: message ?? STATUS_CODES[code] ?? "An unexpected error occurred" };
  // Anything else in their place is none, as for the function itself; exit would refuse it.
  const hasHeaders = typeof headers === "object" && headers !== null && !Array.isArray(headers);
  return encodeCall("kong.response.exit", hasHeaders ? [code, body, headers] : [code, body]);
}
