// Owns what a call asks its server while it runs: the definition of its API. The gateway itself can be asked nothing.
import { MessageError } from "./message-error.js";

/** The one ask there is. */
export interface DefinitionAsk {
  readonly ask: "definition";
  readonly apiId: string;
}

/**
 * Bytes of an ask, for {@link readDefinitionAsk}. The answer is the definition as JSON, nothing where the server has no source of
 * definitions, or, where it failed, why: text.
 */
export function encodeDefinitionAsk(apiId: string): Buffer {
  return Buffer.from(JSON.stringify({ ask: "definition", apiId } satisfies DefinitionAsk));
}

/** @throws {MessageError} for anything else: plugin code can get at its end of the channel. */
export function readDefinitionAsk(bytes: Buffer): DefinitionAsk {
  const value = parse(bytes);
  if (typeof value === "object" && value !== null && "ask" in value && value.ask === "definition") {
    if ("apiId" in value && typeof value.apiId === "string") return { ask: "definition", apiId: value.apiId };
  }
  throw new MessageError("COPROCESS_MALFORMED", "the isolate asks for something else than an API definition");
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    // Bytes of plugin code: who asks for them says what is wrong.
    return undefined;
  }
}
