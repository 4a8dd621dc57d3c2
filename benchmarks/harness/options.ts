// Reads the command line of the benchmarks.
import { parseArgs } from "node:util";
import { groupOf, QUICK_SCENARIOS, type Scenario, SCENARIOS, SMOKE_SCENARIOS } from "../workloads/index.js";
import type { MeasurementLimits } from "../load/measurement.js";

export type Mode = "full" | "quick" | "smoke";

export interface BenchOptions {
  readonly mode: Mode;
  readonly scenarios: readonly Scenario[];
  readonly cold: boolean;
  readonly start: boolean;
  readonly scale: boolean;
  /** Names of peers; all of the file where it is undefined. */
  readonly peers: readonly string[] | undefined;
  readonly peersFile: string | undefined;
  /** The checkout of another version of this project, as one peer more. */
  readonly against: string | undefined;
  readonly rounds: number;
  readonly limits: MeasurementLimits;
  /** For the first run of a server, milliseconds. */
  readonly firstWarmUp: number;
  /** Path of the results without an extension. */
  readonly out: string | undefined;
}

const COLD = "cold";

const MODES = {
  full: {
    scenarios: SCENARIOS,
    rounds: 5,
    firstWarmUp: 2000,
    limits: { warmUp: 500, duration: 2000, minWarmUpPhases: 1, minPhases: 1 },
  },
  quick: {
    scenarios: QUICK_SCENARIOS,
    rounds: 2,
    firstWarmUp: 400,
    limits: { warmUp: 150, duration: 400, minWarmUpPhases: 1, minPhases: 2 },
  },
  smoke: {
    scenarios: SMOKE_SCENARIOS,
    rounds: 1,
    firstWarmUp: 0,
    limits: { warmUp: 0, duration: 0, minWarmUpPhases: 0, minPhases: 10 },
  },
} as const satisfies Record<Mode, unknown>;

/** Whatever can be had without installing anything. */
const SMOKE_PEERS = [
  "isolates",
  "in-thread",
  "in-thread-protobuf",
  "plugin-socket",
  "floor",
  "tyk-isolates",
  "tyk-in-thread",
  "grpc-js",
  "tyk-floor",
];

const list = (value: string | undefined): string[] | undefined => value?.split(",").map((item) => item.trim());

/** @throws {TypeError} for flags that do not exist. */
export function parseOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      smoke: { type: "boolean", default: false },
      workloads: { type: "string" },
      peers: { type: "string" },
      "peers-file": { type: "string" },
      against: { type: "string" },
      at: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      out: { type: "string" },
    },
  });
  const mode = values.smoke ? "smoke" : values.quick ? "quick" : "full";
  const defaults = MODES[mode];
  const groups = list(values.workloads);
  const isWanted = (name: string): boolean => groups === undefined || groups.includes(name);
  const wanted = groups === undefined ? defaults.scenarios : defaults.scenarios.filter((one) => groups.includes(groupOf(one)));
  return {
    mode,
    scenarios: atLevels(wanted, list(values.at)?.map(Number)),
    cold: isWanted(COLD),
    start: isWanted("start"),
    // Long, and no question of right answers: by its name, or in a whole run.
    scale: groups === undefined ? mode === "full" : groups.includes("scale"),
    peers: list(values.peers) ?? (mode === "smoke" ? SMOKE_PEERS : undefined),
    peersFile: values["peers-file"],
    against: values.against,
    rounds: values.rounds === undefined ? defaults.rounds : Number(values.rounds),
    firstWarmUp: defaults.firstWarmUp,
    limits: { ...defaults.limits, ...(values.seconds === undefined ? {} : { duration: Number(values.seconds) * 1000 }) },
    out: values.out,
  };
}

function atLevels(scenarios: readonly Scenario[], levels: readonly number[] | undefined): readonly Scenario[] {
  if (levels === undefined) return scenarios;
  return scenarios
    .map((scenario) => ({ ...scenario, cases: scenario.cases.filter(({ at }) => levels.includes(at)) }))
    .filter(({ cases }) => cases.length > 0);
}
