// Serves a stand-in over real HTTP, and asks its upstream over real HTTP.
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { request as requestSecurely } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import type { ClientRequest, Dropped, ClientResponse, UpstreamHandler, ProxiedResponse } from "../exchange.js";
import type { TykGateway } from "../gateway.js";
import type { GoHeaderList } from "./go-headers.js";

export interface ServedGateway {
  readonly url: string;
  /** Closes every connection; what runs is given up. May be called twice. */
  close(): Promise<void>;
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
}

/** @throws where the address is taken. */
export async function serveGateway(
  gateway: Pick<TykGateway, "handle">,
  { host, port }: HttpServerOptions,
): Promise<ServedGateway> {
  const server = createServer((incoming, response) => {
    // The client left while it sent its body, or the answer is one that no HTTP can carry.
    answer(gateway, incoming, response).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(gateway: Pick<TykGateway, "handle">, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const left = new AbortController();
  response.once("close", () => left.abort());
  const outcome = await gateway.handle(await clientRequest(incoming), { signal: left.signal });
  if (!left.signal.aborted) write(outcome, response, incoming.socket);
}

async function clientRequest(incoming: IncomingMessage): Promise<ClientRequest> {
  return {
    method: incoming.method ?? "GET",
    target: incoming.url ?? "/",
    headers: pairs(incoming.rawHeaders),
    body: await buffer(incoming),
    scheme: "http",
    address: incoming.socket.remoteAddress ?? "",
  };
}

function write(outcome: ClientResponse | Dropped, response: ServerResponse, socket: Socket): void {
  if ("dropped" in outcome) {
    socket.destroy();
    return;
  }
  const { status, headers, body, isCut = false } = outcome;
  response.writeHead(status, headers.flat());
  if (!isCut) response.end(body);
  // Sent, and then nothing more: less than Content-Length said.
  else response.write(body, () => socket.end());
  if (isCut) response.flushHeaders();
}

function pairs(raw: readonly string[]): GoHeaderList {
  const list: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) list.push([raw[index] ?? "", raw[index + 1] ?? ""]);
  return list;
}

/** A service behind a gateway, at the target of each API. `close` ends its connections. */
export function httpUpstream(): { readonly ask: UpstreamHandler; readonly close: () => void } {
  const agent = new Agent({ keepAlive: true });
  const ask: UpstreamHandler = async ({ method, url, headers, body }, signal) => {
    const isSecure = url.protocol === "https:";
    const flat = headers.flat();
    const options = { method, headers: flat, setHost: false, signal, ...(isSecure ? {} : { agent }) };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = (isSecure ? requestSecurely : request)(url, options);
      asked.once("response", resolve).once("error", reject).end(body);
    });
    const answered: ProxiedResponse = {
      status: response.statusCode ?? 502,
      headers: pairs(response.rawHeaders),
      body: await buffer(response),
    };
    return answered;
  };
  return { ask, close: () => agent.destroy() };
}
