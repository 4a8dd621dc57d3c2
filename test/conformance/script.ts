// Owns turning a transcript into scripts: per plugin, the PDK calls of each event in the order the events began.
import { isRecord } from "../support/index.js";
import type { Exact } from "../support/index.js";
import type { RecordedLine } from "./recording.js";

export interface ScriptedCall {
  readonly method: string;
  readonly args: readonly Exact[];
}

export interface ScriptedEvent {
  readonly calls: ScriptedCall[];
  /** Let the plugin say what its last call gave. */
  readonly report?: boolean;
}

/** Plugin name → its events. */
export type Scripts = Map<string, ScriptedEvent[]>;

/** Recorded instance id → plugin name. */
export type InstanceNames = Map<number, string>;

/** Reads the scripts off `lines`; `names` carries what earlier lines said about instances, and learns from these. */
export function readScripts(lines: readonly RecordedLine[], names: InstanceNames): Scripts {
  const scripts: Scripts = new Map();
  const events = new Map<number, ScriptedEvent>();
  for (const { method, argument, result } of exchanges(lines)) {
    if (!isRecord(result)) continue;
    if (method === "plugin.StartInstance") names.set(Number(result["Id"]), String(argument["Name"]));
    if (typeof result["EventId"] !== "number") continue;
    if (method === "plugin.HandleEvent") {
      const event: ScriptedEvent = { calls: [] };
      const name = names.get(Number(argument["InstanceId"])) ?? "";
      events.set(result["EventId"], event);
      scripts.set(name, [...(scripts.get(name) ?? []), event]);
    }
    const { Data: data } = result;
    if (!isRecord(data) || !Array.isArray(data["Args"])) continue;
    events.get(result["EventId"])?.calls.push({ method: String(data["Method"]), args: data["Args"] as Exact[] });
  }
  return scripts;
}

interface Exchange {
  readonly method: string;
  readonly argument: Record<string, unknown>;
  result: unknown;
}

/** The requests in their order, each with its answer: a connection has one request open at a time. */
function exchanges(lines: readonly RecordedLine[]): Exchange[] {
  const all: Exchange[] = [];
  const open = new Map<number, Exchange>();
  for (const line of lines) {
    if (line.kind !== "msg") continue;
    const [type, , method, last] = line.json;
    if (line.fromGateway) {
      const argument: unknown = Array.isArray(last) ? last[0] : undefined;
      const exchange: Exchange = {
        method: typeof method === "string" ? method : "",
        argument: isRecord(argument) ? argument : {},
        result: undefined,
      };
      all.push(exchange);
      open.set(line.conn, exchange);
      continue;
    }
    const exchange = open.get(line.conn);
    if (type === 1 && exchange !== undefined) exchange.result = last;
  }
  return all;
}
