// Owns a pool of real isolates of one plugin, and a record of what they report.
import { readdirSync, readFileSync } from "node:fs";
import type { ErrorInfo } from "../../../../src/core/model/index.js";
import type { LogEntry, CallHost, CallHostListener } from "../../../../src/core/channel/index.js";
import type { IsolateLimits, Isolation, PluginPool } from "../../../../src/core/isolates/index.js";
import { decodeValue, encodeValue, phaseFunction } from "../../../../src/gateways/kong/msgpack/index.js";
import { KONG_WORKER, loadIsolates } from "./from-dist.js";

const { PluginPool: Pool, startProcess, startThread } = await loadIsolates();

const LIMITS: IsolateLimits = {
  memory: 256 * 1024 * 1024,
  maxCalls: 1000,
  stallTimeout: 5000,
  maxBodySize: 1 << 20,
  loadTimeout: 10_000,
  idleTimeout: 60_000,
  endTimeout: 10_000,
  disposeTimeout: 10_000,
  env: process.env,
};
const MAX_WAIT = 15_000;

/** A call, a return or a failure of an event. */
export type Report = readonly ["call", method: unknown, args: unknown] | readonly ["return"] | readonly ["failure", ErrorInfo];

export interface PoolSettings {
  readonly isolates?: number;
  readonly isolation?: Isolation;
  readonly limits?: Partial<IsolateLimits>;
}

/** The code of a plugin in Go style; `methods` are its phases. */
export const goPlugin = (methods: string, before = ""): string =>
  `${before}\nexports.Version = "1.0.0"; exports.Priority = 1; exports.New = () => ({ name: "", ${methods} });`;

export class RecordedPool {
  readonly pool: PluginPool;
  readonly logs: LogEntry[] = [];
  readonly failedInstances: (readonly [id: number, error: ErrorInfo])[] = [];
  readonly #hosts = new Map<number, CallHost>();
  readonly #reports = new Map<number, Report[]>();
  #nextEventId = 1;
  #nextInstanceId = 1;
  readonly #waiting = new Set<() => void>();

  constructor(code: string, { isolates = 1, isolation = "thread", limits = {} }: PoolSettings = {}) {
    const note = (eventId: number, ...reports: Report[]): void => {
      this.#reports.set(eventId, [...this.reports(eventId), ...reports]);
      this.#onChange();
    };
    const listener: CallHostListener = {
      onAsks: (eventId, calls) =>
        note(
          eventId,
          ...calls.map(({ data }): Report => {
            const { Method: method, Args: args } = decodeValue(data) as { Method: unknown; Args: unknown };
            return ["call", method, args];
          }),
        ),
      onDone: (eventId) => note(eventId, ["return"]),
      onFailure: (eventId, error) => note(eventId, ["failure", error]),
      onBindingFailed: (id, error) => {
        this.failedInstances.push([id, error]);
        this.#onChange();
      },
      onLog: (entry) => {
        this.logs.push(entry);
        this.#onChange();
      },
    };
    const artifact = { entry: "/plugins/tested.cjs", format: "cjs", code } as const;
    const startTransport = isolation === "process" ? startProcess : startThread;
    this.pool = new Pool({
      plugin: "tested",
      gatewayWorker: KONG_WORKER,
      artifact,
      isolates,
      startTransport,
      limits: { ...LIMITS, ...limits },
      listener,
    });
  }

  startInstance(config: object = {}): number {
    const id = this.#nextInstanceId++;
    this.#hosts.set(id, this.pool.bind({ id, config: JSON.stringify(config) }));
    return id;
  }

  hostOf(instanceId: number): CallHost {
    const host = this.#hosts.get(instanceId);
    if (host === undefined) throw new Error(`there is no instance ${instanceId}`);
    return host;
  }

  start(instanceId: number, phase = "access"): number {
    const eventId = this.#nextEventId++;
    this.hostOf(instanceId).start({ callId: eventId, bindingId: instanceId, functionName: phaseFunction("MsgPack:1", phase) });
    return eventId;
  }

  answer(instanceId: number, eventId: number, value: unknown): void {
    this.hostOf(instanceId).answer(eventId, false, encodeValue(value));
  }

  #onChange(): void {
    for (const check of this.#waiting) check();
  }

  /** What was reported of an event so far. */
  reports(eventId: number): readonly Report[] {
    return this.#reports.get(eventId) ?? [];
  }

  /** Resolves when `condition` holds, looking again at each report. */
  async until(condition: () => boolean, what = "what was expected"): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${what} did not come: ${JSON.stringify([[...this.#reports], this.logs])}`)),
        MAX_WAIT,
      );
      const check = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Runs an event to its end and gives all that was reported. */
  async run(instanceId: number, phase?: string): Promise<readonly Report[]> {
    const eventId = this.start(instanceId, phase);
    await this.ended(eventId);
    return this.reports(eventId);
  }

  ended(eventId: number): Promise<void> {
    return this.until(() => this.reports(eventId).some(([kind]) => kind !== "call"), `the end of event ${eventId}`);
  }

  /** The arguments of the calls of one event that returns. */
  async logged(instanceId: number): Promise<unknown[]> {
    return (await this.run(instanceId)).flatMap((report) => (report[0] === "call" ? [report[2]] : []));
  }
}

export const countThreads = (): number => readdirSync("/proc/self/task").length;

/** Child processes of this one, whichever of its threads started them. */
export const countChildren = (): number =>
  readdirSync("/proc/self/task").reduce(
    (sum, task) =>
      sum +
      readFileSync(`/proc/self/task/${task}/children`, "utf8")
        .split(" ")
        .filter((pid) => pid !== "").length,
    0,
  );
