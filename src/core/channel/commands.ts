// What a host tells an isolate about events, written into a batch and read out of it.
import { type Batch, BatchReader, type BatchWriter } from "./batch.js";
import type { AskedCall } from "./opening.js";
import type { Protocol } from "./phase-host.js";

const START_EVENT = 0;
const STEP = 1;
const FAILED_STEP = 2;
const CANCEL_EVENT = 3;
const START_PROTOBUF_EVENT = 4;
/** Set in the number of a command that starts an event: calls that were made ahead follow. */
const WITH_ASKED = 8;

/** Whoever receives commands: the same calls as on a PhaseHost. */
export interface CommandReceiver {
  startEvent(eventId: number, instanceId: number, phase: string, protocol: Protocol, asked?: readonly AskedCall[]): void;
  step(eventId: number, failed: boolean, data: Buffer | undefined): void;
  cancelEvent(eventId: number, reason: string): void;
}

export function writeStartEvent(
  batch: BatchWriter,
  eventId: number,
  instanceId: number,
  phase: string,
  protocol: Protocol,
  asked?: readonly AskedCall[],
): void {
  const command = protocol === "ProtoBuf:1" ? START_PROTOBUF_EVENT : START_EVENT;
  batch.byte(asked === undefined ? command : command | WITH_ASKED);
  batch.number(eventId);
  batch.number(instanceId);
  batch.text(phase);
  if (asked === undefined) return;
  batch.number(asked.length);
  for (const { call, failed, data } of asked) {
    batch.data(call);
    batch.byte(failed ? 1 : 0);
    batch.data(data);
  }
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
    const kind = command & ~WITH_ASKED;
    if (kind === START_EVENT || kind === START_PROTOBUF_EVENT) {
      const protocol = kind === START_EVENT ? "MsgPack:1" : "ProtoBuf:1";
      const [instanceId, phase] = [reader.number(), reader.text()];
      receiver.startEvent(eventId, instanceId, phase, protocol, command === kind ? undefined : readAsked(reader));
    } else if (command === CANCEL_EVENT) receiver.cancelEvent(eventId, reader.text());
    else receiver.step(eventId, command === FAILED_STEP, reader.data());
  }
}

function readAsked(reader: BatchReader): AskedCall[] {
  const asked: AskedCall[] = [];
  for (let left = reader.number(); left > 0; left -= 1) {
    const call = reader.data() ?? Buffer.alloc(0);
    const failed = reader.byte() === 1;
    asked.push({ call, failed, data: reader.data() });
  }
  return asked;
}
