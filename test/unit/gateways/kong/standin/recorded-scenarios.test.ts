// Whole scenarios recorded from Kong, played again: the same requests through the gateway, with a plugin server that
// asks the recorded PDK calls. What the plugin server hears, the service gets and the client gets must be the same.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { startGateway, type Gateway } from "../../../../../src/gateways/kong/standin/index.js";
import { ask } from "./http-client.js";
import { ScriptedPluginServer, type Handler, type ScriptedPlugin } from "./scripted-plugin-server.js";
import { fromRecorded, hasVectors, parseHead, readVectors, toRecorded, type VectorLine } from "./vectors.js";

// 3.9.3 where there is a recording of it; the others differ from it in nothing that matters here.
const FILES = [
  "3.9.3/read.jsonl",
  "3.9.3/headers.jsonl",
  "3.9.3/body.jsonl",
  "3.9.3/mutate.jsonl",
  "3.9.3/exit.jsonl",
  "3.9.3/response.jsonl",
  "3.9.3/response-exit.jsonl",
  "3.9.3/two-plugins.jsonl",
  "3.4.2/query.jsonl",
  "3.4.2/error.jsonl",
  "3.4.2/log.jsonl",
];

/** Ports, ids and times of the recording, and the order nginx keeps headers in. */
const DEPENDS_ON_THE_MACHINE =
  /(client\.get_port|request\.get_port|router\.get_\w+|log\.serialize|req_start_time|node\.get_id|nginx\.get_var)$/;

interface RecordedCall {
  readonly method: string;
  readonly args: unknown;
  step?: { method: string; data: unknown };
}

interface RecordedRequest {
  readonly head: unknown;
  readonly body: unknown;
  answer?: VectorLine;
}

interface Scenario {
  readonly requests: RecordedRequest[];
  /** By plugin and phase, in order. */
  readonly events: Map<string, RecordedCall[][]>;
  readonly plugins: Set<string>;
}

describe.each(FILES)("%s", (file) => {
  const scenario = hasVectors(file) ? readScenario(readVectors(file)) : undefined;
  let pluginServer: ScriptedPluginServer;
  let gateway: Gateway;
  let service: Server;
  const mistakes: unknown[] = [];

  beforeAll(async () => {
    if (scenario === undefined) return;
    service = await startRecordersService();
    const { port } = service.address() as AddressInfo;
    pluginServer = await ScriptedPluginServer.start(pluginsOf(scenario, mistakes, () => port));
    gateway = await startGateway({
      port: 0,
      socketPath: pluginServer.socketPath,
      pluginInfos: pluginServer.pluginInfos,
      config: configOf(scenario, port),
    });
  });

  afterAll(async () => {
    if (scenario === undefined) return;
    await gateway.close();
    await pluginServer.close();
    service.closeAllConnections();
    await new Promise((resolve) => service.close(resolve));
  });

  const requests = (scenario?.requests ?? []).map((request, index) => ({ name: `request ${index + 1}`, request }));

  it.each(requests)("$name", async ({ request }) => {
    const { first, headers } = parseHead(request.head);
    const [method = "", uri = ""] = first.split(" ");
    const body = fromRecorded(request.body);
    const answer = await ask(`${gateway.url}${uri}`, {
      method,
      headers,
      ...(body === "" ? {} : { body: Buffer.isBuffer(body) ? body : String(body) }),
    });
    await gateway.idle();
    expect(mistakes.splice(0)).toEqual([]);
    const expected = parseHead(request.answer?.["head"]);
    // set_upstream to a known one: the recording could not reach it (see the README of the recordings).
    const isUnreachable = JSON.stringify(request.answer).includes("request_id: ");
    if (isUnreachable) return;
    expect(answer.status).toBe(Number(expected.first.split(" ")[1]));
    expect(comparableHeaders(answer.headers)).toEqual(comparableHeaders(expected.headers));
    expect(comparableBody(answer.text)).toEqual(comparableBody(expectedText(request.answer?.["body"])));
  });

  it.runIf(scenario)("asks the plugin server every recorded event", () => {
    expect([...(scenario?.events.values() ?? [])].flat()).toEqual([]);
  });
});

