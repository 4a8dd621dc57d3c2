// What a host tells an isolate about events, written into a batch and read out of it.
import { type Batch, BatchReader, type BatchWriter } from "./batch.js";
import type { Protocol } from "./phase-host.js";

const START_EVENT = 0;
const STEP = 1;
const FAILED_STEP = 2;
const CANCEL_EVENT = 3;
const START_PROTOBUF_EVENT = 4;

/** Whoever receives commands: the same calls as on a PhaseHost. */
export interface CommandReceiver {
  startEvent(eventId: number, instanceId: number, phase: string, protocol: Protocol): void;
  step(eventId: number, failed: boolean, data: Buffer | undefined): void;
  cancelEvent(eventId: number, reason: string): void;
}

export function writeStartEvent(
  batch: BatchWriter,
  eventId: number,
  instanceId: number,
  phase: string,
  protocol: Protocol,
): void {
  batch.byte(protocol === "ProtoBuf:1" ? START_PROTOBUF_EVENT : START_EVENT);
  batch.number(eventId);
  batch.number(instanceId);
  batch.text(phase);
}

export function writeStep(batch: BatchWriter, eventId: number, failed: boolean, data: Buffer | undefined): void {
  batch.byte(failed ? FAILED_STEP : STEP);
  batch.number(eventId);
  batch.data(data);
}

export function writeCancelEvent(batch: BatchWriter, eventId: number, reason: string): void {
  batch.byte(CANCEL_EVENT);
  batch.number(eventId);
  batch.text(reason);
}

export function receiveCommands(batch: Batch, receiver: CommandReceiver): void {
  const reader = new BatchReader(batch);
  while (!reader.isAtEnd) {
    const command = reader.byte();
    const eventId = reader.number();
    if (command === START_EVENT) receiver.startEvent(eventId, reader.number(), reader.text(), "MsgPack:1");
    else if (command === START_PROTOBUF_EVENT) receiver.startEvent(eventId, reader.number(), reader.text(), "ProtoBuf:1");
    else if (command === CANCEL_EVENT) receiver.cancelEvent(eventId, reader.text());
    else receiver.step(eventId, command === FAILED_STEP, reader.data());
  }
}
