// The bodies of the responses the gateway makes itself, in the format the client accepts.

import { getHeaderValues, type HeaderList } from "./headers.js";

const MESSAGES = new Map<number, string>([
  [400, "Bad request"],
  [401, "Unauthorized"],
  [402, "Payment required"],
  [403, "Forbidden"],
  [404, "Not found"],
  [405, "Method not allowed"],
  [406, "Not acceptable"],
  [407, "Proxy authentication required"],
  [408, "Request timeout"],
  [409, "Conflict"],
  [410, "Gone"],
  [411, "Length required"],
  [412, "Precondition failed"],
  [413, "Payload too large"],
  [414, "URI too long"],
  [415, "Unsupported media type"],
  [416, "Range not satisfiable"],
  [417, "Expectation failed"],
  [418, "I'm a teapot"],
  [421, "Misdirected request"],
  [422, "Unprocessable entity"],
  [423, "Locked"],
  [424, "Failed dependency"],
  [425, "Too early"],
  [426, "Upgrade required"],
  [428, "Precondition required"],
  [429, "Too many requests"],
  [431, "Request header fields too large"],
  [451, "Unavailable for legal reasons"],
  [494, "Request header or cookie too large"],
  [500, "An unexpected error occurred"],
  [501, "Not implemented"],
  [502, "An invalid response was received from the upstream server"],
  [503, "The upstream server is currently unavailable"],
  [504, "The upstream server is timing out"],
  [505, "HTTP version not supported"],
  [506, "Variant also negotiates"],
  [507, "Insufficient storage"],
  [508, "Loop detected"],
  [510, "Not extended"],
  [511, "Network authentication required"],
]);

type Format = "json" | "html" | "xml" | "plain";

const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  json: "application/json; charset=utf-8",
  html: "text/html; charset=utf-8",
  xml: "application/xml; charset=utf-8",
  plain: "text/plain; charset=utf-8",
};

const FORMATS = new Map<string, Format>([
  ["application/json", "json"],
  ["application/*", "json"],
  ["text/html", "html"],
  ["application/xml", "xml"],
  ["text/plain", "plain"],
  ["text/*", "plain"],
]);

export function errorMessage(status: number): string {
  return MESSAGES.get(status) ?? `The upstream server responded with ${status}`;
}

/** The Content-Type an error gets for this request: the accepted one with the highest quality, else JSON. */
export function errorContentType(requestHeaders: HeaderList): string {
  let best: { format: Format; quality: number } = { format: "json", quality: 0 };
  for (const entry of getHeaderValues(requestHeaders, "accept").join(",").split(",")) {
    const [type = "", ...parameters] = entry.split(";").map((part) => part.trim().toLowerCase());
    const stated = parameters.findLast((parameter) => /^q=[\d.]/.test(parameter));
    const quality = Number(stated === undefined ? 1 : /^[\d.]+/.exec(stated.slice("q=".length))?.[0]);
    if (!type.slice(1, -1).includes("/") || !(quality > best.quality)) continue;
    best = { format: FORMATS.get(type) ?? "json", quality };
  }
  return CONTENT_TYPES[best.format];
}

/** The body of an error; the message (a byte string) goes in as it is. */
export function errorBody(contentType: string, message: string, requestId: string): Buffer {
  const [type = ""] = contentType.split(";");
  return Buffer.from(template(FORMATS.get(type.trim().toLowerCase()) ?? "json", message, requestId), "latin1");
}

function template(format: Format, message: string, requestId: string): string {
  switch (format) {
    case "json":
      return `{\n  "message":"${message}",\n  "request_id":"${requestId}"\n}`;
    case "plain":
      return `${message}\nrequest_id: ${requestId}\n`;
    case "xml":
      return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<error>\n' +
        `  <message>${message}</message>\n  <requestid>${requestId}</requestid>\n</error>\n`
      );
    case "html":
      return (
        '<!doctype html>\n<html>\n  <head>\n    <meta charset="utf-8">\n    <title>Error</title>\n  </head>\n  <body>\n' +
        `    <h1>Error</h1>\n    <p>${message}.</p>\n    <p>request_id: ${requestId}</p>\n  </body>\n</html>\n`
      );
  }
}
