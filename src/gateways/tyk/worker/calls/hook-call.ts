// Owns one run of a plugin's function: whether it still runs, what it waits for, and what it has made to end its request.
import { performance } from "node:perf_hooks";
import type { Ask, CallTrace } from "../../../../core/channel/index.js";
import type { CallOrigin } from "../../../../core/worker/index.js";
import { TykError } from "../../api/index.js";
import { encodeAsk, type HookKind, type ServerAsk } from "../../messages/index.js";
import { HookReply, HookSession } from "./early-reply.js";
import { showShort } from "../http/http-rules.js";

export interface CallSettings {
  readonly id: number;
  readonly bindingId: number;
  readonly functionName: string;
  readonly kind: HookKind;
  readonly trace: CallTrace | undefined;
  readonly ask: (ask: Ask) => void;
}

interface Waiter {
  /** The call that waits. */
  readonly subject: string;
  readonly resolve: (data: Buffer | undefined) => void;
  readonly reject: (error: TykError) => void;
}

export type Outcome = HookReply | HookSession;

/** Made by which function, for messages. */
const MAKERS = { reply: "respond() or deny()", session: "session()" } as const;

export class HookCall implements CallOrigin {
  readonly id: number;
  readonly bindingId: number;
  readonly functionName: string;
  readonly kind: HookKind;
  readonly trace: CallTrace | undefined;
  readonly #began = performance.now();
  readonly #ask: (ask: Ask) => void;
  #state: "running" | "over" = "running";
  /** Hears that the call was given up. */
  onCancelled: ((reason: string) => void) | undefined;
  #waiters: Waiter[] = [];
  #abort: AbortController | undefined;
  #outcome: Outcome | undefined;

  constructor({ id, bindingId, functionName, kind, trace, ask }: CallSettings) {
    this.id = id;
    this.bindingId = bindingId;
    this.functionName = functionName;
    this.kind = kind;
    this.trace = trace;
    this.#ask = ask;
  }

  /** Milliseconds since it began. */
  get handlerTime(): number {
    return performance.now() - this.#began;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    return this.#abort.signal;
  }

  /** @throws {TykError} once the call is over: what it would do is lost. */
  assertRunning(subject: string): void {
    if (this.#state === "over") throw new TykError("TYK_CALL_ENDED", subject);
  }

  /** Remembers what ends the request, and gives it back. */
  made<Result extends Outcome>(outcome: Result): Result {
    this.#outcome = outcome;
    return outcome;
  }

  /**
   * What the function's result means; `subjects` are what it was called with.
   * @throws {TykError} `TYK_BAD_RESULT` for one that means nothing, or that is not the one that was made.
   */
  outcomeOf(result: unknown, subjects: readonly unknown[]): Outcome | undefined {
    const subject = `the ${this.functionName} hook`;
    if (result instanceof HookReply || result instanceof HookSession) return result;
    if (result !== undefined && !subjects.includes(result))
      throw new TykError("TYK_BAD_RESULT", subject, notTaken(result, this.kind));
    if (this.#outcome !== undefined) {
      const maker = MAKERS[this.#outcome instanceof HookReply ? "reply" : "session"];
      throw new TykError(
        "TYK_BAD_RESULT",
        subject,
        `it called ${maker} and did not return what it gave: write "return" before it`,
      );
    }
    if (this.kind === "authCheck")
      throw new TykError("TYK_BAD_RESULT", subject, "it returned nothing: return session(), respond() or deny()");
    return undefined;
  }

  /** The definition of this API as the server has it: JSON. */
  askDefinition(apiId: string): Promise<Buffer | undefined> {
    return this.#askFor({ ask: "definition", apiId }, "api.definition()");
  }

  /** The key of this server, for what hooks keep for later hooks. */
  async askKey(subject: string): Promise<Buffer> {
    return (await this.#askFor({ ask: "key" }, subject)) ?? Buffer.alloc(0);
  }

  /** Has the plugin's function `log` run once this call is answered. */
  logLater(state: Buffer): void {
    this.#ask({ data: encodeAsk({ ask: "log", state }), wantsAnswer: false, ends: false });
  }

  #askFor(ask: ServerAsk, subject: string): Promise<Buffer | undefined> {
    this.assertRunning(subject);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ subject, resolve, reject });
      this.#ask({ data: encodeAsk(ask), wantsAnswer: true, ends: false });
    });
  }

  /** The answer to the oldest ask. */
  answer(failed: boolean, data: Buffer | undefined): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) return;
    if (failed) waiter.reject(new TykError("TYK_NO_DEFINITION", waiter.subject, data?.toString() ?? "the server has none"));
    else waiter.resolve(data);
  }

  end(): void {
    this.#finish(({ subject }) => new TykError("TYK_CALL_ENDED", subject));
  }

  cancel(reason: string): void {
    const error = (): TykError => new TykError("TYK_CALL_CANCELLED", `the ${this.functionName} hook`, reason);
    this.#finish(error);
    this.#abort?.abort(error());
    this.onCancelled?.(reason);
  }

  #finish(error: (waiter: Waiter) => TykError): void {
    this.#state = "over";
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error(waiter));
  }
}

function notTaken(result: unknown, kind: HookKind): string {
  const what = `it returned ${showShort(result)}`;
  if (kind === "response" || kind === "events") return `${what}: it returns nothing`;
  return `${what}: return nothing to go on, or what respond(), deny()${kind === "authCheck" ? " or session()" : ""} gives`;
}
