// What real Tyk gateways said, replayed: the real server has to answer what they took, and the stand-in to do what they did.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findTykRelease } from "../../src/gateways/tyk/releases/index.js";
import { type DispatcherClient, StandinError, TykGateway } from "../../src/gateways/tyk/standin/index.js";
import { createTempDir, isRecord, type RunningServer, startServer, type TempDir } from "../support/index.js";
import { GrpcClient } from "../unit/gateways/tyk/http2/grpc-client.js";
import { peerDecode } from "../unit/gateways/tyk/messages/peer.js";
import {
  type RecordedAnswer,
  type RecordedExchange,
  type RecordedHook,
  tykRecordings,
  type TykRecording,
} from "./tyk-recording.js";

const PLUGINS = fileURLToPath(new URL("../tyk/plugins", import.meta.url));

const recordings = tykRecordings().map((recording): [string, TykRecording] => [
  `${recording.gateway} ${recording.scenario}`,
  recording,
]);

describe("the server answers what the gateway took", () => {
  let temp: TempDir;
  let server: RunningServer;
  const path = (): string => join(temp.path, "tyk.sock");

  beforeAll(async () => {
    temp = createTempDir("tyk-recordings");
    server = await startServer({ plugins: PLUGINS, flags: ["-tyk", `unix://${path()}`] });
  });
  afterAll(async () => {
    await server.close();
    temp.remove();
  });

  const ours = recordings.filter(([, { isScripted }]) => !isScripted);

  it.each(ours)("%s", async (_name, { exchanges }) => {
    const client = new GrpcClient({ kind: "unix", path: path() });
    for (const { name, calls } of exchanges)
      for (const call of calls) {
        const { status, details, message } = await client.call(`/coprocess.Dispatcher/${call.method}`, {
          message: call.request,
          metadata: ownMetadata(call),
        });
        expect({ name, status, details, reply: read(call, message) }).toEqual({
          name,
          status: call.status,
          details: call.message,
          reply: read(call, call.reply),
        });
      }
  });
});

/** What a client of gRPC may set itself. */
const ownMetadata = ({ metadata }: RecordedHook): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).filter(([name]) => !/^(?::|content-type$|te$|user-agent$|grpc-)/.test(name)));

const read = ({ method }: RecordedHook, message: Buffer | undefined): unknown =>
  message === undefined || method === "DispatchEvent" ? message?.length : peerDecode(message);

describe("the stand-in does what the gateway did", () => {
  it.each(recordings)("%s", async (_name, { gateway, apis, exchanges }) => {
    const replaying = new Replay();
    const standin = new TykGateway({
      apis,
      release: findTykRelease(gateway),
      dispatcher: replaying,
      upstream: (request) => Promise.resolve(replaying.ask(request)),
    });
    for (const exchange of exchanges) {
      const { request } = exchange;
      replaying.begin(exchange);
      const outcome = await standin.handle({ ...request, scheme: "http", address: "127.0.0.1" });
      await standin.events.settled();
      expect({ ...replaying.seen(), response: "dropped" in outcome ? "dropped" : answered(outcome) }).toEqual(expected(exchange));
    }
  });
});

/** A plugin server and an upstream that say again what they said then, and remember what they were asked. */
class Replay implements DispatcherClient {
  #exchange: RecordedExchange | undefined;
  #calls: unknown[] = [];
  #asked: unknown[] = [];

  begin(exchange: RecordedExchange): void {
    this.#exchange = exchange;
    this.#calls = [];
    this.#asked = [];
  }

  seen(): { readonly name: string; readonly calls: readonly unknown[]; readonly asked: readonly unknown[] } {
    return { name: this.#exchange?.name ?? "", calls: this.#calls, asked: this.#asked };
  }

  dispatch(object: Buffer): Promise<Buffer> {
    const call = this.#exchange?.calls.filter(({ method }) => method === "Dispatch")[this.#calls.length];
    this.#calls.push(called("Dispatch", object));
    if (call?.reply !== undefined) return Promise.resolve(call.reply);
    return Promise.reject(new StandinError("TYK_STANDIN_CALL", call?.message ?? "no such call", { status: call?.status ?? 13 }));
  }

  dispatchEvent(event: Buffer): Promise<void> {
    this.#calls.push(called("DispatchEvent", event));
    return Promise.resolve();
  }

  ask({
    method,
    url,
    headers,
    body,
  }: {
    readonly method: string;
    readonly url: URL;
    readonly headers: Pairs;
    readonly body: Buffer;
  }) {
    const answer = this.#exchange?.upstream[this.#asked.length];
    this.#asked.push(request(method, url.pathname + url.search, headers, body));
    if (answer === undefined) throw new Error("the gateway did not ask");
    return answer.response;
  }
}

type Pairs = RecordedAnswer["headers"];

const expected = ({ name, calls, upstream, response }: RecordedExchange): unknown => ({
  name,
  calls: calls.map((call) => called(call.method, call.request)),
  asked: upstream.map(({ request: { method, target, headers, body } }) => request(method, target, headers, body)),
  response: response === undefined ? "dropped" : answered(response),
});

/** What follows from the moment, and what Go's own HTTP client and server add. */
const ADDED = /^(?:date|connection|keep-alive|transfer-encoding|accept-encoding)$/;

function comparable(headers: Pairs): string[] {
  const lines = headers.map(([name, value]) => [name.toLowerCase(), value] as const).filter(([name]) => !ADDED.test(name));
  return lines.map(([name, value]) => `${name}: ${value.replace(/^Tyk\/v.*/, "Tyk")}`).sort();
}

const answered = ({ status, headers, body }: RecordedAnswer): unknown => ({
  status,
  headers: comparable(headers),
  body: body.toString("latin1"),
});

const request = (method: string, target: string, headers: Pairs, body: Buffer): unknown => ({
  method,
  target,
  headers: comparable(headers),
  body: body.toString("latin1"),
});

function called(method: RecordedHook["method"], message: Buffer): unknown {
  if (method === "DispatchEvent") return comparableEvent(message);
  const { session, response, ...rest } = peerDecode(message);
  return {
    ...rest,
    ...(isRecord(session) ? { session: comparableSession(session) } : {}),
    ...(isRecord(response) ? { response: inOrder(response) } : {}),
  };
}

/** Without what follows from the moment; parts without fields say the same as none. */
function comparableSession(session: Readonly<Record<string, unknown>>): unknown {
  const kept = Object.entries(session).filter(([name, value]) => name !== "quota_renews" && !(isRecord(value) && isEmpty(value)));
  return Object.fromEntries(kept);
}

const isEmpty = (value: Readonly<Record<string, unknown>>): boolean => Object.keys(value).length === 0;

/** Go walks through a map in an order of its own. */
function inOrder(response: Readonly<Record<string, unknown>>): unknown {
  const all = Array.isArray(response["multivalue_headers"]) ? response["multivalue_headers"] : [];
  return { ...response, multivalue_headers: all.map((header) => JSON.stringify(header)).sort() };
}

function comparableEvent(message: Buffer): unknown {
  // The payload is the message's only field, a text.
  const json: unknown = JSON.parse(message.subarray(message.indexOf("{")).toString());
  if (!isRecord(json) || !isRecord(json["message"]) || !isRecord(json["message"]["Meta"])) throw new Error("no event");
  const { Type, Meta } = json["message"];
  const { OriginatingRequest, ...meta } = Meta;
  return { ...json, message: { Type, Meta: { ...meta, has: typeof OriginatingRequest } } };
}
