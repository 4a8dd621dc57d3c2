// What a host tells an isolate about calls, written into a batch and read out of it.
import { type Batch, BatchReader, type BatchWriter } from "./ports/batch.js";
import type { CallStart } from "./call-host.js";
import type { PrefetchedAnswer } from "./prefetch.js";
import type { StartGate } from "./start-gate.js";

const ANSWER = 0;
const FAILED_ANSWER = 1;
const CANCEL = 2;
const START = 4;
/** Set in the number of a command that starts a call: this follows. */
const WITH_PAYLOAD = 1;
const WITH_PREFETCHED = 2;
const WITH_TRACE = 8;

/** Whoever receives commands: the same calls as on a CallHost. */
export interface CommandReceiver {
  start(call: CallStart, prefetched?: readonly PrefetchedAnswer[]): void;
  answer(callId: number, failed: boolean, data: Buffer | undefined): void;
  cancel(callId: number, reason: string): void;
}

export function writeStart(
  batch: BatchWriter,
  { callId, bindingId, functionName, payload, trace }: CallStart,
  prefetched?: readonly PrefetchedAnswer[],
): void {
  const context = trace?.context;
  batch.byte(
    START +
      (payload === undefined ? 0 : WITH_PAYLOAD) +
      (prefetched === undefined ? 0 : WITH_PREFETCHED) +
      (context === undefined ? 0 : WITH_TRACE),
  );
  batch.number(callId);
  batch.number(bindingId);
  batch.text(functionName);
  if (context !== undefined) batch.text(context);
  if (payload !== undefined) batch.data(payload);
  if (prefetched === undefined) return;
  batch.number(prefetched.length);
  for (const { ask, failed, data } of prefetched) {
    batch.data(ask);
    batch.byte(failed ? 1 : 0);
    batch.data(data);
  }
}

export function writeAnswer(batch: BatchWriter, callId: number, failed: boolean, data: Buffer | undefined): void {
  batch.byte(failed ? FAILED_ANSWER : ANSWER);
  batch.number(callId);
  batch.data(data);
}

export function writeCancel(batch: BatchWriter, callId: number, reason: string): void {
  batch.byte(CANCEL);
  batch.number(callId);
  batch.text(reason);
}

/** With a gate, a call begins only where that lets it. */
export function receiveCommands(batch: Batch, receiver: CommandReceiver, gate?: StartGate): void {
  const reader = new BatchReader(batch);
  while (!reader.isAtEnd) {
    const command = reader.byte();
    const callId = reader.number();
    if (command >= START) {
      const [bindingId, functionName] = [reader.number(), reader.text()];
      const trace = (command & WITH_TRACE) === 0 ? undefined : { context: reader.text() };
      const payload = (command & WITH_PAYLOAD) === 0 ? undefined : reader.data();
      const prefetched = (command & WITH_PREFETCHED) === 0 ? undefined : readPrefetched(reader);
      if (gate === undefined || gate.enter()) receiver.start({ callId, bindingId, functionName, payload, trace }, prefetched);
    } else if (command === CANCEL) receiver.cancel(callId, reader.text());
    else receiver.answer(callId, command === FAILED_ANSWER, reader.data());
  }
}

function readPrefetched(reader: BatchReader): PrefetchedAnswer[] {
  const prefetched: PrefetchedAnswer[] = [];
  for (let left = reader.number(); left > 0; left -= 1) {
    const ask = reader.data() ?? Buffer.alloc(0);
    const failed = reader.byte() === 1;
    prefetched.push({ ask, failed, data: reader.data() });
  }
  return prefetched;
}
