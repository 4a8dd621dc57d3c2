// Owns reading a recording: JSON Lines of what a real gateway said, checked into typed lines.
import { readFileSync } from "node:fs";
import { isRecord } from "../support/index.js";
import type { Exact } from "../support/index.js";

export interface RecordedMessage {
  readonly kind: "msg";
  readonly fromGateway: boolean;
  readonly conn: number;
  readonly json: Exact[];
  /** Absent for very large messages. */
  readonly bytes?: Buffer;
}

/** One row of a PDK table. */
export interface RecordedCall {
  readonly kind: "call";
  readonly method: string;
  readonly args: Exact[];
  readonly answered: boolean;
  readonly step?: string;
  /** Absent when the Step had no Data. */
  readonly data?: Exact;
  readonly type?: string;
  /** The bytes of the whole Step message. */
  readonly bytes?: Buffer;
  readonly note?: string;
}

export type RecordedLine =
  | RecordedMessage
  | RecordedCall
  | { readonly kind: "note"; readonly note: string }
  | { readonly kind: "open" | "close"; readonly conn: number };

export interface Recording {
  readonly kong: string;
  readonly scenario: string;
  /** The phase of a PDK table; absent for a transcript. */
  readonly phase?: string;
  readonly lines: readonly RecordedLine[];
}

export function readRecording(path: string): Recording {
  const [first, ...rest] = readFileSync(path, "utf8").trimEnd().split("\n");
  const meta: unknown = JSON.parse(first ?? "null");
  if (!isRecord(meta) || meta["kind"] !== "meta" || meta["protocol"] !== "MsgPack:1") {
    throw new Error(`${path} is no MsgPack:1 recording`);
  }
  return {
    kong: String(meta["kong"]),
    scenario: String(meta["scenario"]),
    ...(typeof meta["phase"] === "string" ? { phase: meta["phase"] } : {}),
    lines: rest.flatMap((line) => parseLine(JSON.parse(line))),
  };
}

function parseLine(line: unknown): RecordedLine[] {
  if (!isRecord(line)) throw new Error(`a line that is no object: ${JSON.stringify(line)}`);
  switch (line["kind"]) {
    case "http":
      return [];
    case "note":
      return [{ kind: "note", note: String(line["note"]) }];
    case "open":
    case "close":
      return [{ kind: line["kind"], conn: Number(line["conn"]) }];
    case "msg":
      return [parseMessage(line)];
    case "call":
      return [parseCall(line)];
    default:
      throw new Error(`an unknown kind of line: ${String(line["kind"])}`);
  }
}

function parseMessage(line: Record<string, unknown>): RecordedMessage {
  return {
    kind: "msg",
    fromGateway: line["dir"] === "kong->server",
    conn: Number(line["conn"]),
    json: parseList(line["json"]),
    ...parseHex(line),
  };
}

function parseCall(line: Record<string, unknown>): RecordedCall {
  return {
    kind: "call",
    method: String(line["method"]),
    args: parseList(line["args"]),
    answered: line["answered"] === true,
    ...(typeof line["step"] === "string" ? { step: line["step"] } : {}),
    ...(line["data"] === undefined ? {} : { data: line["data"] as Exact }),
    ...(typeof line["type"] === "string" ? { type: line["type"] } : {}),
    ...(typeof line["note"] === "string" ? { note: line["note"] } : {}),
    ...parseHex(line),
  };
}

function parseHex(line: Record<string, unknown>): { bytes?: Buffer } {
  return typeof line["hex"] === "string" ? { bytes: Buffer.from(line["hex"], "hex") } : {};
}

function parseList(value: unknown): Exact[] {
  if (!Array.isArray(value)) throw new Error(`not a list: ${JSON.stringify(value)}`);
  return value as Exact[];
}
