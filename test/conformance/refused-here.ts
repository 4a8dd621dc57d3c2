// Owns telling what a server answers otherwise than the recorded one did: calls that it refuses, and ends that a gateway lacks.
import { STATUS_CODES } from "node:http";
import { isRecord } from "../support/index.js";
import type { Exact } from "../support/index.js";
import type { RecordedLine, RecordedMessage } from "./recording.js";

const CODES: ReadonlySet<unknown> = new Set(["PDK_WRONG_PHASE", "PDK_BAD_ARGUMENT", "PDK_NOT_CARRIED"]);

/** Whether a plugin reports such a refusal: its kind, the error's name and its code. */
export function isRefusalReport(report: unknown): boolean {
  return Array.isArray(report) && report[0] === "error" && report[1] === "PdkError" && CODES.has(report[2]);
}

/** Whether an event failed with such a refusal of the recorded call. */
export function isRefusedHere(recorded: Exact[], got: Exact): boolean {
  const [call, failure] = [recorded[3], Array.isArray(got) ? got[3] : undefined].map((result) =>
    isRecord(result) && isRecord(result["Data"]) ? result["Data"] : {},
  );
  if (failure?.["Method"] !== "kong.log.err" || !Array.isArray(failure["Args"])) return false;
  const text: unknown = failure["Args"][0];
  const method = call?.["Method"];
  if (typeof text !== "string" || typeof method !== "string") return false;
  return [" cannot be called here: ", " got a wrong argument: "].some((why) => text.includes(`${method}${why}`));
}

/** The calls that a gateway never answered, by the messages that ask for them: refused ones, and ends. */
export function unansweredCalls(lines: readonly RecordedLine[]): Iterable<RecordedMessage> {
  const last = new Map<unknown, RecordedMessage>();
  for (const line of lines) {
    if (line.kind !== "msg") continue;
    const [, , , third] = line.json;
    if (!line.fromGateway) {
      if (isRecord(third) && isRecord(third["Data"])) last.set(third["EventId"], line);
      continue;
    }
    const argument = Array.isArray(third) ? third[0] : undefined;
    if (isRecord(argument) && !isUnknownEnd(last.get(argument["EventId"]))) last.delete(argument["EventId"]);
  }
  return last.values();
}

/** Kong 2.0.5 has no `error` and carries on, where all later ones end the request. */
function isUnknownEnd(message: RecordedMessage | undefined): boolean {
  const result = message?.json[3];
  return isRecord(result) && isRecord(result["Data"]) && result["Data"]["Method"] === "kong.response.error";
}

/** What the event of a `kong.response.error` with `args` answers to a gateway that has no such function and steps on. */
export function exitInstead(args: readonly Exact[]): Exact {
  const [status = null, message, ...headers] = args;
  const text = message ?? STATUS_CODES[Number(status)] ?? null;
  return { Method: "kong.response.exit", Args: [status, { message: text }, ...headers] };
}

/** The recorded answers that stand for `exitInstead` here, each with the arguments of the error before. */
export function stepsAfterErrors(lines: readonly RecordedLine[]): ReadonlyMap<RecordedMessage, readonly Exact[]> {
  const errors = new Map<unknown, readonly Exact[]>();
  const steps = new Map<RecordedMessage, readonly Exact[]>();
  for (const line of lines) {
    if (line.kind !== "msg" || line.fromGateway || !isRecord(line.json[3])) continue;
    const { EventId: eventId, Data: data } = line.json[3];
    const args = errors.get(eventId);
    if (args !== undefined && data === "ret") steps.set(line, args);
    if (isRecord(data) && data["Method"] === "kong.response.error" && Array.isArray(data["Args"]))
      errors.set(eventId, data["Args"]);
    else errors.delete(eventId);
  }
  return steps;
}
