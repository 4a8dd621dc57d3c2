// Calls hooks and says what becomes of the request.
import { messageOf } from "../../../../core/model/index.js";
import { decodeObject, type CoprocessObject, type HookType } from "../../messages/index.js";
import type { TykRelease } from "../../releases/index.js";
import type { Hook, StandinApi } from "../api.js";
import { applyReply, isStatus } from "./apply-reply.js";
import { buildObject, type HookedResponse } from "./build-object.js";
import { errorPage } from "../http/error-page.js";
import type { Events } from "../events.js";
import type { TykExchange, HookVerdict } from "../exchange.js";
import type { DispatcherClient } from "./grpc-client.js";
import { applyResponseReply } from "./response-reply.js";

/** Whether the gateway has its driver: `disabled` is `enable_coprocess: false`, `missing` one that did not load. */
export type DriverState = "loaded" | "missing" | "disabled";

export interface HookCallerOptions {
  readonly release: TykRelease;
  readonly dispatcher: DispatcherClient;
  readonly driver: DriverState;
  readonly events: Events;
  /** What stands in the gateway's log. */
  readonly onLog: (line: string) => void;
}

/** The reply of a hook that lets the request go on, for who looks at its session; or the end of the request. */
export type HookResult =
  | { readonly kind: "replied"; readonly reply: CoprocessObject }
  | { readonly kind: "left-out" }
  | { readonly kind: "ended"; readonly verdict: NonNullable<HookVerdict> };

export type ResponseHookResult =
  | { readonly kind: "replied"; readonly response: HookedResponse }
  | { readonly kind: "ended"; readonly verdict: NonNullable<HookVerdict> };

export class HookCaller {
  readonly #options: HookCallerOptions;

  constructor(options: HookCallerOptions) {
    this.#options = options;
  }

  /** What becomes of hooks of this API, other than that they are called. */
  #driverProblem({ driver }: StandinApi): "left-out" | "fails" | undefined {
    if (this.#options.driver === "disabled") return "left-out";
    if (this.#options.driver === "loaded" && driver === "grpc") return undefined;
    this.#options.onLog(driver === "grpc" ? "Driver 'grpc' isn't loaded" : `Unsupported driver '${driver}'`);
    return this.#options.release.missingDriver === "fails" ? "fails" : "left-out";
  }

  async callRequestHook(exchange: TykExchange, hook: Hook, type: Exclude<HookType, "Response" | "Unknown">): Promise<HookResult> {
    const problem = this.#driverProblem(exchange.api);
    if (problem === "left-out") return { kind: "left-out" };
    if (problem === "fails") return ended(errorPage(exchange, 500, "Internal Server Error"));
    let reply: CoprocessObject;
    try {
      reply = await this.#dispatch(buildObject(exchange, hook, type, this.#options.release), exchange.signal);
    } catch (error) {
      this.#options.onLog(`Dispatch error: ${messageOf(error)}`);
      const [status, message] = type === "CustomKeyCheck" ? [403, "Key not authorised"] : [500, "Middleware error"];
      return ended(errorPage(exchange, status, message));
    }
    return this.#apply(exchange, reply);
  }

  #apply(exchange: TykExchange, reply: CoprocessObject): HookResult {
    const outcome = applyReply(exchange, reply);
    switch (outcome.kind) {
      case "continue":
        return { kind: "replied", reply };
      case "dropped":
        return ended(outcome.dropped);
      case "unusable":
        return ended(errorPage(exchange, 500, "Middleware error"));
      case "respond":
        return ended(outcome.response);
      case "deny":
        this.#options.events.fire(exchange, "AuthFailure", "Auth Failure", tokenOf(reply));
        return ended(
          isStatus(outcome.status)
            ? errorPage(exchange, outcome.status, outcome.message, outcome.headers)
            : { dropped: `the reply has the status ${outcome.status}` },
        );
    }
  }

  async callResponseHook(exchange: TykExchange, hook: Hook, response: HookedResponse): Promise<ResponseHookResult> {
    if (this.#options.driver === "disabled") return { kind: "replied", response };
    const { release } = this.#options;
    let reply: CoprocessObject;
    try {
      if (this.#driverProblem(exchange.api) !== undefined) throw new Error("driver 'grpc' isn't available");
      reply = await this.#dispatch(buildObject(exchange, hook, "Response", release, response), exchange.signal);
    } catch (error) {
      this.#options.onLog(`Couldn't dispatch request object: ${messageOf(error)}`);
      return ended(errorPage(exchange, 500, "Middleware error"));
    }
    const changed = applyResponseReply(response, reply, release);
    if (changed === undefined) return ended(errorPage(exchange, 500, "Middleware error"));
    if (isStatus(changed.status)) return { kind: "replied", response: changed };
    return ended({ dropped: `the reply has the status ${changed.status}` });
  }

  async #dispatch(object: Buffer, signal: AbortSignal): Promise<CoprocessObject> {
    return decodeObject(await this.#options.dispatcher.dispatch(object, signal));
  }
}

const ended = (verdict: NonNullable<HookVerdict>): { readonly kind: "ended"; readonly verdict: NonNullable<HookVerdict> } => ({
  kind: "ended",
  verdict,
});

/** A token of the reply: Object's metadata comes before the session's own. */
export function tokenOf({ session, metadata }: CoprocessObject): string {
  return session === undefined ? "" : (metadata.get("token") ?? session.metadata.get("token") ?? "");
}
