// Owns checking a PDK table call by call: the plugin asks, the gateway's recorded Step answers, the plugin reports.
import { encodeExact, isRecord, normalise, spanOf, WireClient } from "../support/index.js";
import type { Exact } from "../support/index.js";
import type { RecordedCall, Recording } from "./recording.js";
import { exitInstead, isRefusalReport } from "./refused-here.js";
import { judgeReport } from "./reported-value.js";
import { comparableArgs, sorted } from "./replay.js";
import type { ScriptedServer } from "./scripted-server.js";

/** The scripted plugin calls the gateway's own function, where `kong` has a better one. */
const SENT_AS_IT_IS: ReadonlySet<string> = new Set([
  "kong.request.get_body",
  "kong.service.request.set_body",
  "kong.service.response.get_headers",
]);

const NEWEST = "3.9.3";

export interface TableResult {
  readonly checked: number;
  readonly problems: readonly string[];
}

export async function checkTable(recording: Recording, server: ScriptedServer): Promise<TableResult> {
  const rows = recording.lines.filter((line) => line.kind === "call").filter(({ note }) => note === undefined);
  server.load(new Map([["rec", rows.map(({ method, args }) => ({ calls: [{ method, args }], report: true }))]]));
  const client = await WireClient.connect(server.socketPath);
  const problems: string[] = [];
  try {
    const instance = await ask(client, ["plugin.StartInstance", { Name: "rec", Config: "{}" }]);
    for (const row of rows) {
      const problem = await checkRow(client, instance["Id"] ?? null, recording, row);
      if (problem !== undefined) problems.push(`${row.method}(${JSON.stringify(row.args)}): ${problem}`);
    }
    return { checked: rows.length, problems };
  } finally {
    client.destroy();
  }
}

async function checkRow(
  client: WireClient,
  instance: Exact,
  { kong, phase = "" }: Recording,
  row: RecordedCall,
): Promise<string | undefined> {
  const called = await ask(client, ["plugin.HandleEvent", { InstanceId: instance, EventName: phase }]);
  const eventId = called["EventId"] ?? null;
  const data = called["Data"] ?? null;
  const refusal = reportIn(data);
  if (refusal !== undefined && isRefusalReport(refusal)) {
    await ask(client, ["plugin.Step", { EventId: eventId }]);
    return hadNothingToSay(row) ? undefined : "refused here, and the gateway answers it";
  }
  const wrong = judgeCall(data, row);
  if (wrong !== undefined) return wrong;
  // Refused: the event is abandoned, and the connection goes on with the next.
  if (!row.answered) return mustBeRefused(row, kong) ? "was sent, and no gateway answers it" : undefined;
  let answer = await write(client, recordedStep(row, eventId));
  // Up to 2.0.5 this function did not exist: the gateway carries on where the server has ended, and is told to exit.
  if (row.method === "kong.response.error") return judgeExit(answer, row);
  const report = reportIn(answer["Data"] ?? null);
  if (report === undefined) return `no report but ${JSON.stringify(answer)}`;
  const problem = judgeReport(row, report);
  answer = await ask(client, ["plugin.Step", { EventId: eventId }]);
  return problem ?? (answer["Data"] === "ret" ? undefined : `not over: ${JSON.stringify(answer)}`);
}

function judgeExit(answer: { [key: string]: Exact }, { args }: RecordedCall): string | undefined {
  const expected = JSON.stringify(sorted(normalise(exitInstead(args))));
  const isExit = JSON.stringify(sorted(normalise(answer["Data"] ?? null))) === expected;
  return isExit ? undefined : `no exit: ${JSON.stringify(answer)}`;
}

/** What the plugin says about its call. */
function reportIn(data: Exact): Exact | undefined {
  if (!isRecord(data) || data["Method"] !== "kong.ctx.shared.set" || !Array.isArray(data["Args"])) return undefined;
  return data["Args"].length < 2 ? undefined : (data["Args"][1] ?? null);
}

/** Refused, or unknown to this gateway: what it lacks answers nothing, whatever the phase. */
function hadNothingToSay({ answered, step, data }: RecordedCall): boolean {
  return !answered || (step === "plugin.Step" && data === undefined);
}

/** What the newest gateway leaves without an answer, though it is no end and no older one ran it. */
function mustBeRefused({ method }: RecordedCall, kong: string): boolean {
  if (SENT_AS_IT_IS.has(method)) return false;
  return kong === NEWEST && !/^kong\.(?:response\.(?:exit|error)|log\.serialize|configuration\.database)$/.test(method);
}

function judgeCall(data: Exact, row: RecordedCall): string | undefined {
  const recorded = sorted(normalise({ Method: row.method, Args: comparableArgs(row.method, row.args) }));
  const got =
    isRecord(data) && Array.isArray(data["Args"])
      ? sorted(normalise({ ...data, Args: comparableArgs(row.method, data["Args"]) }))
      : data;
  return JSON.stringify(recorded) === JSON.stringify(got) ? undefined : `asked for ${JSON.stringify(got)}`;
}

/** The Step as recorded, byte for byte where the bytes are there, with the id of our event. */
function recordedStep(row: RecordedCall, eventId: Exact): Buffer {
  if (row.bytes !== undefined) {
    const [start, end] = spanOf(row.bytes, [3, 0, "EventId"]);
    return Buffer.concat([row.bytes.subarray(0, start), encodeExact(eventId), row.bytes.subarray(end)]);
  }
  const argument = { EventId: eventId, ...(row.data === undefined ? {} : { Data: row.data }) };
  return encodeExact([0, 7, row.step ?? "plugin.Step", [argument]]);
}

function ask(client: WireClient, [method, argument]: [string, Exact]): Promise<{ [key: string]: Exact }> {
  return write(client, encodeExact([0, 7, method, [argument]]));
}

async function write(client: WireClient, bytes: Buffer): Promise<{ [key: string]: Exact }> {
  client.write(bytes);
  const { exact } = await client.nextMessage();
  const [, , error, result] = Array.isArray(exact) ? exact : [];
  if (error !== null || !isRecord(result)) throw new Error(`the server answered ${JSON.stringify(exact)}`);
  return result;
}
