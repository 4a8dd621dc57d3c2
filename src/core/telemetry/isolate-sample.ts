// What an isolate tells its host of itself, and whether what came is that: plugin code can get at its end of the channel.
import { DEATH_REASONS, type DeathReason, type IsolateFigures } from "./figures.js";

/** Sizes in bytes, the delay in milliseconds. */
export interface IsolateVitals {
  readonly heap: number;
  readonly external: number;
  /** How long the question waited until the isolate took it. */
  readonly delay: number;
}

/** Of the server that an isolate is, where it serves a socket of its own: since it began, or now. */
export interface ServedSample {
  readonly connections: number;
  readonly acceptedConnections: number;
  readonly refusedConnections: number;
  readonly droppedLogLines: number;
  readonly starts: number;
  readonly deaths: Readonly<Record<DeathReason, number>>;
  readonly recycles: number;
  /** Those that it has started itself. */
  readonly isolates: readonly Omit<IsolateFigures, "gateway" | "plugin">[];
}

const KINDS: ReadonlySet<unknown> = new Set(["thread", "process"]);
const STATES: ReadonlySet<unknown> = new Set(["loading", "serving", "draining"]);
const MAX_ISOLATES = 1000;

export const isIsolateVitals = (value: unknown): value is IsolateVitals => areAmounts(value, ["heap", "external", "delay"]);

export const isServedSample = (value: unknown): value is ServedSample =>
  areAmounts(value, ["connections", "acceptedConnections", "refusedConnections", "droppedLogLines", "starts", "recycles"]) &&
  areAmounts(value["deaths"], DEATH_REASONS) &&
  Array.isArray(value["isolates"]) &&
  value["isolates"].length <= MAX_ISOLATES &&
  value["isolates"].every(isIsolate);

const isIsolate = (value: unknown): boolean =>
  areAmounts(value, ["slot", "startedAt", "running", "limitBytes"]) &&
  KINDS.has(value["kind"]) &&
  STATES.has(value["state"]) &&
  ["heapBytes", "externalBytes", "eventLoopDelay", "maxEventLoopDelay", "cpuSeconds"].every(
    (name) => value[name] === undefined || isAmount(value[name]),
  );

const areAmounts = (value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && names.every((name) => isAmount(Reflect.get(value, name)));

const isAmount = (value: unknown): boolean => typeof value === "number" && value >= 0 && value < Infinity;
