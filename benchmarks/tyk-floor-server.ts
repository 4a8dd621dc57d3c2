// The floor for Tyk: this project's transport and messages, with the hook written into the server. No isolate, no plugin API.
//
//   node tyk-floor-server.mjs SOCKET
import { GrpcServer, listen } from "../src/gateways/tyk/http2/index.js";
import { encodeRequestReply, readObjectHead, viewObject } from "../src/gateways/tyk/messages/index.js";

const [path = ""] = process.argv.slice(2);
const MB = 1024 * 1024;

function dispatch(message: Buffer): Promise<Uint8Array> {
  if (readObjectHead(message).hookName !== "tyk-hello") return Promise.reject(new Error("there is no such hook"));
  const request = viewObject(message).part("request");
  if (request === undefined) return Promise.reject(new Error("the call has no request"));
  const [url, method, rawBody] = [request.get("url"), request.get("method"), request.get("raw_body")];
  return Promise.resolve(encodeRequestReply({ url, method, rawBody, setHeaders: new Map([["X-Hello", "hello"]]) }));
}

const tell = (what: unknown): void => void process.stderr.write(`${String(what)}\n`);
const server = new GrpcServer({
  methods: new Map([["/coprocess.Dispatcher/Dispatch", dispatch]]),
  maxMessageSize: 64 * MB,
  maxReceiving: 1024 * MB,
  maxConnections: 1000,
  maxConcurrentStreams: 10_000,
  log: {
    connectionFailed: tell,
    connectionsRefused: tell,
    callsWithoutAuthority: () => tell("calls without authority"),
    methodFailed: tell,
  },
});
await listen({ address: { kind: "unix", path }, mode: 0o600, onConnection: server.accept, onError: tell });
process.on("SIGTERM", () => process.exit());
