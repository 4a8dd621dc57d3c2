// Reads what a call comes with beside its request or response: the API that it is for, and the trace that it belongs to.
import { pluginLogger } from "../../../../core/worker/index.js";
import type { LogEntry } from "../../../../core/channel/index.js";
import type { ApiDefinition, TykApi, TykLog } from "../../api/index.js";
import { type ObjectView, readTraceParent, viewObject } from "../../messages/index.js";
import type { ApiDefinitions } from "../api-definitions.js";
import type { HookCall } from "./hook-call.js";

export interface CallSurroundings {
  readonly call: HookCall;
  readonly config: unknown;
  readonly definitions: ApiDefinitions;
  readonly write: (entry: LogEntry) => void;
}

/** What every context has. */
export interface CallInput {
  readonly call: HookCall;
  readonly config: unknown;
  readonly api: TykApi;
  readonly log: TykLog;
  readonly trace: string | undefined;
}

/** What comes with a request or a response. */
export class HookInput implements CallInput {
  readonly call: HookCall;
  readonly config: unknown;
  readonly view: ObjectView;
  readonly #payload: Buffer;
  readonly #surroundings: CallSurroundings;
  #api: TykApi | undefined;
  #log: TykLog | undefined;

  /** @throws {MessageError} for bytes that are no message. */
  constructor(payload: Buffer, surroundings: CallSurroundings) {
    this.call = surroundings.call;
    this.config = surroundings.config;
    this.view = viewObject(payload);
    this.#payload = payload;
    this.#surroundings = surroundings;
  }

  get api(): TykApi {
    return (this.#api ??= this.#readApi());
  }

  get log(): TykLog {
    return (this.#log ??= logFor(() => this.api, this.#surroundings));
  }

  get trace(): string | undefined {
    return readTraceParent(this.#payload);
  }

  #readApi(): TykApi {
    const spec = this.view.get("spec");
    return apiOf(spec.get("APIID") ?? "", spec.get("OrgID") ?? "", this.#surroundings);
  }
}

/** What comes with an event. */
export function eventInput(apiId: string, orgId: string, surroundings: CallSurroundings): CallInput {
  const api = apiOf(apiId, orgId, surroundings);
  return { call: surroundings.call, config: undefined, api, log: logFor(() => api, surroundings), trace: undefined };
}

function apiOf(id: string, orgId: string, { call, definitions }: CallSurroundings): TykApi {
  let definition: Promise<ApiDefinition> | undefined;
  return Object.freeze({ id, orgId, definition: () => (definition ??= definitions.definition(call, id)) });
}

function logFor(api: () => TykApi, { call, write }: CallSurroundings): TykLog {
  const { functionName, bindingId } = call;
  return pluginLogger(write, () => ({ api_id: api().id, org_id: api().orgId }), { functionName, bindingId });
}
