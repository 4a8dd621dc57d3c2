// Owns reading a recording of a real Tyk gateway: JSON Lines, one exchange each, checked into typed lines.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describeApi, type StandinApi } from "../../src/gateways/tyk/standin/index.js";
import { isRecord } from "../support/index.js";

const FOLDER = fileURLToPath(new URL("../tyk/recordings", import.meta.url));

type Pairs = readonly (readonly [name: string, value: string])[];

/** One gRPC call: the gateway's message, and the reply that it took or the status that it was told. */
export interface RecordedHook {
  readonly method: "Dispatch" | "DispatchEvent";
  /** With `:authority`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly request: Buffer;
  readonly reply: Buffer | undefined;
  readonly status: number;
  readonly message: string;
}

export interface RecordedAnswer {
  readonly status: number;
  readonly headers: Pairs;
  readonly body: Buffer;
}

interface Requested {
  readonly method: string;
  readonly target: string;
  readonly headers: Pairs;
  readonly body: Buffer;
}

/** What one request of a client led to. */
export interface RecordedExchange {
  readonly name: string;
  readonly request: Requested;
  /** In the order in which they came to the server. */
  readonly calls: readonly RecordedHook[];
  readonly upstream: readonly { readonly request: Requested; readonly response: RecordedAnswer }[];
  /** Undefined where the connection was closed without an answer. */
  readonly response: RecordedAnswer | undefined;
}

export interface TykRecording {
  readonly gateway: string;
  readonly scenario: string;
  /** Whether a script answered, with what no server of ours would. */
  readonly isScripted: boolean;
  readonly apis: readonly StandinApi[];
  readonly exchanges: readonly RecordedExchange[];
}

export function tykRecordings(): TykRecording[] {
  return readdirSync(FOLDER).flatMap((release) =>
    readdirSync(`${FOLDER}/${release}`).map((file) => readRecording(`${FOLDER}/${release}/${file}`)),
  );
}

function readRecording(path: string): TykRecording {
  const [meta, ...exchanges] = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => record(JSON.parse(line)));
  if (meta?.["kind"] !== "meta") throw new Error(`${path} does not begin with its gateway`);
  return {
    gateway: text(meta["gateway"]),
    scenario: text(meta["scenario"]),
    isScripted: meta["server"] === "scripted",
    apis: list(meta["apis"]).map((api) => readApi(record(api))),
    exchanges: exchanges.map(readExchange),
  };
}

/** Regular expressions are text in a recording. */
function readApi(api: Readonly<Record<string, unknown>>): StandinApi {
  return describeApi({
    ...(api as Partial<StandinApi>),
    targetUrl: text(api["targetUrl"]),
    ignored: list(api["ignored"] ?? []).map((pattern) => new RegExp(text(pattern))),
    rewrites: list(api["rewrites"] ?? []).map((rewrite) => {
      const { pattern, to } = record(rewrite);
      return { pattern: new RegExp(text(pattern)), to: text(to) };
    }),
  });
}

function readExchange(line: Readonly<Record<string, unknown>>): RecordedExchange {
  const response = record(line["response"]);
  return {
    name: text(line["name"]),
    request: readRequest(record(line["request"])),
    calls: list(line["calls"]).map((call) => readCall(record(call))),
    upstream: list(line["upstream"]).map((asked) => {
      const { request, response: answered } = record(asked);
      return { request: readRequest(record(request)), response: readAnswer(record(answered)) };
    }),
    response: response["dropped"] === true ? undefined : readAnswer(response),
  };
}

function readCall(call: Readonly<Record<string, unknown>>): RecordedHook {
  const method = text(call["method"]);
  if (method !== "Dispatch" && method !== "DispatchEvent") throw new Error(`an unknown method: ${method}`);
  return {
    method,
    metadata: record(call["metadata"]) as Readonly<Record<string, string>>,
    request: Buffer.from(text(call["request"]), "base64"),
    reply: call["reply"] === undefined ? undefined : Buffer.from(text(call["reply"]), "base64"),
    status: Number(call["status"] ?? 0),
    message: text(call["message"] ?? ""),
  };
}

function readRequest(request: Readonly<Record<string, unknown>>): Requested {
  const target = text(request["target"] ?? request["url"]);
  return { method: text(request["method"]), target, headers: readHeaders(request), body: readBody(request) };
}

const readAnswer = (answer: Readonly<Record<string, unknown>>): RecordedAnswer => ({
  status: Number(answer["status"]),
  headers: readHeaders(answer),
  body: readBody(answer),
});

function readHeaders({ headers }: Readonly<Record<string, unknown>>): Pairs {
  const flat = list(headers).map(text);
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""] as const] : []));
}

const readBody = ({ body, base64 }: Readonly<Record<string, unknown>>): Buffer =>
  typeof base64 === "string" ? Buffer.from(base64, "base64") : Buffer.from(text(body ?? ""));

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  throw new Error(`no object: ${JSON.stringify(value)}`);
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`no list: ${JSON.stringify(value)}`);
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error(`no text: ${JSON.stringify(value)}`);
}
