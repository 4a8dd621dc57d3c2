// Serves `coprocess.Dispatcher`: finds the plugin's function that a call is for, has it run, and answers with what it made.
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Ask } from "../../../core/channel/index.js";
import type { Engine, TraceSource } from "../../../core/server/index.js";
import type { ApiDefinition } from "../api/index.js";
import type { DefinitionSource } from "../definitions/index.js";
import { type UnaryContext, GrpcError, STATUS, type UnaryMethod } from "../http2/index.js";
import {
  EVENT_REPLY,
  KIND_OF_TYPE,
  MessageError,
  type ObjectHead,
  readAsk,
  readEventPayload,
  readObjectHead,
  clientTraceHeader,
  type TraceHeader,
  withTraceParent,
} from "../messages/index.js";
import { type BoundHook, HookBindings } from "./hook-bindings.js";
import type { HookLog, HookPlace } from "./hook-log.js";
import type { ResolvedHook } from "./hook-names.js";
import { type BundleIndex, HookTable } from "./hook-table.js";
import { RunningHook } from "./running-hook.js";

export const DISPATCHER_SERVICE = "coprocess.Dispatcher";

export interface DispatcherOptions {
  readonly engine: Engine<RunningHook>;
  /** Where plugins get API definitions from; `undefined` where the operator has named no source. */
  readonly definitions: DefinitionSource | undefined;
  /** Which bundles an API has; none by default. */
  readonly bundles?: BundleIndex | undefined;
  readonly log: HookLog;
}

type FoundHook = Extract<ResolvedHook, { readonly found: true }>;

/** A call whose function is found. */
interface HookStart {
  readonly payload: Buffer;
  readonly place: HookPlace;
  readonly call: UnaryContext;
  /** As the gateway gave it, if it did; else as its client did. */
  readonly trace: () => GivenTrace;
  readonly emptyReply: Uint8Array | undefined;
}

