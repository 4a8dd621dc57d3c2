// Makes what a hook returns to end its request or to accept its key.
import { isUtf8 } from "node:buffer";
import { isRecord } from "../../../../core/model/index.js";
import { TykError } from "../../api/index.js";
import type { OverridesInput, SessionInput } from "../../messages/index.js";
import { toJson } from "../http/body.js";
import { assertChangeable, headerName, headerValue, showShort, wellFormed } from "../http/http-rules.js";
import { finalStatus, isBodiless } from "../http/response.js";

/** What plugin code gets of it is a frozen object without fields. */
export class HookReply {
  readonly #overrides: OverridesInput;

  constructor(overrides: OverridesInput) {
    this.#overrides = overrides;
    Object.freeze(this);
  }

  static overridesOf(value: HookReply): OverridesInput {
    return value.#overrides;
  }
}

export interface Acceptance {
  readonly session: SessionInput;
  readonly metadata: ReadonlyMap<string, string>;
}

export class HookSession {
  readonly #acceptance: Acceptance;

  constructor(acceptance: Acceptance) {
    this.#acceptance = acceptance;
    Object.freeze(this);
  }

  static acceptanceOf(value: HookSession): Acceptance {
    return value.#acceptance;
  }
}

const XML_PAGES: ReadonlySet<string> = new Set(["application/xml", "text/xml", "application/soap+xml"]);
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * What a reply says, with its text as the gateway's page can have it: the gateway writes markup into a page in XML as it is, which it
 * sends for a request of such a type, and in JSON puts a backslash before an apostrophe, after which no parser takes the page.
 */
export function overridesFor(reply: HookReply, contentType: string | undefined): OverridesInput {
  const overrides = HookReply.overridesOf(reply);
  const { response_error: text } = overrides;
  if (text === undefined || !/['&<>]/.test(text)) return overrides;
  const quoted = text.replaceAll("'", "\u2019");
  const isXml = XML_PAGES.has(contentType?.split(";", 1)[0] ?? "");
  return { ...overrides, response_error: isXml ? quoted.replace(/[&<>]/g, (character) => ENTITIES[character] ?? "") : quoted };
}

const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";
const MIN_ERROR = 400;

/** @throws {TykError} for what the gateway cannot send. */
export function makeReply(status: unknown, body: unknown, headers: unknown): HookReply {
  const subject = "respond()";
  const code = finalStatus(status, subject);
  const { text, type } = replyBody(body, subject);
  if (text !== "" && isBodiless(code)) throw new TykError("TYK_BAD_ARGUMENT", subject, `a response with ${code} has no body`);
  const all = replyHeaders(headers, subject);
  // Without one the gateway guesses, and takes JSON for plain text.
  if (type !== undefined && !all.has("Content-Type")) all.set("Content-Type", type);
  // Without override_error statuses from 400 get the gateway's error page, and count as failed authentication.
  return new HookReply({ response_code: code, response_body: text, headers: all, override_error: true });
}

/** @throws {TykError} for what the gateway cannot send. */
export function makeDenial(status: unknown, message: unknown, headers: unknown): HookReply {
  const subject = "deny()";
  const code = status === undefined ? 403 : finalStatus(status, subject);
  if (code < MIN_ERROR)
    throw new TykError("TYK_BAD_ARGUMENT", subject, `a status from ${MIN_ERROR} on, not ${code}: see respond()`);
  if (message !== undefined && typeof message !== "string")
    throw new TykError(
      "TYK_BAD_ARGUMENT",
      subject,
      `the message is text, not ${showShort(message)}: for anything else there is respond()`,
    );
  const all = replyHeaders(headers, subject);
  if (all.has("Content-Type"))
    throw new TykError("TYK_NOT_CARRIED", subject, "the error page has its own Content-Type: use respond() for another body");
  return new HookReply({ response_code: code, response_error: wellFormed(message ?? "", subject), headers: all });
}

interface ReplyBody {
  readonly text: string;
  /** Undefined for none. */
  readonly type: string | undefined;
}

function replyBody(body: unknown, subject: string): ReplyBody {
  if (body === undefined) return { text: "", type: undefined };
  if (typeof body === "string") return { text: wellFormed(body, subject), type: TEXT };
  if (!(body instanceof Uint8Array)) return { text: wellFormed(toJson(body, subject), subject), type: JSON_TYPE };
  if (isUtf8(body)) return { text: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString(), type: TEXT };
  throw new TykError(
    "TYK_NOT_CARRIED",
    subject,
    "the bytes are not UTF-8, and early replies are text in the gateway's messages: let the upstream or a response hook answer with them",
  );
}

function replyHeaders(headers: unknown, subject: string): Map<string, string> {
  const all = new Map<string, string>();
  for (const [name, value] of pairsOf(headers, subject)) {
    const place = `${subject} with header ${showShort(name)}`;
    const key = headerName(name, place);
    assertChangeable(key, place, "response");
    if (Array.isArray(value) && value.length !== 1)
      throw new TykError("TYK_NOT_CARRIED", place, "early replies have one value for each name");
    if (all.has(key))
      throw new TykError("TYK_NOT_CARRIED", place, "it is given twice, and early replies have one value for each name");
    all.set(key, headerValue(Array.isArray(value) ? value[0] : value, place));
  }
  return all;
}

function pairsOf(headers: unknown, subject: string): readonly (readonly [unknown, unknown])[] {
  if (headers === undefined) return [];
  if (typeof headers === "object" && headers !== null && Symbol.iterator in headers)
    return [...(headers as Iterable<unknown>)].map((pair) => {
      if (Array.isArray(pair) && pair.length === 2) return [pair[0], pair[1]] as const;
      throw new TykError("TYK_BAD_ARGUMENT", subject, "headers are an object, or pairs of name and value");
    });
  if (isRecord(headers)) return Object.entries(headers);
  throw new TykError("TYK_BAD_ARGUMENT", subject, `headers are an object, not ${showShort(headers)}`);
}
