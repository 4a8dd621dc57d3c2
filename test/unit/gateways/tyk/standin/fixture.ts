// One stand-in with all that is around it: a scripted plugin server, an upstream, a client that sends what it is told.
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { findTykRelease } from "../../../../../src/gateways/tyk/releases/index.js";
import {
  describeApi,
  type AnalyticsRecord,
  type FiredEvent,
  GrpcDispatcher,
  type GrpcOptions,
  httpUpstream,
  KeyStore,
  serveGateway,
  type ServedGateway,
  type StandinApi,
  TykGateway,
  type TykGatewayOptions,
} from "../../../../../src/gateways/tyk/standin/index.js";
import { type Script, ScriptedServer } from "./scripted-server.js";

export interface Setting {
  /** Of the gateway; 5.14.0 by default. */
  readonly version?: string;
  readonly api?: Partial<StandinApi>;
  readonly script?: Script;
  readonly gateway?: Partial<TykGatewayOptions>;
  readonly grpc?: Partial<GrpcOptions>;
  /** Headers, flat, and body that the upstream answers with. */
  readonly upstream?: { readonly headers?: readonly string[]; readonly body?: string | Buffer };
}

export interface Seen {
  readonly method: string;
  readonly url: string;
  /** Names in lower case; values of one name joined with a bar. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the connection ended in the middle. */
  readonly isCut: boolean;
}

export interface Sending {
  readonly method?: string;
  /** Flat: name, value, name, value. */
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
}

export class Fixture {
  readonly plugins: ScriptedServer;
  readonly gateway: TykGateway;
  readonly upstream: Seen[] = [];
  readonly events: FiredEvent[];
  readonly records: AnalyticsRecord[];
  readonly log: string[];
  /** Milliseconds that the clock of the gateway's store is ahead. */
  readonly clock: { ahead: number };
  readonly #served: ServedGateway;
  readonly #closers: (() => void | Promise<void>)[];

  private constructor(parts: {
    plugins: ScriptedServer;
    gateway: TykGateway;
    upstream: Seen[];
    events: FiredEvent[];
    records: AnalyticsRecord[];
    log: string[];
    clock: { ahead: number };
    served: ServedGateway;
    closers: (() => void | Promise<void>)[];
  }) {
    ({
      plugins: this.plugins,
      gateway: this.gateway,
      upstream: this.upstream,
      events: this.events,
      records: this.records,
    } = parts);
    ({ log: this.log, clock: this.clock, served: this.#served, closers: this.#closers } = parts);
  }

  static async start({
    version = "5.14.0",
    api = {},
    script,
    gateway = {},
    grpc = {},
    upstream = {},
  }: Setting): Promise<Fixture> {
    const plugins = await ScriptedServer.start();
    if (script !== undefined) plugins.script = script;
    const release = findTykRelease(version);
    const dispatcher = new GrpcDispatcher({
      server: plugins.address,
      release,
      authority: release.authority === "option" ? "localhost" : undefined,
      ...grpc,
    });
    const seen: Seen[] = [];
    const service = await startUpstream(seen, upstream);
    const { ask, close: closeUpstream } = httpUpstream();
    const events: FiredEvent[] = [];
    const records: AnalyticsRecord[] = [];
    const log: string[] = [];
    const clock = { ahead: 0 };
    const targetUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const standin = new TykGateway({
      apis: [describeApi({ listenPath: "/t/", targetUrl, ...api })],
      dispatcher,
      upstream: ask,
      release,
      store: new KeyStore(() => Date.now() + clock.ahead),
      onEvent: (event) => events.push(event),
      onRecord: (record) => records.push(record),
      onLog: (line) => log.push(line),
      ...gateway,
    });
    const served = await serveGateway(standin, { host: "127.0.0.1", port: 0 });
    const closers = [
      () => served.close(),
      () => standin.events.settled(),
      () => dispatcher.close(),
      () => plugins.close(),
      closeUpstream,
      () => {
        service.closeAllConnections();
        service.close();
      },
    ];
    return new Fixture({ plugins, gateway: standin, upstream: seen, events, records, log, clock, served, closers });
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }

  /** Rejects where the connection ends without an answer. */
  async send(path: string, { method = "GET", headers = [], body, signal }: Sending = {}): Promise<Answer> {
    const flat = [
      "Host",
      "api.example",
      ...headers,
      ...(body === undefined ? [] : ["Content-Length", String(Buffer.byteLength(body))]),
    ];
    const { hostname, port } = new URL(this.#served.url);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { method, hostname, port, path, headers: flat, agent: false, ...(signal === undefined ? {} : { signal }) };
      request(options).once("response", resolve).once("error", reject).end(body);
    });
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    const isCut = await new Promise<boolean>((resolve) => {
      response.once("end", () => resolve(false)).once("error", () => resolve(true));
    });
    return {
      status: response.statusCode ?? 0,
      headers: joined(response.rawHeaders),
      body: Buffer.concat(chunks).toString(),
      isCut,
    };
  }
}

async function startUpstream(seen: Seen[], { headers = [], body = "up" }: Setting["upstream"] & object): Promise<Server> {
  const server = createServer((incoming, response) => {
    void buffer(incoming).then((received) => {
      seen.push({
        method: incoming.method ?? "",
        url: incoming.url ?? "",
        headers: joined(incoming.rawHeaders),
        body: received.toString(),
      });
      response.writeHead(200, [...headers, "Content-Length", String(Buffer.byteLength(body))]).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function joined(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? "").toLowerCase();
    const before = headers[name];
    headers[name] = before === undefined ? (raw[index + 1] ?? "") : `${before}|${raw[index + 1] ?? ""}`;
  }
  return headers;
}
