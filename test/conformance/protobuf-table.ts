// Owns checking a ProtoBuf:1 PDK table call by call: the plugin asks, the recorded result answers, the plugin reports.
import { isUtf8 } from "node:buffer";
import { decodeFields, pdkMessages } from "../../src/gateways/kong/standin/protobuf/messages.js";
import { decodeArguments } from "../../src/gateways/kong/standin/protobuf/pdk-messages.js";
import { bytesOf, frame, FrameClient, message, recordedArguments, type Exact } from "../support/index.js";
import type { TableResult } from "./pdk-table.js";
import { fieldsOf, type ProtobufRecording, type RecordedPdkCall } from "./protobuf-recording.js";
import { isRefusalReport } from "./refused-here.js";
import type { ScriptedServer } from "./scripted-server.js";

/** Not in the protocol: the server refuses them before anything is sent. */
const isCarried = ({ method }: RecordedPdkCall): boolean => pdkMessages.has(method);

export async function checkProtobufTable(recording: ProtobufRecording, server: ScriptedServer): Promise<TableResult> {
  const rows = recording.lines.filter((line) => line.kind === "call").filter(isCarried);
  server.load(
    new Map([
      ["rec", rows.map(({ method, args }) => ({ calls: [{ method, args: recordedArguments(method, args) }], report: true }))],
    ]),
  );
  const problems: string[] = [];
  let client = await FrameClient.connect(server.socketPath);
  try {
    const instance = await client.startInstance("rec");
    for (const row of rows) {
      const problem = await checkRow(client, instance, recording.phase ?? "", row).catch(String);
      if (problem !== undefined) problems.push(`${row.method}(${JSON.stringify(row.args)}): ${problem}`);
      // What was refused, and what ended the request, ended the connection too.
      if (row.answered && problem === undefined) continue;
      client.destroy();
      client = await FrameClient.connect(server.socketPath);
    }
    return { checked: rows.length, problems };
  } finally {
    client.destroy();
  }
}

async function checkRow(client: FrameClient, instance: number, phase: string, row: RecordedPdkCall): Promise<string | undefined> {
  let method = await client.begin(7, instance, phase);
  let args = await client.frame();
  if (isProbe(method, row)) [method, args] = await afterProbe(client);
  if (method === "kong.ctx.shared.set" && isRefusalReport(reportOf(args)))
    return row.answered && row.resultType !== "google.protobuf.Empty" ? "refused here, and the gateway answers it" : undefined;
  if (method !== row.method) return `asked for ${method}`;
  const result = recordedResult(row);
  if (!row.answered || result === undefined) return row.answered ? "no bytes to answer with" : undefined;
  client.write(frame(result));
  let [called, reported] = [(await client.frame()).toString(), await client.frame()];
  if (called === "kong.ip.is_trusted") [called, reported] = await afterProbe(client);
  if (called !== "kong.ctx.shared.set") return "no report";
  const report = reportOf(reported);
  client.write(frame(Buffer.alloc(0)));
  if ((await client.frame()).length > 0) return "not over";
  await client.frame();
  return judge(row, result, report);
}

/** The server asks each gateway how old it is before calls that old ones lack; here all answer as new ones do. */
const isProbe = (method: string, row: RecordedPdkCall): boolean =>
  method === "kong.ip.is_trusted" && row.method !== "kong.ip.is_trusted";

async function afterProbe(client: FrameClient): Promise<[string, Buffer]> {
  client.write(frame(Buffer.from([0x08, 0x00])));
  return [(await client.frame()).toString(), await client.frame()];
}

/** The result as recorded; where only its value is there, encoded anew. */
function recordedResult({ bytes, emptyFrame, resultType, json }: RecordedPdkCall): Buffer | undefined {
  if (bytes !== undefined) return bytes;
  if (emptyFrame || resultType === "google.protobuf.Empty") return Buffer.alloc(0);
  const { v, content } = fieldsOf(json);
  const text = (value: Exact | undefined): Buffer =>
    bytesOf(value ?? null) ?? Buffer.from(typeof value === "string" ? value : "");
  if (resultType === "String" || resultType === "ByteString") return message(resultType, { v: text(v) });
  if (resultType === "Int" || resultType === "Number" || resultType === "Bool") return message(resultType, { v });
  if (resultType === "RawBodyResult") return message(resultType, { kind: { case: "content", value: text(content) } });
  // Entities and tables: as their JSON has them, in so far as a plugin sees any of it.
  return resultType === "google.protobuf.Value" ? message("Value", { kind: { case: "nullValue", value: 1 } }) : Buffer.alloc(0);
}

/** What the plugin says of a value: its kind, and the value. */
function reportOf(bytes: Buffer): unknown[] {
  const messages = pdkMessages.get("kong.ctx.shared.set");
  const [, report] = messages === undefined ? [] : decodeArguments(messages, bytes);
  return Array.isArray(report) ? (report as unknown[]) : [];
}

function judge({ method, resultType }: RecordedPdkCall, result: Buffer, report: unknown[]): string | undefined {
  const expected = expectedReport(method, resultType, result);
  if (expected === undefined) return report[0] === "error" ? JSON.stringify(report) : undefined;
  return JSON.stringify(report) === JSON.stringify(expected)
    ? undefined
    : `${JSON.stringify(expected)} arrived as ${JSON.stringify(report)}`;
}

/** Undefined where only that it can be read is checked here. */
function expectedReport(method: string, type: string, result: Buffer): unknown[] | undefined {
  const messages = pdkMessages.get(method);
  // A setter's answer says nothing that its author could use.
  if (type === "google.protobuf.Empty" || /\.set_ctx$/.test(method)) return ["nil"];
  if (messages === undefined) return undefined;
  const { v } = decodeFields(messages.output, result);
  if (type === "Bool") return v === true ? ["boolean", true] : undefined;
  if (type === "Int" || type === "Number") return result.length === 0 ? ["nil"] : ["number", v];
  if (type !== "String" || !(v instanceof Uint8Array) || messages.output.name !== "String") return undefined;
  if (v.length === 0) return undefined;
  return isUtf8(v) ? ["string", Buffer.from(v).toString()] : undefined;
}
