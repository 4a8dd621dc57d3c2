// Names what an isolate is started with, and who hears what becomes of it.
import type { CallHostListener, CallStart, OwnSocket } from "../channel/index.js";
import type { ErrorInfo } from "../model/index.js";
import type { IsolateTelemetry } from "../telemetry/index.js";
import type { Transport } from "./transports/transport.js";

/** Times in milliseconds, sizes in bytes. */
export interface IsolateLimits {
  readonly memory: number;
  readonly maxCalls: number;
  readonly stallTimeout: number;
  readonly loadTimeout: number;
  /** Of a request's body that the gateway leaves in a file. */
  readonly maxBodySize: number;
  /** How long an isolate without instances stays. */
  readonly idleTimeout: number;
  /** How long one that serves a socket of its own may take to end. */
  readonly endTimeout: number;
  /** Milliseconds that a plugin may take to clean up. */
  readonly disposeTimeout: number;
  /** The environment that plugin code sees. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The socket that a plugin's isolates serve themselves, one after another. */
export interface OwnSocketPlace {
  /** What the next isolate is told. */
  readonly next: () => OwnSocket;
  /** Tells a process what it is to log at least, whenever that changes, until the function that is returned is called. */
  readonly tellLevel?: ((listener: (level: number) => void) => () => void) | undefined;
  /** The isolate that was started last listens. */
  readonly served?: () => void;
  /** Nobody listens, and an isolate that will is to come. */
  readonly unserved?: () => void;
  /** Nobody will any more. */
  readonly left?: () => void;
}

/** What is known of an isolate by whoever started it. */
export interface LivingIsolate {
  /** Whether any call has returned in it. */
  readonly productive: boolean;
}

/** Whoever started an isolate hears what becomes of it. */
export interface IsolateOwner {
  /** Its module is loaded, and its own socket listens. */
  isolateReady(isolate: LivingIsolate): void;
  /** It holds this many bytes, which is near its limit. */
  isolateHeavy(isolate: LivingIsolate, memory: number): void;
  /** It died, or gave no sign of life: with the calls it leaves behind, and those of them that it certainly has not begun. */
  isolateDied(isolate: LivingIsolate, error: Error, begun: readonly CallStart[], unread: readonly CallStart[]): void;
  bindingFailed(isolate: LivingIsolate, bindingId: number, error: ErrorInfo): void;
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

/** Tells once that something came from an isolate that the server cannot use: plugin code can get at its channel. */
export function tellForeign(listener: CallHostListener): (reason: string) => void {
  let hasTold = false;
  return (reason) => {
    if (hasTold) return;
    hasTold = true;
    const what = "something came over the channel of its isolate that the server cannot use, and was dropped";
    listener.onLog({ level: "warn", message: `${what}: ${reason} (told once)` });
  };
}
