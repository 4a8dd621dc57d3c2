// What do plugins cost that are many? A hundred plugins with ten instances each, asked in turn.
import { hello } from "./hello.js";
import { atATime, scenario } from "./scenario.js";

export const MANY = [
  scenario({
    name: "many",
    question: "hello in 100 plugins with 1,000 instances, in turn",
    workload: hello,
    // The first one warms up.
    cases: atATime(64, 1),
    quickCases: atATime(64),
    plugins: 100,
    instancesPerPlugin: 10,
    // Ten thousand for each isolate, as the one of "hello" has had when it is measured: each compiles its code for itself.
    warmUpPhases: 1_000_000,
  }),
];
