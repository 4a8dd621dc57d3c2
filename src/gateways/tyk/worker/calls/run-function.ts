// Runs one function of a plugin on what the gateway sent, and encodes the least that the gateway needs of what became of it.
import { pluginLogger } from "../../../../core/worker/index.js";
import { TykError, type TykLog } from "../../api/index.js";
import { encodeRequestReply, encodeResponseReply, EVENT_REPLY } from "../../messages/index.js";
import type { ApiDefinitions } from "../api-definitions.js";
import { type CallSurroundings, eventInput, HookInput } from "./call-input.js";
import type { BoundConfig } from "../config/config-reader.js";
import {
  AuthContext,
  type EndingHookContext,
  EventContext,
  PostHookContext,
  PreHookContext,
  ResponseHookContext,
} from "./contexts.js";
import type { LoggedApi, PluginFunction } from "../definition.js";
import { HookReply, HookSession, overridesFor } from "./early-reply.js";
import { type EndpointRoute, type Handler, matchEndpoint } from "./endpoints.js";
import { readEvent } from "./event-input.js";
import type { HookCall, Outcome } from "./hook-call.js";
import { HookRequest } from "../http/request.js";
import { HookResponse } from "../http/response.js";

/** What a function returned, or what it will, and how that is answered. */
export interface Run {
  readonly result: unknown;
  /** @throws {TykError} for a result that means nothing; {MessageError} for what no message can carry. */
  readonly reply: (result: unknown) => Buffer;
}

export interface RunSettings extends Omit<CallSurroundings, "config"> {
  readonly bound: BoundConfig;
  readonly definitions: ApiDefinitions;
}

/** @throws what the function throws; {MessageError} for a payload that is no message. */
export function runFunction(fn: PluginFunction, payload: Buffer, settings: RunSettings): Run {
  const surroundings = { ...settings, config: settings.bound.config };
  if ("adaptedRequest" in fn) {
    const input = new HookInput(payload, surroundings);
    const request = writableRequest(input);
    const result = fn.adaptedRequest(request, contextFor(input, request), input.call);
    return { result, reply: (made) => requestReply(input.call, request, made) };
  }
  if ("adaptedResponse" in fn)
    return runResponse(
      (response, context) => fn.adaptedResponse(response as HookResponse, context as ResponseHookContext, settings.call),
      new HookInput(payload, surroundings),
    );
  if ("adaptedLog" in fn) {
    const { call, write, bound } = settings;
    const { functionName, bindingId } = call;
    const log = (api: LoggedApi): TykLog => pluginLogger(write, () => ({ ...api }), { functionName, bindingId });
    return { result: fn.adaptedLog(payload, bound.config, log), reply: () => EVENT_REPLY };
  }
  if (fn.endpoints !== undefined) return runEndpoints(fn.endpoints, new HookInput(payload, surroundings), settings);
  switch (fn.kind) {
    case "events":
      return runEvent(fn.handler, payload, surroundings);
    case "response":
      return runResponse(fn.handler, new HookInput(payload, surroundings));
    case "pre":
    case "authCheck":
    case "postAuthCheck":
    case "post":
      return runRequest(fn.handler, new HookInput(payload, surroundings));
  }
}

function runRequest(handler: Handler, input: HookInput): Run {
  const request = writableRequest(input);
  return { result: handler(request, contextFor(input, request)), reply: (result) => requestReply(input.call, request, result) };
}

function writableRequest({ call, view }: HookInput): HookRequest {
  return new HookRequest(view, (subject) => call.assertRunning(subject));
}

function contextFor(input: HookInput, request: HookRequest): EndingHookContext {
  if (input.call.kind === "authCheck") return new AuthContext(input, request);
  return input.call.kind === "pre" ? new PreHookContext(input) : new PostHookContext(input);
}

function runEndpoints(routes: readonly EndpointRoute[], input: HookInput, { bound, call, definitions }: RunSettings): Run {
  const request = writableRequest(input);
  const run = (listenPath: string | undefined): unknown => {
    const match = matchEndpoint(routes, request.method, request.path, listenPath);
    return match?.handler(request, new PostHookContext(input, match.params));
  };
  const listenPath = bound.listenPath ?? definitions.listenPath(call, input.api.id);
  return {
    result: listenPath instanceof Promise ? listenPath.then(run) : run(listenPath),
    reply: (result) => requestReply(call, request, result),
  };
}

function requestReply(call: HookCall, request: HookRequest, result: unknown): Buffer {
  const outcome = call.outcomeOf(result, [request]);
  return encodeRequestReply({ ...request.reply(), ...outcomeReply(outcome, request) });
}

function outcomeReply(outcome: Outcome | undefined, { headers }: HookRequest): Partial<Parameters<typeof encodeRequestReply>[0]> {
  if (outcome instanceof HookReply) return { overrides: overridesFor(outcome, headers.get("Content-Type")) };
  return outcome instanceof HookSession ? HookSession.acceptanceOf(outcome) : {};
}

const SENT = "it was sent to the upstream before this hook: the gateway ignores changes";

function runResponse(handler: Handler, input: HookInput): Run {
  const { call, view } = input;
  const request = new HookRequest(view, (subject) => {
    throw new TykError("TYK_READ_ONLY", subject, SENT);
  });
  const response = new HookResponse(view, (subject) => call.assertRunning(subject));
  return {
    result: handler(response, new ResponseHookContext(input, request)),
    reply: (result) => {
      call.outcomeOf(result, [response]);
      return encodeResponseReply({ url: request.reply().url, response: response.reply() });
    },
  };
}

function runEvent(handler: Handler, payload: Buffer, surroundings: CallSurroundings): Run {
  const { event, apiId, orgId } = readEvent(payload);
  return {
    result: handler(event, new EventContext(eventInput(apiId, orgId, surroundings))),
    reply: (result) => {
      surroundings.call.outcomeOf(result, [event]);
      return EVENT_REPLY;
    },
  };
}
