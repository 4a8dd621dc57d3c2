// A service that tells what it was asked: method, URL, headers and body, as JSON.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { collect } from "./client-body.js";
import { GatewayError } from "../errors.js";
import { headersFromRaw } from "../../pdk-functions/index.js";

export interface EchoUpstream {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** May be called twice. */
  close(): Promise<void>;
}

export interface EchoUpstreamOptions {
  readonly host?: string;
  /** 0 (the default) takes a free port. */
  readonly port?: number;
}

/**
 * Starts the service. In the query: `status=503` answers that status, `body=bin` eight binary bytes, `body=empty`
 * nothing, `body=echo` the request's body, `header=name:value` adds a header, `break` closes in the middle.
 */
export function startEchoUpstream(options: EchoUpstreamOptions = {}): Promise<EchoUpstream> {
  const { host = "127.0.0.1", port = 0 } = options;
  const server = createServer((incoming, outgoing) => {
    // A client that has left: nobody is there to be told.
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(new GatewayError("GATEWAY_LISTEN", `the echo upstream cannot listen on ${host}:${port}: ${error.message}`, error)),
    );
    server.listen(port, host, () => {
      const address = server.address();
      const actualPort = address === null || typeof address === "string" ? port : address.port;
      resolve({
        url: `http://${host}:${actualPort}`,
        host,
        port: actualPort,
        close: () => {
          const closed = new Promise<void>((done) => server.close(() => done()));
          server.closeAllConnections();
          return closed;
        },
      });
    });
  });
}

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = await collect(incoming);
  const query = new URL(incoming.url ?? "/", "http://echo").searchParams;
  const { type, bytes } = answerBody(incoming, body, query.get("body"));
  const headers = ["Content-Type", type, "X-Upstream", "echo"];
  for (const header of query.getAll("header")) headers.push(...header.split(/:(.*)/s).slice(0, 2));
  outgoing.writeHead(Number(query.get("status") ?? 200), [...headers, "Content-Length", String(bytes.length)]);
  if (!query.has("break")) {
    outgoing.end(bytes);
    return;
  }
  outgoing.write(bytes.subarray(0, 1), () => outgoing.destroy());
}

function answerBody(incoming: IncomingMessage, body: Buffer, kind: string | null): { type: string; bytes: Buffer } {
  if (kind === "bin") return { type: "application/octet-stream", bytes: Buffer.from("000102fffe80c328", "hex") };
  if (kind === "empty") return { type: "application/json", bytes: Buffer.alloc(0) };
  if (kind === "echo") return { type: "application/octet-stream", bytes: body };
  const told = {
    method: incoming.method,
    url: incoming.url,
    headers: headersFromRaw(incoming.rawHeaders),
    body: body.toString("utf8"),
    body_len: body.length,
  };
  return { type: "application/json", bytes: Buffer.from(`${JSON.stringify(told)}\n`) };
}
