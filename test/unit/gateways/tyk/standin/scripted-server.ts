// A plugin server that answers as a test says: real gRPC on node:http2, with a codec that is not the product's own.
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const PROTO = fileURLToPath(new URL("../../../../../src/gateways/tyk/messages/coprocess.proto", import.meta.url));
const root = (await new protobuf.Root().load(PROTO, { keepCase: true })).resolveAll();
const ObjectType = root.lookupType("coprocess.Object");
const EventType = root.lookupType("coprocess.Event");

/** A message as plain data, in the spelling of the .proto file. */
export interface Fields {
  [name: string]: unknown;
}

export interface HookCall extends Fields {
  readonly hook_name: string;
  readonly hook_type: number;
  request: Fields;
  spec: Record<string, string>;
  session?: Fields;
  metadata?: Record<string, string>;
  response?: Fields;
}

/** What a hook answers: a message, or a gRPC status. */
export type HookAnswer = Fields | { readonly grpcStatus: number; readonly grpcMessage: string };

export type Script = (call: HookCall, stream: ServerHttp2Stream) => HookAnswer | Promise<HookAnswer>;

export class ScriptedServer {
  readonly calls: HookCall[] = [];
  readonly events: Fields[] = [];
  readonly authorities: string[] = [];
  /** `grpc-timeout` of each call. */
  readonly deadlines: unknown[] = [];
  script: Script = (call) => call;
  onEvent: () => void = () => {};
  address = "";
  readonly #sessions = new Set<ServerHttp2Session>();
  #server: Http2Server;

  private constructor() {
    this.#server = this.#create();
  }

  static async start(path?: string): Promise<ScriptedServer> {
    const started = new ScriptedServer();
    await started.#listen(path ?? 0);
    started.address =
      path === undefined ? `tcp://127.0.0.1:${(started.#server.address() as AddressInfo).port}` : `unix://${path}`;
    return started;
  }

  /** Again, where it was before. */
  async restart(): Promise<void> {
    this.#server = this.#create();
    await this.#listen(Number(this.address.split(":").at(-1)));
  }

  async close(): Promise<void> {
    const server = this.#server;
    for (const session of this.#sessions) session.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #create(): Http2Server {
    return createServer()
      .on("session", (session) => {
        this.#sessions.add(session);
        session.once("close", () => this.#sessions.delete(session)).on("error", () => {});
      })
      .on("stream", (stream, headers) => {
        this.authorities.push(String(headers[":authority"]));
        this.deadlines.push(headers["grpc-timeout"]);
        stream.on("error", () => {});
        this.#answer(stream, String(headers[":path"])).catch((error: unknown) => finish(stream, 13, String(error)));
      });
  }

  #listen(place: number | string): Promise<void> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      if (typeof place === "string") server.listen(place, resolve);
      else server.listen(place, "127.0.0.1", resolve);
    });
  }

  async #answer(stream: ServerHttp2Stream, path: string): Promise<void> {
    const message = (await buffer(stream)).subarray(5);
    if (path === "/coprocess.Dispatcher/DispatchEvent") {
      const { payload } = EventType.toObject(EventType.decode(message)) as { payload: string };
      this.events.push(JSON.parse(payload) as Fields);
      this.onEvent();
      send(stream, Buffer.alloc(0));
      return;
    }
    const call = ObjectType.toObject(ObjectType.decode(message), { longs: Number, enums: Number }) as HookCall;
    this.calls.push({ ...call, request: { ...call.request } });
    const answer = await this.script(call, stream);
    if ("grpcStatus" in answer) {
      finish(stream, Number(answer["grpcStatus"]), String(answer["grpcMessage"]));
      return;
    }
    send(stream, ObjectType.encode(ObjectType.fromObject(answer)).finish());
  }
}

function send(stream: ServerHttp2Stream, message: Uint8Array): void {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.concat([prefix, message]));
}

function finish(stream: ServerHttp2Stream, status: number, message: string): void {
  if (stream.closed || stream.headersSent) return;
  const headers = { "grpc-status": String(status), "grpc-message": encodeURIComponent(message) };
  stream.respond({ ":status": 200, "content-type": "application/grpc", ...headers }, { endStream: true });
}
