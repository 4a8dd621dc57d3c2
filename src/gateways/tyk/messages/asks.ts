// Owns what a call asks its server while it runs. The gateway itself can be asked nothing.
import { MessageError } from "./codec/message-error.js";

/** What a call can ask; `undefined` is the answer where the server has no source of definitions. */
export type ServerAsk =
  /** The definition of an API: answered with JSON. */
  | { readonly ask: "definition"; readonly apiId: string }
  /** The key with which hooks of this server seal what they keep for later hooks: answered with its bytes. */
  | { readonly ask: "key" }
  /** Wants no answer: the plugin's function `log` is to run with these bytes once this call is answered. */
  | { readonly ask: "log"; readonly state: Buffer };

/** Bytes of what is kept for a `log`. */
const MAX_STATE = 2 ** 20;

/** Bytes of an ask, for {@link readAsk}. Where it failed, the answer is why: text. */
export function encodeAsk(ask: ServerAsk): Buffer {
  return Buffer.from(JSON.stringify(ask.ask === "log" ? { ...ask, state: ask.state.toString("base64") } : ask));
}

/** @throws {MessageError} for anything else: plugin code can get at its end of the channel. */
export function readAsk(bytes: Buffer): ServerAsk {
  const value = parse(bytes);
  if (typeof value === "object" && value !== null && "ask" in value) {
    if (value.ask === "key") return { ask: "key" };
    if (value.ask === "definition" && "apiId" in value && typeof value.apiId === "string")
      return { ask: "definition", apiId: value.apiId };
    if (value.ask === "log" && "state" in value && typeof value.state === "string" && value.state.length <= 2 * MAX_STATE)
      return { ask: "log", state: Buffer.from(value.state, "base64") };
  }
  throw new MessageError("COPROCESS_MALFORMED", "the isolate asks for what there is not");
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    // Bytes of plugin code: who asks for them says what is wrong.
    return undefined;
  }
}
