// Says in the log what went wrong with hooks: which function for which API, equal lines once.
import type { LogEntry } from "../../../core/channel/index.js";
import { errorField, type LimitedLog, logFields } from "../../../core/log/index.js";
import type { ErrorInfo } from "../../../core/model/index.js";
import type { PluginLog } from "../../../core/server/index.js";

/** Which function runs, and for whom. */
export interface HookPlace {
  readonly plugin: string;
  readonly functionName: string;
  /** As the API definition has it. */
  readonly hookName: string;
  readonly apiId: string;
  readonly orgId: string;
}

export class HookLog implements PluginLog {
  readonly #log: LimitedLog;

  constructor(log: LimitedLog) {
    this.#log = log;
  }

  failed(place: HookPlace, error: ErrorInfo): void {
    this.#log.log({
      level: "error",
      group: `failure of ${place.plugin}`,
      about: place.apiId,
      message: `plugin ${place.plugin} failed in ${place.functionName}: ${error.message}`,
      fields: () => ({ ...fieldsOf(place), ...errorField(error) }),
    });
  }

  warn(place: HookPlace, reason: string): void {
    this.#log.log({
      level: "warn",
      group: `warning of ${place.plugin}`,
      about: place.apiId,
      message: `plugin ${place.plugin}, ${place.functionName}: ${reason}`,
      fields: () => fieldsOf(place),
    });
  }

  /** A call that no plugin got: its hook is unknown, or it cannot be read. */
  refused(reason: string, fields: object): void {
    this.#log.log({
      level: "error",
      group: "refused call",
      message: `a gateway's call is refused: ${reason}`,
      fields: () => fields,
    });
  }

  entry(plugin: string, entry: LogEntry): void {
    const { level, message, error } = entry;
    const line = {
      level,
      message: `[${plugin}] ${message}`,
      fields: () => ({ gateway: GATEWAY, ...logFields(plugin, entry, {}) }),
    };
    if (error === undefined) this.#log.write(line);
    else this.#log.log({ ...line, group: `stray error of ${plugin}` });
  }

  bindingFailed(plugin: string, bindingId: number, error: ErrorInfo): void {
    this.#log.log({
      level: "error",
      group: `binding of ${plugin}`,
      message: `plugin ${plugin} cannot run with the config_data of an API, whose requests fail: ${error.message}`,
      fields: () => ({ gateway: GATEWAY, plugin, binding: bindingId, ...errorField(error) }),
    });
  }
}

/** As the labels of metrics have it. */
const GATEWAY = "tyk";

const fieldsOf = ({ plugin, functionName, hookName, apiId, orgId }: HookPlace): object => ({
  gateway: GATEWAY,
  plugin,
  function: functionName,
  hook: hookName,
  api_id: apiId,
  org_id: orgId,
});
