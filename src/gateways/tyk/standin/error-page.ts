// Writes the gateway's error pages.
import type { GatewayResponse } from "./exchange.js";
import { GoHeaders } from "./go-headers.js";

const XML = new Set(["application/xml", "text/xml"]);
const SOAP = "application/soap+xml";

/** JSON, or XML for a request whose body is XML. `headers` are those that were set before. */
export function errorPage(request: GoHeaders, status: number, message: string, headers = new GoHeaders()): GatewayResponse {
  const type = (request.get("Content-Type") ?? "").split(";", 1)[0]?.trim() ?? "";
  const isXml = XML.has(type) || type === SOAP;
  headers.set("Content-Type", type === SOAP ? "application/xml" : isXml ? type : "application/json");
  headers.set("X-Generator", "tyk.io");
  const page = isXml
    ? `<?xml version = "1.0" encoding = "UTF-8"?>\n<error>${escapeXml(message)}</error>`
    : `{\n    "error": ${JSON.stringify(message)}\n}`;
  const body = Buffer.from(page);
  headers.set("Content-Length", String(body.length));
  return { status, headers: headers.list(), body };
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "'": "&#39;", "<": "&lt;", ">": "&gt;", '"': "&#34;" };

const escapeXml = (text: string): string => text.replace(/[&'<>"]/g, (character) => ENTITIES[character] ?? character);