/** Gateways before 5.0.0 say so where there is no `config_data`; later ones say nothing. */
const NO_CONFIG = "{}";
const KEY_SIZE = 32;
type GivenTrace = Extract<TraceSource, { readonly traceParent: unknown }>;
/** The function of a plugin that runs for calls that are answered. */
const LOG = "log";
const nobody = (): UnaryContext => ({
  metadata: {},
  beganAt: performance.now(),
  deadline: undefined,
  isOver: false,
  onCancel: () => {},
});
/** Events are of no API. */
const EVENT_CONFIG = "";

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #hooks: HookTable;
  readonly #bindings: HookBindings<RunningHook>;
  readonly #texts = new WeakMap<ApiDefinition, string>();
  /** With which hooks of this server seal what they keep for later hooks of a request. */
  readonly #key = randomBytes(KEY_SIZE);
  /** What runs for calls that are answered. */
  readonly #late = new Set<Promise<unknown>>();
  #loaded: Promise<unknown> | undefined;
  #state: "loading" | "serving" | "closed" = "loading";

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#hooks = new HookTable(options.engine.plugins, options.bundles);
    this.#bindings = new HookBindings(options.engine);
  }

  /** Whether calls are answered as they come: before, they wait for the plugins. */
  get isServing(): boolean {
    return this.#state === "serving";
  }

  /** Its methods, by path. */
  methods(): ReadonlyMap<string, UnaryMethod> {
    return new Map<string, UnaryMethod>([
      [`/${DISPATCHER_SERVICE}/Dispatch`, (message, call) => this.#whenServing(() => this.#dispatch(message, call))],
      [`/${DISPATCHER_SERVICE}/DispatchEvent`, (message, call) => this.#whenServing(() => this.#dispatchEvent(message, call))],
    ]);
  }

  /** Loads the plugins: calls that came before are answered then. */
  async load(): Promise<void> {
    this.#loaded = this.#options.engine.load();
    await this.#loaded;
    if (this.#state === "loading") this.#state = "serving";
  }

  /** Refuses calls from now on, and waits for what runs for calls that are answered: so many milliseconds at most. */
  async close(limit: number): Promise<void> {
    this.#state = "closed";
    if (this.#late.size === 0) return;
    const over = new AbortController();
    const timer = delay(limit, undefined, { signal: over.signal }).catch(() => {});
    await Promise.race([Promise.allSettled(this.#late), timer]);
    over.abort();
  }

  #whenServing(run: () => Promise<Uint8Array>): Promise<Uint8Array> {
    if (this.#state === "serving") return run();
    if (this.#state === "closed") throw new GrpcError(STATUS.UNAVAILABLE, "plugin server: it ends");
    return Promise.resolve(this.#loaded)
      .then(() => this.#options.engine.registry())
      .then(run);
  }

  #dispatch(message: Buffer, call: UnaryContext): Promise<Uint8Array> {
    const head = this.#read("Dispatch", () => readObjectHead(message));
    const { hookType, hookName, spec } = head;
    const kind = KIND_OF_TYPE[hookType];
    if (kind === undefined) return this.#refuse(STATUS.INVALID_ARGUMENT, `hook ${hookName} is of an unknown type`, head);
    const hook = this.#hooks.hook(kind, hookName, spec.bundleHash);
    if (!hook.found) return this.#refuseUnknown(hook.reason, head);
    const { traceparent, tracestate } = call.metadata;
    const payload = typeof traceparent === "string" ? withTraceParent(message, traceparent) : message;
    const place = placeOf(hook, head);
    const trace = (): GivenTrace =>
      traceparent === undefined
        ? { traceParent: headerIn(message, "Traceparent"), traceState: headerIn(message, "Tracestate") }
        : { traceParent: traceparent, traceState: tracestate };
    return this.#run(spec.configData ?? NO_CONFIG, { payload, place, call, trace, emptyReply: undefined });
  }

  #dispatchEvent(message: Buffer, call: UnaryContext): Promise<Uint8Array> {
    const { handlerName, type, apiId, orgId } = this.#read("DispatchEvent", () => readEvent(message));
    const hook = this.#hooks.event(handlerName, type);
    const head = { hookName: handlerName, spec: { apiId, orgId } };
    if (!hook.found) return this.#refuseUnknown(hook.reason, head);
    const place = placeOf(hook, head);
    const { traceparent: traceParent, tracestate: traceState } = call.metadata;
    const trace = (): GivenTrace => ({ traceParent, traceState });
    return this.#run(EVENT_CONFIG, { payload: message, place, call, trace, emptyReply: EVENT_REPLY });
  }

  #run(config: string, start: HookStart): Promise<Uint8Array> {
    const bound = this.#bindings.bound(start.place.plugin, config);
    if (bound instanceof Promise) return bound.then((ready) => this.#startLate(ready, start));
    return this.#start(bound, start);
  }

  /** Its client may have left meanwhile. */
  #startLate(bound: BoundHook, start: HookStart): Promise<Uint8Array> {
    if (start.call.isOver) throw new GrpcError(STATUS.CANCELLED, "nobody waits for the hook");
    return this.#start(bound, start);
  }

  #start({ bindingId, runner }: BoundHook, { payload, place, call, trace, emptyReply }: HookStart): Promise<Uint8Array> {
    const { engine, log } = this.#options;
    const answer = this.#answer;
    const later = (state: Buffer): void => this.#log(bindingId, place, state, trace);
    return new Promise((resolve, reject) => {
      const running = new RunningHook(
        { engine, runner, bindingId, place, log, answer, emptyReply, later, resolve, reject },
        call,
      );
      engine.start(running, runner, { bindingId, functionName: place.functionName, payload }, trace);
    });
  }

  /** Runs the plugin's `log` for a call that is answered: a failure of it is logged, and that is all. */
  #log(bindingId: number, place: HookPlace, state: Buffer, trace: () => GivenTrace): void {
    const runner = this.#options.engine.runnerOf(bindingId);
    if (runner === undefined) return;
    const start = {
      payload: state,
      place: { ...place, functionName: LOG },
      call: nobody(),
      trace,
      emptyReply: EVENT_REPLY,
    };
    const late = this.#start({ bindingId, runner }, start)
      .catch(() => {})
      .finally(() => this.#late.delete(late));
    this.#late.add(late);
  }

  /** @throws {GrpcError} for bytes that cannot be read. */
  #read<Read>(method: string, read: () => Read): Read {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof MessageError || error instanceof SyntaxError)) throw error;
      this.#options.log.refused(`${method}: ${error.message}`, {});
      throw new GrpcError(STATUS.INVALID_ARGUMENT, `plugin server: ${error.message}`);
    }
  }

  /** A plugin that is there and does not load says why. */
  async #refuseUnknown(reason: string, head: Head): Promise<never> {
    const [plugin = ""] = head.hookName.split(":", 1);
    const registry = await this.#options.engine.registry();
    return this.#refuse(STATUS.NOT_FOUND, registry.problem(plugin) === undefined ? reason : registry.unavailable(plugin), head);
  }

  #refuse(status: GrpcError["status"], reason: string, { hookName, spec }: Head): Promise<never> {
    this.#options.log.refused(reason, { hook: hookName, api_id: spec.apiId, org_id: spec.orgId });
    return Promise.reject(new GrpcError(status, `plugin server: ${reason}`));
  }

  /** Undefined where the operator has named no source: the plugin's half says what to configure. */
  readonly #answer = async ({ data }: Ask): Promise<Buffer | undefined> => {
    const { definitions } = this.#options;
    const ask = readAsk(data);
    if (ask.ask === "key") return this.#key;
    if (ask.ask === "log" || definitions === undefined) return undefined;
    const definition = await definitions.definition(ask.apiId);
    let text = this.#texts.get(definition);
    if (text === undefined) this.#texts.set(definition, (text = JSON.stringify(definition)));
    return Buffer.from(text);
  };
}

/** What is known of a call's API. */
interface Head extends Pick<ObjectHead, "hookName"> {
  readonly spec: Pick<ObjectHead["spec"], "apiId" | "orgId">;
}

const placeOf = ({ plugin, functionName }: FoundHook, { hookName, spec }: Head): HookPlace => ({
  plugin,
  functionName,
  hookName,
  apiId: spec.apiId,
  orgId: spec.orgId,
});

/** What cannot be read says so where it is needed. */
function headerIn(message: Buffer, header: TraceHeader): string | undefined {
  try {
    return clientTraceHeader(message, header);
  } catch {
    return undefined;
  }
}

interface EventHead {
  readonly handlerName: string;
  readonly type: string;
  readonly apiId: string;
  readonly orgId: string;
}

/** @throws {SyntaxError} where the payload is no JSON. */
function readEvent(message: Buffer): EventHead {
  const payload: unknown = JSON.parse(readEventPayload(message));
  const spec = fieldOf(payload, "spec");
  return {
    handlerName: textOf(fieldOf(payload, "handler_name")),
    type: textOf(fieldOf(fieldOf(payload, "message"), "Type")),
    apiId: textOf(fieldOf(spec, "APIID")),
    orgId: textOf(fieldOf(spec, "OrgID")),
  };
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
