// What an isolate tells its host about events, written into a batch and read out of it.
import { type Batch, BatchReader, type BatchWriter } from "./batch.js";
import type { ErrorInfo } from "../model/index.js";
import type { PdkCall } from "./phase-host.js";
import { asErrorInfo } from "./received.js";

const CALLS = 0;
const RETURN = 1;
const FAILURE = 2;

const WANTS_ANSWER = 1;
const ENDS = 2;

export interface ReportReceiver {
  onCalls(eventId: number, calls: readonly PdkCall[]): void;
  onReturn(eventId: number): void;
  onFailure(eventId: number, error: ErrorInfo): void;
}

export function writeCalls(batch: BatchWriter, eventId: number, calls: readonly PdkCall[]): void {
  batch.byte(CALLS);
  batch.number(eventId);
  batch.number(calls.length);
  for (const { data, wantsAnswer, ends } of calls) {
    batch.byte((wantsAnswer ? WANTS_ANSWER : 0) + (ends ? ENDS : 0));
    batch.data(data);
  }
}

export function writeReturn(batch: BatchWriter, eventId: number): void {
  batch.byte(RETURN);
  batch.number(eventId);
}

export function writeFailure(batch: BatchWriter, eventId: number, error: ErrorInfo): void {
  batch.byte(FAILURE);
  batch.number(eventId);
  batch.text(JSON.stringify(error));
}

/** @throws for bytes that are no batch of reports. */
export function receiveReports(batch: Batch, receiver: ReportReceiver): void {
  const reader = new BatchReader(batch);
  while (!reader.isAtEnd) {
    const report = reader.byte();
    const eventId = reader.number();
    if (report === CALLS) receiver.onCalls(eventId, readCalls(reader));
    else if (report === RETURN) receiver.onReturn(eventId);
    else receiver.onFailure(eventId, asErrorInfo(JSON.parse(reader.text())));
  }
}

function readCalls(reader: BatchReader): PdkCall[] {
  const calls: PdkCall[] = [];
  for (let left = reader.number(); left > 0; left -= 1) {
    const flags = reader.byte();
    const data = reader.data() ?? Buffer.alloc(0);
    calls.push({ data, wantsAnswer: (flags & WANTS_ANSWER) !== 0, ends: (flags & ENDS) !== 0 });
  }
  return calls;
}
