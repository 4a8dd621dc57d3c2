// The one interface behind which plugin code runs, whatever thread it is in.
import type { ErrorInfo } from "../model/index.js";
import type { AskedCall } from "./opening.js";

/** A PDK call on its way to the gateway. */
export interface PdkCall {
  /** The call in the gateway's encoding, ready to be sent. */
  readonly data: Buffer;
  /** False for a write-behind call: nobody waits for its result. */
  readonly wantsAnswer: boolean;
  /** True for `response.exit` and `response.error`: the gateway never answers these, the event is over. */
  readonly ends: boolean;
}

/** What is needed to create an instance, or to bring it back in a fresh isolate. */
export interface InstanceSpec {
  readonly id: number;
  /** The configuration as the gateway sent it: JSON text. */
  readonly config: string;
}

/** What the gateway of an event speaks: its PDK calls and their results are encoded so. */
export type Protocol = "MsgPack:1" | "ProtoBuf:1";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** A line that plugin code, or the runtime on its behalf, wants logged. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly phase?: string;
  readonly instanceId?: number;
  readonly error?: ErrorInfo;
}

/** Runs instances of one plugin. Calls never throw and never block; results come to the listener. */
export interface PhaseHost {
  startInstance(spec: InstanceSpec): void;
  closeInstance(instanceId: number): void;
  /** `asked`: what the event would ask first, where that has been asked already. */
  startEvent(eventId: number, instanceId: number, phase: string, protocol: Protocol, asked?: readonly AskedCall[]): void;
  /** The gateway's answer to the oldest call of the event that wants one; `data` undefined means nil. */
  step(eventId: number, failed: boolean, data: Buffer | undefined): void;
  /**
   * Gives the event up: its pending PDK calls reject with `reason`, nothing of it is heard again. `isOverdue`: for its handler,
   * which took longer than it may.
   */
  cancelEvent(eventId: number, reason: string, isOverdue?: boolean): void;
}

/** What a host reports. Calls of one event come in the order the handler made them. */
export interface PhaseHostListener {
  onCalls(eventId: number, calls: readonly PdkCall[]): void;
  onReturn(eventId: number): void;
  /** `thrown` is what the handler threw itself, where it runs in this thread. */
  onFailure(eventId: number, error: ErrorInfo, thrown?: unknown): void;
  onInstanceFailed(instanceId: number, error: ErrorInfo): void;
  onLog(entry: LogEntry): void;
  /** It is short of memory: instances that nobody uses now may be closed. */
  onMemoryShort?(): void;
}
