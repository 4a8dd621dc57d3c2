// What an isolate tells its host about calls, written into a batch and read out of it.
import { type Batch, BatchReader, type BatchWriter } from "./ports/batch.js";
import type { Ask, FailureCircumstances } from "./call-host.js";
import type { ErrorInfo } from "../model/index.js";
import { asErrorInfo } from "./received.js";

const ASKS = 0;
const DONE = 1;
const FAILURE = 2;
const DONE_WITH_RESULT = 3;

const WANTS_ANSWER = 1;
const ENDS = 2;

export interface ReportReceiver {
  onAsks(callId: number, asks: readonly Ask[], handlerTime?: number): void;
  onDone(callId: number, result?: Buffer, handlerTime?: number): void;
  onFailure(callId: number, error: ErrorInfo, circumstances?: FailureCircumstances): void;
}

export function writeAsks(batch: BatchWriter, callId: number, asks: readonly Ask[], handlerTime = NaN): void {
  batch.byte(ASKS);
  batch.number(callId);
  batch.number(asks.length);
  for (const { data, wantsAnswer, ends } of asks) {
    batch.byte((wantsAnswer ? WANTS_ANSWER : 0) + (ends ? ENDS : 0));
    batch.data(data);
  }
  if (asks.at(-1)?.ends === true) batch.number(handlerTime);
}

export function writeDone(batch: BatchWriter, callId: number, result?: Buffer, handlerTime = NaN): void {
  batch.byte(result === undefined ? DONE : DONE_WITH_RESULT);
  batch.number(callId);
  batch.number(handlerTime);
  if (result !== undefined) batch.data(result);
}

export function writeFailure(batch: BatchWriter, callId: number, error: ErrorInfo, handlerTime = NaN): void {
  batch.byte(FAILURE);
  batch.number(callId);
  batch.number(handlerTime);
  batch.text(JSON.stringify(error));
}

/** @throws for bytes that are no batch of reports. */
export function receiveReports(batch: Batch, receiver: ReportReceiver): void {
  const reader = new BatchReader(batch);
  while (!reader.isAtEnd) {
    const report = reader.byte();
    const callId = reader.number();
    if (report === ASKS) readAsks(callId, reader, receiver);
    else if (report === DONE) receiver.onDone(callId, undefined, readTime(reader));
    else if (report === DONE_WITH_RESULT) readResult(callId, reader, receiver);
    else readFailure(callId, reader, receiver);
  }
}

/** Undefined where no handler ran; plugin code may have written any number. */
function readTime(reader: BatchReader): number | undefined {
  const time = reader.number();
  return time >= 0 && time < Infinity ? time : undefined;
}

function readResult(callId: number, reader: BatchReader, receiver: ReportReceiver): void {
  const handlerTime = readTime(reader);
  receiver.onDone(callId, reader.data(), handlerTime);
}

function readFailure(callId: number, reader: BatchReader, receiver: ReportReceiver): void {
  const handlerTime = readTime(reader);
  receiver.onFailure(callId, asErrorInfo(JSON.parse(reader.text())), { handlerTime });
}

function readAsks(callId: number, reader: BatchReader, receiver: ReportReceiver): void {
  const asks: Ask[] = [];
  for (let left = reader.number(); left > 0; left -= 1) {
    const flags = reader.byte();
    const data = reader.data() ?? Buffer.alloc(0);
    asks.push({ data, wantsAnswer: (flags & WANTS_ANSWER) !== 0, ends: (flags & ENDS) !== 0 });
  }
  receiver.onAsks(callId, asks, asks.at(-1)?.ends === true ? readTime(reader) : undefined);
}
