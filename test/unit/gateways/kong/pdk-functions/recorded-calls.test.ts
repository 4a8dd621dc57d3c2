// Every PDK call recorded from Kong, made again: answered or refused, by which Step, with which data.

import { describe, expect, it } from "vitest";

import { type Phase } from "../../../../../src/gateways/kong/standin/index.js";
import {
  argumentsFromWire,
  callPdk,
  createGatewayFacts,
  createGatewayRequest,
  RefusedCall,
  takeServiceResponse,
  type GatewayRequest,
  type HeaderList,
  type PdkAnswer,
  type PdkCall,
} from "../../../../../src/gateways/kong/pdk-functions/index.js";
import { fromRecorded, hasVectors, parseHead, readVectors, toRecorded, type VectorLine } from "../standin/vectors.js";

// Kong 3.9.3 has no recording of the log phase here; 3.4.2 differs only in functions it did not know yet.
const FILES: readonly { file: string; phase: Phase }[] = [
  { file: "3.9.3/pdk-rewrite.jsonl", phase: "rewrite" },
  { file: "3.9.3/pdk-access.jsonl", phase: "access" },
  { file: "3.9.3/pdk-response.jsonl", phase: "response" },
  { file: "3.4.2/pdk-log.jsonl", phase: "log" },
];

const DEPENDS_ON_THE_MACHINE = new Set([
  "kong.client.get_port",
  "kong.log.serialize",
  "kong.nginx.get_statistics",
  "kong.nginx.req_start_time",
  "kong.node.get_hostname",
  "kong.node.get_id",
  "kong.node.get_memory_stats",
  "kong.plugin.get_id",
  "kong.request.get_start_time",
]);

const NOT_IN_3_4 = new Set(["kong.service.set_retries", "kong.service.set_timeouts"]);

interface Recording {
  readonly meta: VectorLine;
  readonly calls: readonly VectorLine[];
}

describe.each(FILES)("$file", ({ file, phase }) => {
  const isThere = hasVectors(file);
  const recording = isThere ? readRecording(file) : { meta: {}, calls: [] };
  const cases = recording.calls
    .filter((line) => !(phase === "log" && NOT_IN_3_4.has(String(line["method"]))))
    .map((line, index) => ({ name: `${index} ${String(line["method"])} ${JSON.stringify(line["args"])}`, line }));

  it.runIf(isThere)("has calls", () => expect(cases.length).toBeGreaterThan(100));

  it.each(cases)("$name", async ({ line }) => {
    const request = requestAsRecorded(recording, phase);
    const answer = await answerTo({ request, phase }, line);
    if (line["answered"] !== true) {
      expect(answer).toBe(isEnding(line, phase) ? "ended" : "refused");
      return;
    }
    const method = String(line["method"]);
    expect(answer).toMatchObject({ kind: "step", step: String(line["step"]).replace("plugin.", "") });
    const data = typeof answer === "string" ? undefined : (answer as { data?: unknown }).data;
    expect(data === undefined).toBe(!("data" in line));
    if (!DEPENDS_ON_THE_MACHINE.has(method)) expect(toRecorded(data)).toEqual(withoutQuirks(line, phase));
  });
});

function readRecording(file: string): Recording {
  const [meta = {}, ...calls] = readVectors(file);
  return { meta, calls };
}

async function answerTo(where: Pick<PdkCall, "request" | "phase">, line: VectorLine): Promise<PdkAnswer | string> {
  const call: PdkCall = {
    ...where,
    plugin: { id: "e20bef67-3f90-494b-a10c-553a390cafa6", name: "rec" },
    facts: createGatewayFacts({
      config: () => ({
        consumers: [fromRecordedConsumer()],
        upstreams: [{ name: "alt-upstream", targets: [{ host: "127.0.0.1", port: 18402 }] }],
      }),
    }),
    log: () => undefined,
  };
  try {
    const answer = await callPdk(call, String(line["method"]), argumentsFromWire(fromRecorded(line["args"])));
    return answer.kind === "ended" ? "ended" : answer;
  } catch (error) {
    if (error instanceof RefusedCall) return "refused";
    throw error;
  }
}

let recordedConsumer: unknown;

function fromRecordedConsumer(): { id: string; username: string; created_at: number; updated_at: number } {
  return recordedConsumer as ReturnType<typeof fromRecordedConsumer>;
}

function isEnding(line: VectorLine, phase: Phase): boolean {
  return phase !== "log" && /response\.(exit|error)$/.test(String(line["method"]));
}

function requestAsRecorded({ meta, calls }: Recording, phase: Phase): GatewayRequest {
  const recorded = meta["request"] as { head: unknown; body: string };
  const { first, headers } = parseHead(recorded.head);
  const [method = "", uri = ""] = first.split(" ");
  const request = createGatewayRequest({
    method,
    uri,
    headers,
    body: Buffer.from(recorded.body),
    server: { port: 18400 },
  });
  recordedConsumer = dataOf(calls, "kong.client.load_consumer") ?? {
    id: "6384e2b2-184b-4bf5-aecc-f10ca7a6563c",
    username: "alice",
  };
  if (phase === "rewrite") return request;
  authenticate(request, calls);
  request.route = dataOf(calls, "kong.router.get_route") as NonNullable<GatewayRequest["route"]>;
  request.service = dataOf(calls, "kong.router.get_service") as NonNullable<GatewayRequest["service"]>;
  const path = uri.replace(/\?.*/, "");
  request.captures = { unnamed: [path, "42"], named: { id: "42" } };
  if (phase !== "access") answerOfService(request, calls, phase);
  return request;
}

function dataOf(calls: readonly VectorLine[], method: string): unknown {
  return calls.find((line) => line["method"] === method && "data" in line)?.["data"];
}

/** Kong's own key-auth had run before. */
function authenticate(request: GatewayRequest, calls: readonly VectorLine[]): void {
  request.consumer = dataOf(calls, "kong.client.get_consumer");
  request.credential = dataOf(calls, "kong.client.get_credential");
  request.headers.push(
    ["X-Consumer-ID", "6384e2b2-184b-4bf5-aecc-f10ca7a6563c"],
    ["X-Consumer-Custom-ID", "cust-1"],
    ["X-Consumer-Username", "alice"],
    ["X-Credential-Identifier", "fe43c3f2-e5e2-4165-ab45-64d6cb3cd5af"],
  );
}

function answerOfService(request: GatewayRequest, calls: readonly VectorLine[], phase: Phase): void {
  request.isBuffered = phase === "response";
  const headers: HeaderList = [
    ["Content-Type", "application/json"],
    ["X-Multi", "a"],
    ["X-Multi", "b"],
    ["X-Upstream", "echo"],
    ["X-Bin", "caf\xe9"],
    ["X-Empty", phase === "response" ? " " : ""],
    ["Content-Length", "517"],
  ];
  if (phase === "log") headers.push(["Via", "kong/3.4.2"]);
  takeServiceResponse(request, 200, headers);
  const body = fromRecorded(dataOf(calls, "kong.service.response.get_raw_body"));
  request.serviceResponse = { status: 200, headers, body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) };
}

/** Kong's latency headers differ from run to run. */
function withoutQuirks(line: VectorLine, phase: Phase): unknown {
  const { data } = line;
  if (phase !== "log" || line["method"] !== "kong.response.get_headers") return data;
  const entries = Object.entries(data as Record<string, unknown>);
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith("x-kong-")));
}
