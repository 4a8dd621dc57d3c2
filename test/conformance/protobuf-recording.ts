// Owns reading a ProtoBuf:1 recording: what a real gateway said frame by frame, checked into typed lines.
import { readFileSync } from "node:fs";
import { isRecord } from "../support/index.js";
import type { Exact } from "../support/index.js";

export interface RecordedFrame {
  readonly kind: "frame";
  readonly fromGateway: boolean;
  readonly conn: number;
  readonly what: "RpcCall" | "RpcReturn" | "method" | "arguments" | "result" | "end of event";
  readonly json: Exact;
  /** Without the length; absent for very large frames. */
  readonly bytes?: Buffer;
}

/** One row of a PDK table. */
export interface RecordedPdkCall {
  readonly kind: "call";
  readonly method: string;
  readonly args: Exact;
  readonly answered: boolean;
  readonly resultType: string;
  readonly json: Exact;
  readonly emptyFrame: boolean;
  readonly bytes?: Buffer;
}

export type ProtobufLine = RecordedFrame | RecordedPdkCall | { readonly kind: "open" | "close"; readonly conn: number };

export interface ProtobufRecording {
  /** The phase of a PDK table; absent for a transcript. */
  readonly phase?: string;
  readonly lines: readonly ProtobufLine[];
}

const HEADER = 4;

export function readProtobufRecording(path: string): ProtobufRecording {
  const [first, ...rest] = readFileSync(path, "utf8").trimEnd().split("\n");
  const meta: unknown = JSON.parse(first ?? "null");
  if (!isRecord(meta) || meta["protocol"] !== "ProtoBuf:1") throw new Error(`${path} is no ProtoBuf:1 recording`);
  return {
    ...(typeof meta["phase"] === "string" ? { phase: meta["phase"] } : {}),
    lines: rest.flatMap((line) => parseLine(JSON.parse(line))),
  };
}

function parseLine(line: unknown): ProtobufLine[] {
  if (!isRecord(line)) throw new Error(`a line that is no object: ${JSON.stringify(line)}`);
  const bytes = typeof line["hex"] === "string" ? { bytes: Buffer.from(line["hex"], "hex").subarray(HEADER) } : {};
  const json = (line["json"] ?? {}) as Exact;
  switch (line["kind"]) {
    case "open":
    case "close":
      return [{ kind: line["kind"], conn: Number(line["conn"]) }];
    case "frame":
      return [
        {
          kind: "frame",
          fromGateway: line["dir"] === "kong->server",
          conn: Number(line["conn"]),
          what: line["what"] as RecordedFrame["what"],
          json,
          ...bytes,
        },
      ];
    case "call":
      return [
        {
          kind: "call",
          method: String(line["method"]),
          args: (line["args"] ?? {}) as Exact,
          answered: line["answered"] === true,
          resultType: String(line["result_type"]),
          json,
          emptyFrame: line["empty_frame"] === true,
          ...bytes,
        },
      ];
    default:
      return [];
  }
}

/** The recorded fields of a message. */
export function fieldsOf(value: Exact | undefined): Readonly<Record<string, Exact>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
