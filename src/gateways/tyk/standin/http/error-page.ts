// Writes the gateway's error pages.
import type { TykExchange, ClientResponse } from "../exchange.js";
import { GoHeaders } from "./go-headers.js";

const SOAP = "application/soap+xml";
const XML: ReadonlySet<string> = new Set(["application/xml", "text/xml", SOAP]);

/** JSON, or XML for a request whose body is XML. `headers` are those that were set before. */
export function errorPage(
  { headers: request, release }: TykExchange,
  status: number,
  text: string,
  headers = new GoHeaders(),
): ClientResponse {
  const type = (request.get("Content-Type") ?? "").split(";", 1)[0] ?? "";
  const isXml = XML.has(type) && (type !== SOAP || release.soapPages);
  headers.set("Content-Type", isXml ? type : "application/json");
  headers.set("X-Generator", "tyk.io");
  // The text stands in XML as it is, markup included.
  const page = isXml
    ? `<?xml version = "1.0" encoding = "UTF-8"?>\n<error>${text}</error>\n`
    : `{\n    "error": "${escapeJs(text)}"\n}`;
  const body = Buffer.from(page);
  headers.set("Content-Length", String(body.length));
  return { status, headers: headers.list(), body };
}

const NAMED: Readonly<Record<string, string>> = { "\\": "\\\\", "'": "\\'", '"': '\\"' };

/** As Go's `template.JSEscapeString`: an apostrophe gets a backslash, which JSON does not know. */
const escapeJs = (text: string): string =>
  text.replace(
    /[\\'"<>&=\0-\x1f]|[^\x20-\x7f\p{L}\p{M}\p{N}\p{P}\p{S}]/gu,
    (character) => NAMED[character] ?? escapeUnit(character),
  );

const escapeUnit = (character: string): string =>
  `\\u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
