// Decides what the gateway is asked to do where a plugin failed: no request goes through as if nothing had been.
import type { FailureCall } from "./gateway-event.js";

/**
 * The phases in which a request can still be answered, as measured: elsewhere `exit` is refused. In `preread` it ends
 * the stream in 2.8.5 and 3.9.1; by the gateway's public sources so from 2.2 on, before that it is an error, which ends it as well.
 */
const EXIT_PHASES: ReadonlySet<string> = new Set(["rewrite", "access", "response", "preread"]);

/** What the client of the gateway reads. The reason is for the operator, not for the client. */
const CLIENT_MESSAGE = { message: "An unexpected error occurred" };

/** Ends the request as a Lua plugin's error does in Kong. */
export const FAIL_CLOSED = { method: "kong.response.exit", args: [500, CLIENT_MESSAGE] } as const;

/** What a service said of the body that is not sent. */
const OF_THE_BODY = [
  "Content-Type",
  "Content-Encoding",
  "Content-Language",
  "Content-Location",
  "Content-Disposition",
  "Content-Range",
  "Content-MD5",
  "Content-Digest",
  "Repr-Digest",
  "Digest",
  "Accept-Ranges",
  "ETag",
  "Last-Modified",
  "Cache-Control",
  "Expires",
  "Age",
] as const;

/** In `response` the service's headers stay where a plugin exits: the error would be called compressed, or be cached as its body. */
const CLEARED: readonly FailureCall[] = OF_THE_BODY.map((name) => ({
  method: "kong.response.clear_header",
  args: [name],
  ends: false,
}));

/** The gateway logs a server's own output at a level that is off by default, so the reason goes to its error log too. */
export function failureCalls(plugin: string, phase: string, reason: string, onError: "exit" | "continue"): FailureCall[] {
  const log = { method: "kong.log.err", args: [`plugin ${plugin} failed in ${phase}: ${reason}`], ends: false };
  if (onError !== "exit" || !EXIT_PHASES.has(phase)) return [log];
  // A stream has no JSON: the gateway writes the text to its log.
  if (phase === "preread") return [log, { method: FAIL_CLOSED.method, args: [500, CLIENT_MESSAGE.message], ends: true }];
  return [log, ...(phase === "response" ? CLEARED : []), { ...FAIL_CLOSED, ends: true }];
}
