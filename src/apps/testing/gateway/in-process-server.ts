// The plugin server of a test: the events of the real one around the runtime, in this thread and without a wire.
import { decodeData, encodeData, type PluginServerCalls } from "../../../gateways/kong/standin/index.js";
import { PdkError } from "../../../gateways/kong/pdk/index.js";
import {
  encodedText,
  ErrorCalls,
  type EventOwner,
  type FailureCall,
  failureCalls,
  GatewayEvent,
  methodOfCall,
} from "../../../gateways/kong/rpc/index.js";
import { gatewayCodecs, KongHost, type KongDefinition } from "../../../gateways/kong/worker/index.js";
import { decodeValue, encodeCall, PHASE_OVER, phaseFunction } from "../../../gateways/kong/msgpack/index.js";
import { unwatchRejections, watchRejections } from "../watch-rejections.js";

const PROTOCOL = "MsgPack:1";
const DIALECT = {
  protocol: PROTOCOL,
  streams: false,
  phaseOver: PHASE_OVER,
  encodeCall,
  decodeResult: (_method: string, data: Buffer): unknown => decodeValue(data),
} as const;
/** Bodies in files are the other protocol's. */
const CODECS = gatewayCodecs(0);

/** What a request wants to know of its events. */
export interface EventWatch {
  /** The handler threw. */
  onFailure(thrown: unknown): void;
  /** The server would log this. */
  onLog(level: "warn" | "error", message: string): void;
}

interface StartedEvent {
  readonly event: GatewayEvent;
  readonly watch: EventWatch;
}

export class InProcessServer implements EventOwner {
  readonly #name: string;
  readonly #definition: KongDefinition;
  readonly #host: KongHost;
  readonly #events = new Map<number, StartedEvent>();
  readonly #errorCalls = new ErrorCalls();
  #instances = 0;
  #started = 0;
  #watch: EventWatch | undefined;

  constructor(name: string, definition: KongDefinition) {
    this.#name = name;
    this.#definition = definition;
    this.#host = new KongHost(
      definition,
      CODECS,
      {
        onAsks: (id, calls) => this.#events.get(id)?.event.asked(calls),
        onDone: (id) => this.#events.get(id)?.event.done(),
        onFailure: (id, error, { thrown } = {}) => this.#failed(id, error.message, thrown),
        // Its events fail, and tell why.
        onBindingFailed: () => {},
        onLog: ({ level, message, error }) => {
          const text = error === undefined ? message : `${message}: ${error.message}`;
          this.#watch?.onLog(level === "error" ? "error" : "warn", text);
        },
      },
      // Not the clock's business: a test may have replaced what it has of timers.
      // What it throws is for the test runner to see.
      // eslint-disable-next-line @typescript-eslint/no-floating-promises
      { plugin: name, defer: (flush) => void Promise.resolve().then(flush) },
    );
  }

  /** The server as the gateway of one request calls it. */
  calls(watch: EventWatch): PluginServerCalls {
    this.#watch = watch;
    return {
      call: (method, argument) => this.#call(method, argument as Record<string, unknown>, watch),
      abandon: (eventId) => this.#abandon(Number(eventId)),
    };
  }

  #call(method: string, argument: Record<string, unknown>, watch: EventWatch): Promise<unknown> {
    if (method === "plugin.StartInstance") return Promise.resolve({ Id: this.#startInstance(String(argument["Config"])) });
    if (method === "plugin.HandleEvent")
      return this.#startEvent(Number(argument["InstanceId"]), String(argument["EventName"]), watch);
    return this.#step(Number(argument["EventId"]), method === "plugin.StepError", argument["Data"]);
  }

  #startInstance(config: string): number {
    this.#instances += 1;
    this.#host.bind({ id: this.#instances, config });
    return this.#instances;
  }

  #startEvent(instanceId: number, phase: string, watch: EventWatch): Promise<unknown> {
    this.#started += 1;
    const id = this.#started;
    return new Promise((resolve) => {
      const event = new GatewayEvent(
        {
          id,
          instanceId,
          phase,
          runner: { host: this.#host, plugin: this.#name, timeout: Infinity, onError: this.#definition.onError ?? "exit" },
          dialect: DIALECT,
          // The test runner has a limit of its own.
          beganAt: 0,
          deadline: Infinity,
          owner: this,
        },
        (eventId, data) => resolve(reply(eventId, data)),
      );
      this.#events.set(id, { event, watch });
      watchRejections();
      this.#host.start({ callId: id, bindingId: instanceId, functionName: phaseFunction(PROTOCOL, phase) });
    });
  }

  #step(id: number, failed: boolean, data: unknown): Promise<unknown> {
    const started = this.#events.get(id);
    // Kong 2.0 has no response.error, and goes on after it.
    if (started === undefined) return Promise.resolve(reply(id, this.#errorCalls.exitAfter(id) ?? PHASE_OVER));
    return new Promise((resolve) => {
      const answer = data === undefined ? undefined : encodeData(data);
      started.event.step(failed, answer, (eventId, next) => resolve(reply(eventId, next)));
    });
  }

  #failed(id: number, message: string, thrown: unknown): void {
    const started = this.#events.get(id);
    if (started === undefined) return;
    const { event, watch } = started;
    watch.onFailure(thrown);
    event.handlerFailed(message);
  }

  failureCalls({ phase, runner }: GatewayEvent, reason: string): readonly FailureCall[] {
    return failureCalls(this.#name, phase, reason, runner.onError);
  }

  eventOver({ id }: GatewayEvent, end: Buffer | undefined): void {
    this.#over(id);
    if (end !== undefined) this.#errorCalls.ended(id, end);
  }

  callRefused(event: GatewayEvent, call: Buffer, answer: Buffer | undefined): void {
    const [method, reason] = [methodOfCall(call), encodedText(answer)];
    this.#events.get(event.id)?.watch.onFailure(new PdkError("PDK_CALL_FAILED", { method, reason }));
    event.callRefused(this.failureCalls(event, `${method} failed in the gateway: ${reason}`));
  }

  // Failures are told with what was thrown, and the test runner has a limit of time of its own.
  eventFailed(): void {}
  eventOverdue(): void {}

  #abandon(id: number): void {
    if (this.#over(id)) this.#host.cancel(id, "the gateway refused a call of it");
  }

  #over(id: number): boolean {
    if (!this.#events.delete(id)) return false;
    unwatchRejections();
    return true;
  }
}

function reply(eventId: number, data: Buffer): unknown {
  return { EventId: eventId, Data: decodeData(data) };
}
