// Writes the response to the client: a whole body, or the service's answer as it arrives.

import type { ServerResponse } from "node:http";
import { finished, pipeline } from "node:stream/promises";

import type { ServiceAnswer } from "../exchange.js";
import { type GatewayRequest, getHeader, type HeaderList, removeHeader, setHeader } from "../../pdk-functions/index.js";

/** nginx's own status for a client that left before it had the response. */
const CLIENT_CLOSED_REQUEST = 499;

// nginx names the character set of texts that do not.
const CHARSET_TYPES = new Set(["text/html", "text/plain", "text/xml", "application/javascript", "application/rss+xml"]);

/** Gives a whole response the headers it leaves with. Returns its body; undefined where its status allows none. */
export function completeResponse({ method, response }: GatewayRequest): Buffer | undefined {
  const body = response.body ?? Buffer.alloc(0);
  const hasNoBody = response.status === 204 || response.status === 304 || response.status < 200;
  if (hasNoBody) removeHeader(response.headers, "content-length");
  else if (method !== "HEAD" || getHeader(response.headers, "content-length") === undefined) {
    setHeader(response.headers, "Content-Length", [String(body.length)]);
  }
  if (response.source !== "service") nameCharset(response.headers);
  return hasNoBody ? undefined : body;
}

/** Resolves when the response is out, or the client is gone. */
export async function sendWhole(request: GatewayRequest, outgoing: ServerResponse): Promise<void> {
  const { response } = request;
  const body = completeResponse(request);
  await settled(request, outgoing, async () => {
    outgoing.writeHead(response.status, response.headers.flat());
    outgoing.end(body);
    await finished(outgoing);
  });
}

export async function sendStream(request: GatewayRequest, outgoing: ServerResponse, answer: ServiceAnswer): Promise<void> {
  await settled(request, outgoing, async () => {
    const { status, headers } = request.response;
    if (answer.statusMessage === undefined) outgoing.writeHead(status, headers.flat());
    else outgoing.writeHead(status, answer.statusMessage, headers.flat());
    await pipeline(answer, outgoing);
  });
}

async function settled(request: GatewayRequest, outgoing: ServerResponse, send: () => Promise<void>): Promise<void> {
  const before = outgoing.socket?.bytesWritten ?? 0;
  const { socket } = outgoing;
  try {
    if (outgoing.destroyed) throw new Error("the client is gone");
    await send();
  } catch {
    // The client left, or the service broke off: in both cases the connection is of no more use.
    if (!outgoing.headersSent || outgoing.destroyed) request.response.status = CLIENT_CLOSED_REQUEST;
    outgoing.destroy();
  }
  request.bytes.sent = Math.max(0, (socket?.bytesWritten ?? 0) - before);
}

function nameCharset(headers: HeaderList): void {
  const contentType = getHeader(headers, "content-type");
  if (contentType === undefined || !CHARSET_TYPES.has(contentType.trim().toLowerCase())) return;
  setHeader(headers, "Content-Type", [`${contentType}; charset=UTF-8`]);
}
