// Owns starting a line gateway on a directory of plugins, with its log kept.
import { pino } from "pino";
import type { IsolateLimits } from "../../../src/core/isolates/index.js";
import type { LoadOptions } from "../../../src/core/plugins/index.js";
import type { CreateSource } from "../../../src/core/server/index.js";
import type { PluginApi } from "../../../src/core/plugins/index.js";
import { core } from "./core-from-dist.js";
import { LineGateway } from "./line-gateway.js";

const WORKER = new URL("../../fixtures/line-gateway/worker.mjs", import.meta.url).href;
/** Plugins of this gateway import nothing. */
const API: PluginApi = {
  package: "lines",
  name: "lines",
  version: "1.0.0",
  versionFields: ["version"],
  entries: new Map(),
  compatibleFlag: "",
};

const LIMITS: IsolateLimits = {
  memory: 96 * 2 ** 20,
  maxCalls: 100,
  stallTimeout: 1000,
  loadTimeout: 10_000,
  maxBodySize: 0,
  idleTimeout: 60_000,
  endTimeout: 5000,
  disposeTimeout: 1000,
  env: {},
};

export interface StartedLineGateway {
  readonly gateway: LineGateway;
  readonly path: string;
  /** What it logged, as JSON lines. */
  readonly log: readonly string[];
}

export interface LineGatewayOptions {
  readonly directory: string;
  readonly path: string;
  readonly isolation?: "thread" | "process";
  readonly callTimeout?: number;
  readonly limits?: Partial<IsolateLimits>;
  /** Where its plugins come from, where that is not for it alone. */
  readonly source?: CreateSource;
}

let lastBindingId = 0;

export async function startLineGateway(options: LineGatewayOptions): Promise<StartedLineGateway> {
  const { directory, path, isolation = "thread", callTimeout = 6000 } = options;
  const limits = { ...LIMITS, ...options.limits };
  const log: string[] = [];
  const logger = pino({ base: null }, { write: (line) => log.push(line) });
  const gateway = new LineGateway({
    gateway: "lines",
    configurations: {
      misfits: () => [],
      refusal: () => undefined,
      withNewDefaults: (_schema, _before, configuration) => configuration,
      isSame: (_schema, configuration, _otherSchema, other) => configuration === other,
      shown: (_schemas, configuration) => configuration,
      idsOf: () => ({}),
    },
    bindingTimeout: 60_000,
    newBindingId: () => (lastBindingId += 1),
    callTimeout,
    onError: "exit",
    log: {
      entry: (plugin, { level, message }) => logger[level](`[${plugin}] ${message}`),
      bindingFailed: (plugin, _id, { message }) => logger.error(`[${plugin}] cannot run: ${message}`),
    },
    createPool: core.isolatePools({ gatewayWorker: WORKER, isolatesPerPlugin: 1, isolation, limits }),
    createSource:
      options.source ??
      (({ served, onNewCode, onPluginLog }) =>
        new core.PluginDirectory({
          directory,
          watch: false,
          served,
          onNewCode,
          logger,
          load: { ...loadOptions(limits), onPluginLog },
        })),
  });
  await gateway.start(path);
  return { gateway, path, log };
}

/** How a directory of this gateway's plugins is read. */
export const loadOptions = (limits = LIMITS): Omit<LoadOptions, "onPluginLog"> => ({
  gatewayWorker: WORKER,
  checkDefinition: () => ({ errors: [], warnings: [], notes: [], effects: [], announced: {} }),
  api: API,
  versionMatch: "compatible",
  trustedKeys: [],
  loadTimeout: limits.loadTimeout,
  limits,
  runsInit: true,
});
