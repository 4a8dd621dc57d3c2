// What a plugin is to this worker: its functions by the names that calls have for them.
import type { PluginLifeCycle } from "../../../core/worker/index.js";
import type { HookKind } from "../messages/index.js";
import type { TykLog } from "../api/index.js";
import type { ReadConfig } from "./config/config-reader.js";
import type { EndingHookContext, ResponseHookContext } from "./calls/contexts.js";
import type { EndpointRoute, Handler } from "./calls/endpoints.js";
import type { HookCall } from "./calls/hook-call.js";
import type { HookRequest } from "./http/request.js";
import type { HookResponse } from "./http/response.js";

/** A hook that is made of another gateway's handler: it gets the call itself beside what hooks get. */
export type AdaptedRequestHook = (request: HookRequest, context: EndingHookContext, call: HookCall) => unknown;
export type AdaptedResponseHook = (response: HookResponse, context: ResponseHookContext, call: HookCall) => unknown;
/** What runs once a call is answered, with the bytes that this gave {@link HookCall.logLater}. */
export type AdaptedLog = (state: Buffer, config: unknown, log: (api: LoggedApi) => TykLog) => unknown;

/** What lines of the log say of the API that they are about. */
export interface LoggedApi {
  readonly api_id: string;
  readonly org_id: string;
}

export type PluginFunction =
  | { readonly kind: HookKind; readonly handler: Handler; readonly endpoints?: undefined }
  | { readonly kind: "post"; readonly handler?: undefined; readonly endpoints: readonly EndpointRoute[] }
  | AdaptedFunction;

export type AdaptedFunction = { readonly handler?: undefined; readonly endpoints?: undefined } & (
  | { readonly kind: "pre" | "authCheck" | "postAuthCheck" | "post"; readonly adaptedRequest: AdaptedRequestHook }
  | { readonly kind: "response"; readonly adaptedResponse: AdaptedResponseHook }
  | { readonly kind: "events"; readonly adaptedLog: AdaptedLog }
);

export interface TykDefinition extends PluginLifeCycle {
  /** The name that the module asks for; without one it is that of its file or folder. */
  readonly name?: string;
  readonly version: string;
  /** Seconds that one call may take. */
  readonly timeout?: number;
  readonly isolation?: "thread" | "process";
  /** By name: `pre/addFooBar`. Never empty. */
  readonly functions: ReadonlyMap<string, PluginFunction>;
  readonly readConfig: ReadConfig;
}
