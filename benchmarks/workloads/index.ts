// All scenarios, in the order of the report.
import { BODY } from "./body.js";
import { BURN } from "./burn.js";
import { CHATTY } from "./chatty.js";
import { HELLO } from "./hello.js";
import { MANY } from "./many.js";
import { PARALLEL } from "./parallel.js";
import { atATime, type Scenario } from "./scenario.js";
import { SILENT } from "./silent.js";
import { TYK } from "./tyk.js";

export type { HookCall, LoadCase, Scenario, ScriptedCall, Workload } from "./scenario.js";
export { pluginNames } from "./scenario.js";

/** The part of a scenario's name that `--workloads` asks for. */
export const groupOf = ({ name }: Scenario): string => name.split(" ")[0] ?? name;

export const SCENARIOS: readonly Scenario[] = [HELLO, CHATTY, PARALLEL, SILENT, BODY, BURN, MANY, TYK].flat();

/** The same scenarios, as small as they can be and still say whether the answers are right. */
export const SMOKE_SCENARIOS: readonly Scenario[] = SCENARIOS.filter(
  ({ oneCpu, quickCases }) => !oneCpu && quickCases.length > 0,
).map((scenario) => ({
  ...scenario,
  cases: scenario.beside === undefined ? atATime(4) : [{ at: 1, burners: 1 }],
  plugins: Math.min(scenario.plugins, 3),
  instancesPerPlugin: Math.min(scenario.instancesPerPlugin, 2),
  warmUpPhases: 0,
}));

const QUICK_WARM_UP = 10_000;

/** Fewer cases, in a minute or so. */
export const QUICK_SCENARIOS: readonly Scenario[] = SCENARIOS.map((scenario) => ({
  ...scenario,
  cases: scenario.quickCases,
  warmUpPhases: Math.min(scenario.warmUpPhases, QUICK_WARM_UP),
})).filter(({ cases }) => cases.length > 0);