function readScenario(lines: readonly VectorLine[]): Scenario {
  const scenario: Scenario = { requests: [], events: new Map(), plugins: new Set() };
  const pluginOfInstance = new Map<unknown, string>();
  const events = new Map<unknown, RecordedCall[]>();
  let opening: { plugin: string; calls: RecordedCall[] } | undefined;
  let starting = "";
  for (const line of lines) {
    if (line["kind"] === "http") addHttp(scenario, line);
    if (line["kind"] !== "msg") continue;
    const [type, , method, args] = line["json"] as [number, number, string, Record<string, unknown>[]];
    const argument = (args as unknown[] | null)?.[0] as Record<string, unknown>;
    if (type === 0 && method === "plugin.StartInstance") {
      starting = String(argument["Name"]);
      scenario.plugins.add(starting);
    } else if (type === 0 && method === "plugin.HandleEvent") {
      const key = `${pluginOfInstance.get(argument["InstanceId"])} ${String(argument["EventName"])}`;
      opening = { plugin: key, calls: [] };
      scenario.events.set(key, [...(scenario.events.get(key) ?? []), opening.calls]);
    } else if (type === 0) {
      const call = events.get(argument["EventId"])?.at(-1);
      if (call !== undefined) call.step = { method: method.replace("plugin.", ""), data: argument["Data"] };
    } else if (type === 1) {
      const result = args as unknown as Record<string, unknown> | null;
      if (result === null) continue;
      if ("Id" in result) pluginOfInstance.set(result["Id"], starting);
      if (!("EventId" in result)) continue;
      const calls = events.get(result["EventId"]) ?? opening?.calls ?? [];
      events.set(result["EventId"], calls);
      const data = result["Data"] as { Method: string; Args: unknown } | "ret";
      if (data !== "ret") calls.push({ method: data.Method, args: data.Args });
    }
  }
  return scenario;
}

function addHttp(scenario: Scenario, line: VectorLine): void {
  if (line["dir"] === "client->kong") {
    scenario.requests.push({ head: line["head"], body: line["body"] });
    return;
  }
  const request = scenario.requests[Number(line["req"]) - 1];
  if (request !== undefined) request.answer = line;
}

function pluginsOf(scenario: Scenario, mistakes: unknown[], servicePort: () => number): Record<string, ScriptedPlugin> {
  const priorities: Record<string, number> = { "rec-two": 1 };
  const plugins = [...scenario.plugins].map((name): [string, ScriptedPlugin] => {
    const phases = [...scenario.events.keys()].filter((key) => key.startsWith(`${name} `)).map((key) => key.split(" ")[1] ?? "");
    const handlers = phases.map((phase): [string, Handler] => [
      phase,
      playEvent(scenario, `${name} ${phase}`, mistakes, servicePort),
    ]);
    return [name, { priority: priorities[name] ?? 10, ...Object.fromEntries(handlers) }];
  });
  return Object.fromEntries(plugins);
}

/** set_target names the recorder's own service. */
function withServicePort(method: string, args: unknown[], port: number): unknown[] {
  return method.endsWith("set_target") ? args.map((arg) => (arg === 18402 ? port : arg)) : args;
}

function playEvent(scenario: Scenario, key: string, mistakes: unknown[], servicePort: () => number): Handler {
  return async (kong) => {
    const calls = scenario.events.get(key)?.shift();
    if (calls === undefined) mistakes.push(`no ${key} was recorded`);
    for (const call of calls ?? []) {
      const args = withServicePort(call.method, fromRecorded(call.args) as unknown[], servicePort());
      const step = await kong(call.method.replace("kong.", ""), ...args);
      if (step.step !== call.step?.method) mistakes.push([call.method, args, step, call.step]);
      if (DEPENDS_ON_THE_MACHINE.test(call.method)) continue;
      const [actual, expected] = [comparableData(toRecorded(step.data)), comparableData(call.step?.data)];
      if (JSON.stringify(actual) !== JSON.stringify(expected)) mistakes.push([call.method, args, actual, expected]);
    }
  };
}

/** Sorted keys; text that is not UTF-8 as msgpack5 decodes it; large runs of bytes by length. */
function comparableData(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparableData);
  if (typeof value !== "object" || value === null) return value;
  if ("$str" in value && "$bytes" in value) return Buffer.from(String(value.$bytes), "base64").toString("utf8");
  if ("$bytes_repeat" in value && Array.isArray(value.$bytes_repeat)) {
    const [byte, count] = value.$bytes_repeat as [number, number];
    return Buffer.alloc(count, byte).toString("latin1");
  }
  if ("$bytes" in value) return withoutAddresses(Buffer.from(String(value.$bytes), "base64").toString("latin1"));
  const left = /^x-kong-|^via$|^date$|^x-empty$|^content-length$|^keep-alive$/;
  const entries = Object.entries(value).filter(([key]) => !left.test(key));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, comparableData(item)]));
}

