// The plugin server of a test: the events of the real one around the runtime, in this thread and without a wire.
import { decodeData, encodeData, type PluginServerCalls } from "../../gateways/kong/standin/index.js";
import { PdkError } from "../../gateways/kong/pdk/index.js";
import { encodedText, ErrorCalls, GatewayEvent, failureCalls, methodOfCall } from "../../gateways/kong/rpc/index.js";
import { gatewayCodecs, KongHost, type PluginDefinition } from "../../gateways/kong/worker/index.js";
import { encodeCall, PHASE_OVER, phaseFunction } from "../../gateways/kong/msgpack/index.js";
import { unwatchRejections, watchRejections } from "./watch-rejections.js";

const PROTOCOL = "MsgPack:1";
const DIALECT = { protocol: PROTOCOL, streams: false, phaseOver: PHASE_OVER, encodeCall } as const;
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

export class InProcessServer {
  readonly #name: string;
  readonly #definition: PluginDefinition;
  readonly #host: KongHost;
  readonly #events = new Map<number, StartedEvent>();
  readonly #errorCalls = new ErrorCalls();
  #instances = 0;
  #started = 0;
  #watch: EventWatch | undefined;

  constructor(name: string, definition: PluginDefinition) {
    this.#name = name;
    this.#definition = definition;
    this.#host = new KongHost(
      definition,
      CODECS,
      {
        onAsks: (id, calls) => this.#events.get(id)?.event.addCalls(calls),
        onDone: (id) => this.#events.get(id)?.event.handlerReturned(),
        onFailure: (id, error, thrown) => this.#failed(id, error.message, thrown),
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
          deadline: Infinity,
          onOver: (_event, end) => {
            this.#over(id);
            if (end !== undefined) this.#errorCalls.ended(id, end);
          },
          onCallRefused: (refused, call, answer) => {
            const reason = `${methodOfCall(call)} failed in the gateway: ${encodedText(answer)}`;
            watch.onFailure(new PdkError("PDK_CALL_FAILED", { method: methodOfCall(call), reason: encodedText(answer) }));
            refused.callRefused(failureCalls(this.#name, phase, reason, refused.runner.onError));
          },
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
    event.handlerFailed(failureCalls(this.#name, event.phase, message, event.runner.onError));
  }

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
