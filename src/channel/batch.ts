// Packs the event messages of one tick into one transferable buffer: waking a thread costs more than copying.
import { Packr } from "msgpackr";
import type { ErrorInfo } from "./error-info.js";
import type { PdkCall } from "./phase-host.js";

const START_EVENT = 0;
const STEP = 1;
const CANCEL_EVENT = 2;

/** Host to isolate. Tuples, since thousands of these pass per second. */
export type EventCommand =
  | readonly [typeof START_EVENT, eventId: number, instanceId: number, phase: string]
  | readonly [typeof STEP, eventId: number, failed: boolean, data: Buffer | null]
  | readonly [typeof CANCEL_EVENT, eventId: number, reason: string];

const CALLS = 0;
const RETURN = 1;
const FAILURE = 2;

/** Isolate to host. */
export type EventReport =
  | readonly [typeof CALLS, eventId: number, calls: readonly (readonly [data: Buffer, flags: number])[]]
  | readonly [typeof RETURN, eventId: number]
  | readonly [typeof FAILURE, eventId: number, error: ErrorInfo];

/** Whoever receives commands: the same calls as on a PhaseHost. */
export interface CommandReceiver {
  startEvent(eventId: number, instanceId: number, phase: string): void;
  step(eventId: number, failed: boolean, data: Buffer | undefined): void;
  cancelEvent(eventId: number, reason: string): void;
}

export interface ReportReceiver {
  onCalls(eventId: number, calls: readonly PdkCall[]): void;
  onReturn(eventId: number): void;
  onFailure(eventId: number, error: ErrorInfo): void;
}

export const startEventCommand = (eventId: number, instanceId: number, phase: string): EventCommand => [
  START_EVENT,
  eventId,
  instanceId,
  phase,
];
export const stepCommand = (eventId: number, failed: boolean, data: Buffer | undefined): EventCommand => [
  STEP,
  eventId,
  failed,
  data ?? null,
];
export const cancelEventCommand = (eventId: number, reason: string): EventCommand => [CANCEL_EVENT, eventId, reason];

const WANTS_ANSWER = 1;
const ENDS = 2;

const flagsOf = (call: PdkCall): number => (call.wantsAnswer ? WANTS_ANSWER : 0) + (call.ends ? ENDS : 0);

export const callsReport = (eventId: number, calls: readonly PdkCall[]): EventReport => [
  CALLS,
  eventId,
  calls.map((call) => [call.data, flagsOf(call)] as const),
];
export const returnReport = (eventId: number): EventReport => [RETURN, eventId];
export const failureReport = (eventId: number, error: ErrorInfo): EventReport => [FAILURE, eventId, error];

const packr = new Packr({ useRecords: false });

/** The buffer owns its memory, so it can be transferred instead of copied. */
export function packBatch(batch: readonly (EventCommand | EventReport)[]): Uint8Array<ArrayBuffer> {
  const packed = packr.pack(batch);
  const owned = new Uint8Array(packed.length);
  owned.set(packed);
  return owned;
}

function unpackBatch<Message>(bytes: Uint8Array<ArrayBuffer>): Message[] {
  // Only the other side of our own channel writes these.
  return packr.unpack(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as Message[];
}

export function receiveCommands(bytes: Uint8Array<ArrayBuffer>, receiver: CommandReceiver): void {
  for (const command of unpackBatch<EventCommand>(bytes)) {
    if (command[0] === START_EVENT) receiver.startEvent(command[1], command[2], command[3]);
    else if (command[0] === STEP) receiver.step(command[1], command[2], command[3] ?? undefined);
    else receiver.cancelEvent(command[1], command[2]);
  }
}

export function receiveReports(bytes: Uint8Array<ArrayBuffer>, receiver: ReportReceiver): void {
  for (const report of unpackBatch<EventReport>(bytes)) {
    if (report[0] === CALLS)
      receiver.onCalls(
        report[1],
        report[2].map(([data, flags]) => ({ data, wantsAnswer: (flags & WANTS_ANSWER) !== 0, ends: (flags & ENDS) !== 0 })),
      );
    else if (report[0] === RETURN) receiver.onReturn(report[1]);
    else receiver.onFailure(report[1], report[2]);
  }
}