function withoutAddresses(text: string): string {
  return text.replace(/127\.0\.0\.1:\d+/g, "HOST");
}

function comparableHeaders(headers: readonly (readonly [string, string])[]): string[] {
  const left = /^(date|connection|keep-alive|content-length|x-kong-.*|server|via)$/i;
  const lines = headers.filter(([name]) => !left.test(name)).map(([name, value]) => `${name.toLowerCase()}: ${value.trim()}`);
  return lines.sort();
}

function expectedText(body: unknown): string {
  const value = fromRecorded(body ?? "");
  return Buffer.isBuffer(value) ? value.toString("utf8") : String(value);
}

/** JSON by its value; ids of requests, addresses and table addresses aside. */
function comparableBody(text: string): unknown {
  const masked = withoutAddresses(text)
    // Where nothing is sent, node:http says so for some methods and nginx does not.
    .replace(/,?\["Content-Length","0"\]/, "")
    .replace('{"message":"m","code":7}', '{"code":7,"message":"m"}')
    .replace(/,?\n?\s*"request_id":\s*"[0-9a-f]+"\n?/, "")
    .replace(/\n\s*<(p>request_id|requestid).*/, "")
    .replace(/table: 0x[0-9a-f]+/, "table");
  try {
    return JSON.parse(masked) as unknown;
  } catch {
    return masked.replaceAll(/\s+/g, " ").replace(/ \}$/, "}");
  }
}

function configOf(scenario: Scenario, servicePort: number): unknown {
  const [request] = scenario.requests;
  const path = parseHead(request?.head).first.split(" ")[1]?.split(/[?/]/)[1] ?? "";
  return {
    _format_version: "3.0",
    services: [
      {
        name: "echo",
        url: `http://127.0.0.1:${servicePort}`,
        routes: [
          { name: "recorded", paths: [`/${path}`], strip_path: false, plugins: [...scenario.plugins].map((name) => ({ name })) },
        ],
      },
    ],
    upstreams: [{ name: "alt-upstream", targets: [{ target: `127.0.0.1:${servicePort}` }] }],
  };
}

/** The service that the recordings were made with; it does not mention what every gateway adds. */
function startRecordersService(): Promise<Server> {
  const server = createServer((incoming, outgoing) => answerAsRecorded(incoming, outgoing));
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function answerAsRecorded(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.on("end", () => {
    const query = new URL(incoming.url ?? "/", "http://service").searchParams;
    const body = Buffer.concat(chunks);
    const headers: [string, string][] = [];
    for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
      const name = incoming.rawHeaders[index] ?? "";
      if (!/^(connection|x-forwarded-.*|x-real-ip|x-kong-request-id|via)$/i.test(name)) {
        headers.push([name, incoming.rawHeaders[index + 1] ?? ""]);
      }
    }
    // The recorder's service names the headers nginx itself writes first.
    headers.sort((a, b) => rank(a[0]) - rank(b[0]));
    const told = { method: incoming.method, url: incoming.url, headers, ...tellBody(body), body_len: body.length };
    const isBinary = query.has("up_bin");
    const bytes = isBinary
      ? Buffer.from("000102fffe80c328", "hex")
      : Buffer.from(query.has("up_empty") ? "" : JSON.stringify(told));
    outgoing.sendDate = false;
    outgoing.writeHead(Number(query.get("up_status") ?? 200), [
      ...["Content-Type", isBinary ? "application/octet-stream" : "application/json"],
      ...["Content-Length", String(bytes.length), "X-Upstream", "echo", "X-Multi", "a", "X-Multi", "b"],
      ...["X-Bin", "caf\xe9", "X-Empty", ""],
    ]);
    outgoing.end(bytes);
  });
}

function rank(name: string): number {
  return ["host", "content-length"].indexOf(name.toLowerCase()) + 1 || 3;
}

function tellBody(body: Buffer): object {
  if (body.length > 1000) return {};
  const text = body.toString("utf8");
  return { body: Buffer.from(text, "utf8").equals(body) ? text : { $bytes: body.toString("base64"), $str: true } };
}
