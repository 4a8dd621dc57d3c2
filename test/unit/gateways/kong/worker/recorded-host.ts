// Owns a LocalHost of one plugin with the codec of the wire, and a record of what it reports.
import type { ErrorInfo } from "../../../../../src/core/model/index.js";
import type { LogEntry, Ask } from "../../../../../src/core/channel/index.js";
import type { Phase } from "../../../../../src/gateways/kong/pdk/index.js";
import { KongHost } from "../../../../../src/gateways/kong/worker/index.js";
import { decodeValue, encodeCall, encodeValue, phaseFunction } from "../../../../../src/gateways/kong/msgpack/index.js";

/** The names that the tests use; `kong` has any. */
type Name =
  | "client"
  | "ctx"
  | "ip"
  | "log"
  | "nginx"
  | "request"
  | "response"
  | "router"
  | "service"
  | "shared"
  | "info"
  | "error"
  | "exit"
  | "get"
  | "getHeader"
  | "getBody"
  | "getHeaders"
  | "getIp"
  | "getMethod"
  | "getPort"
  | "getQueryArg"
  | "getRawBody"
  | "getRoute"
  | "getUriCaptures"
  | "isTrusted"
  | "set"
  | "setBody"
  | "setHeader"
  | "setHeaders"
  | "some"
  | "thing"
  | "newThing"
  | "getNew"
  | "setNew"
  | "very"
  | "deep"
  | "down"
  | "getIt"
  | "getTls1V2"
  | "snake"
  | "get_it";

/** What plugins get: every name of it a function, and more names below it. */
export type AnyKong = ((...args: unknown[]) => Promise<unknown>) & { readonly [K in Name]: AnyKong };

export type Handler = (kong: AnyKong) => unknown;

export interface ReportedCall {
  readonly method: unknown;
  readonly args: unknown;
  readonly kind: "ask" | "tell" | "end";
}

export type Report =
  | { readonly kind: "calls"; readonly eventId: number; readonly calls: readonly ReportedCall[] }
  | { readonly kind: "return"; readonly eventId: number }
  | { readonly kind: "failure"; readonly eventId: number; readonly error: ErrorInfo }
  | { readonly kind: "instance-failed"; readonly instanceId: number; readonly error: ErrorInfo }
  | { readonly kind: "log"; readonly entry: LogEntry };

export const INSTANCE = 1;
const MAX_WAIT = 5000;

function readCall({ data, wantsAnswer, ends }: Ask): ReportedCall {
  const { Method: method, Args: args } = decodeValue(data) as { Method: unknown; Args: unknown };
  return { method, args, kind: ends ? "end" : wantsAnswer ? "ask" : "tell" };
}

export class RecordedHost {
  readonly reports: Report[] = [];
  readonly host: KongHost;
  #onReport: () => void = () => {};
  #nextEventId = 100;

  constructor(
    createInstance: (config: Record<string, unknown>) => { readonly [P in Phase]?: Handler },
    bodies: "buffer" | "text" = "buffer",
  ) {
    const report = (entry: Report): void => {
      this.reports.push(entry);
      this.#onReport();
    };
    const definition = {
      form: "define-plugin",
      version: "1.0.0",
      priority: 1,
      phases: ["access"],
      fields: [],
      bodies,
      createInstance: (config: Record<string, unknown>) =>
        createInstance(config) as { readonly [P in Phase]?: (kong: unknown) => unknown },
    } as const;
    this.host = new KongHost(definition, () => ({ encodeCall, decodeResult: (_method, data) => decodeValue(data) }), {
      onAsks: (eventId, calls) => report({ kind: "calls", eventId, calls: calls.map(readCall) }),
      onDone: (eventId) => report({ kind: "return", eventId }),
      onFailure: (eventId, error) => report({ kind: "failure", eventId, error }),
      onBindingFailed: (instanceId, error) => report({ kind: "instance-failed", instanceId, error }),
      onLog: (entry) => report({ kind: "log", entry }),
    });
  }

  /** A host with one instance that handles one phase, access if no other is named. */
  static running(handler: Handler, bodies?: "buffer" | "text", phase: Phase = "access"): RecordedHost {
    const recorded = new RecordedHost(() => ({ [phase]: handler }), bodies);
    recorded.host.bind({ id: INSTANCE, config: "{}" });
    return recorded;
  }

  start(phase = "access"): number {
    this.#nextEventId += 1;
    this.host.start({ callId: this.#nextEventId, bindingId: INSTANCE, functionName: phaseFunction("MsgPack:1", phase) });
    return this.#nextEventId;
  }

  /** Answers an event's oldest call; undefined is nil. */
  answer(eventId: number, value?: unknown): void {
    this.host.answer(eventId, false, value === undefined ? undefined : encodeValue(value));
  }

  fail(eventId: number, text: string): void {
    this.host.answer(eventId, true, encodeValue(text));
  }

  /** Resolves with the first `count` reports, once they are there. */
  async until(count: number): Promise<readonly Report[]> {
    const enough = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`only ${JSON.stringify(this.reports)}`)), MAX_WAIT);
      this.#onReport = () => {
        if (this.reports.length < count) return;
        clearTimeout(timer);
        resolve();
      };
      this.#onReport();
    });
    await enough;
    return this.reports;
  }

  /** Plays a whole event: `answers` gives the value of each call that wants one. Resolves with its end. */
  async play(answers: readonly unknown[] = [], phase: Phase = "access"): Promise<Report> {
    const eventId = this.start(phase);
    const rest = [...answers];
    for (let seen = 0; ; seen += 1) {
      const report = (await this.until(seen + 1))[seen];
      if (report?.kind !== "calls") return report ?? { kind: "return", eventId };
      for (const { kind } of report.calls) {
        if (kind === "ask") this.answer(eventId, rest.shift());
        if (kind === "end") return report;
      }
    }
  }

  /** All calls so far, as one list. */
  calls(): ReportedCall[] {
    return this.reports.flatMap((report) => (report.kind === "calls" ? report.calls : []));
  }

  kinds(): string[] {
    return this.reports.map(({ kind }) => kind);
  }
}

/** Lets everything that is due in this turn of the event loop and the next happen. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
