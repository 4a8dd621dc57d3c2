// Says in the log what went wrong with events and instances: whose they are by the ids that the gateway gave, and equal lines once; and what the process itself prints.
import type { Logger } from "pino";
import { cutText, type ErrorInfo } from "../../../core/model/index.js";
import { gatewayIds } from "../schema/index.js";
import type { PluginLog } from "../../../core/server/index.js";
import { type LogEntry, limitLog } from "../../../core/channel/index.js";
import { encodedText, type GatewayEvent, methodOfCall } from "../rpc/index.js";
import { type LimitedLog, errorField, logFields } from "../../../core/log/index.js";
import { captureOutput } from "../../../core/worker/index.js";

/** As the labels of metrics have it. */
const GATEWAY = "kong";
/** The gateway's name of a phase, or what a stranger sent as one. */
const MAX_PHASE = 100;

export class EventLog implements PluginLog {
  readonly #log: LimitedLog;
  readonly #configOf: (instanceId: number) => string | undefined;

  /** `configOf` gives the configuration of an instance as the gateway sent it. */
  constructor(log: LimitedLog, configOf: (instanceId: number) => string | undefined) {
    this.#log = log;
    this.#configOf = configOf;
  }

  failed(event: GatewayEvent, error: ErrorInfo): void {
    const { plugin } = event.runner;
    this.#log.log({
      level: "error",
      group: `failure of ${plugin}`,
      about: event.instanceId,
      message: `plugin ${plugin} failed in ${phaseOf(event)}: ${error.message}`,
      fields: () => ({ ...this.#fieldsOf(event), ...errorField(error) }),
    });
  }

  bindingFailed(plugin: string, instance: number, error: ErrorInfo): void {
    this.#log.log({
      level: "error",
      group: `instance of ${plugin}`,
      message: `instance ${instance} of plugin ${plugin} cannot run, its events fail: ${error.message}`,
      fields: () => ({ gateway: GATEWAY, plugin, binding: instance, ...this.#idsOf(instance), ...errorField(error) }),
    });
  }

  callRefused(event: GatewayEvent, call: Buffer, answer: Buffer | undefined): void {
    const { plugin } = event.runner;
    this.warn(event, "refused call", `[${plugin}] ${methodOfCall(call)} failed in the gateway: ${encodedText(answer)}`);
  }

  /** `kind` says what the message is about; it has a limit of its own for each plugin. */
  warn(event: GatewayEvent, kind: string, message: string): void {
    this.#log.log({
      level: "warn",
      group: `${kind} of ${event.runner.plugin}`,
      about: event.instanceId,
      message,
      fields: () => this.#fieldsOf(event),
    });
  }

  /** What a plugin printed is limited in its isolate; what it threw outside of its handlers, or too late, is here. */
  entry(plugin: string, entry: LogEntry): void {
    const { level, message, bindingId, error } = entry;
    const ids = (): object => (bindingId === undefined ? {} : this.#idsOf(bindingId));
    const line = {
      level,
      message: `[${plugin}] ${message}`,
      fields: () => ({ gateway: GATEWAY, ...logFields(plugin, entry, ids()) }),
    };
    if (error === undefined) this.#log.write(line);
    else this.#log.log({ ...line, group: `stray error of ${plugin}`, about: bindingId ?? "" });
  }

  #fieldsOf(event: GatewayEvent): object {
    const { runner, instanceId } = event;
    const place = { gateway: GATEWAY, plugin: runner.plugin, function: phaseOf(event), binding: instanceId };
    return { ...place, ...this.#idsOf(instanceId) };
  }

  #idsOf(instanceId: number): object {
    const config = this.#configOf(instanceId);
    return config === undefined ? {} : gatewayIds(config);
  }
}

const phaseOf = ({ phase }: GatewayEvent): string => cutText(phase, MAX_PHASE);

export function logOwnOutput(logger: Logger): void {
  captureOutput(limitLog(({ level, message }) => logger[level](message)));
}
