// What an isolate tells its host about calls, written into a batch and read out of it.
import { type Batch, BatchReader, type BatchWriter } from "./batch.js";
import type { Ask } from "./call-host.js";
import type { ErrorInfo } from "../model/index.js";
import { asErrorInfo } from "./received.js";

const ASKS = 0;
const DONE = 1;
const FAILURE = 2;
const DONE_WITH_RESULT = 3;

const WANTS_ANSWER = 1;
const ENDS = 2;

export interface ReportReceiver {
  onAsks(callId: number, asks: readonly Ask[]): void;
  onDone(callId: number, result?: Buffer): void;
  onFailure(callId: number, error: ErrorInfo): void;
}

export function writeAsks(batch: BatchWriter, callId: number, asks: readonly Ask[]): void {
  batch.byte(ASKS);
  batch.number(callId);
  batch.number(asks.length);
  for (const { data, wantsAnswer, ends } of asks) {
    batch.byte((wantsAnswer ? WANTS_ANSWER : 0) + (ends ? ENDS : 0));
    batch.data(data);
  }
}

export function writeDone(batch: BatchWriter, callId: number, result?: Buffer): void {
  batch.byte(result === undefined ? DONE : DONE_WITH_RESULT);
  batch.number(callId);
  if (result !== undefined) batch.data(result);
}

export function writeFailure(batch: BatchWriter, callId: number, error: ErrorInfo): void {
  batch.byte(FAILURE);
  batch.number(callId);
  batch.text(JSON.stringify(error));
}

/** @throws for bytes that are no batch of reports. */
export function receiveReports(batch: Batch, receiver: ReportReceiver): void {
  const reader = new BatchReader(batch);
  while (!reader.isAtEnd) {
    const report = reader.byte();
    const callId = reader.number();
    if (report === ASKS) receiver.onAsks(callId, readAsks(reader));
    else if (report === DONE) receiver.onDone(callId);
    else if (report === DONE_WITH_RESULT) receiver.onDone(callId, reader.data());
    else receiver.onFailure(callId, asErrorInfo(JSON.parse(reader.text())));
  }
}

function readAsks(reader: BatchReader): Ask[] {
  const asks: Ask[] = [];
  for (let left = reader.number(); left > 0; left -= 1) {
    const flags = reader.byte();
    const data = reader.data() ?? Buffer.alloc(0);
    asks.push({ data, wantsAnswer: (flags & WANTS_ANSWER) !== 0, ends: (flags & ENDS) !== 0 });
  }
  return asks;
}
