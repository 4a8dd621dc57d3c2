// Names what an isolate is started with, and who hears what becomes of it.
import type { CallHostListener, CallStart } from "../channel/index.js";
import type { ErrorInfo } from "../model/index.js";
import type { IsolateTelemetry } from "../telemetry/index.js";
import type { Isolate } from "./isolate.js";
import type { IsolateLimits } from "./isolate-limits.js";
import type { Transport } from "./transports/transport.js";

/** Whoever started an isolate hears what becomes of it. */
export interface IsolateOwner {
  /** Its module is loaded, and its own socket listens. */
  isolateReady(isolate: Isolate): void;
  /** It holds this many bytes, which is near its limit. */
  isolateHeavy(isolate: Isolate, memory: number): void;
  /** It died, or gave no sign of life: with the calls it leaves behind, and those of them that it certainly has not begun. */
  isolateDied(isolate: Isolate, error: Error, begun: readonly CallStart[], unread: readonly CallStart[]): void;
  bindingFailed(isolate: Isolate, bindingId: number, error: ErrorInfo): void;
}

export interface IsolateOptions {
  readonly transport: Transport;
  readonly owner: IsolateOwner;
  /** Gets what the isolate reports of its calls. */
  readonly listener: CallHostListener;
  readonly limits: IsolateLimits;
  readonly telemetry: IsolateTelemetry;
  /** It may have work of its own at any time, so it is always watched. */
  readonly hasOwnSocket: boolean;
  /** It may stand at a breakpoint: nothing that it does not do in time is held against it. */
  readonly isInspected: boolean;
}
