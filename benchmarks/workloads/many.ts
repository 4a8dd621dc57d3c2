// What do plugins cost that are many? A hundred plugins with ten instances each, asked in turn.
import { hello } from "./hello.js";
import { atATime, scenario } from "./scenario.js";

export const MANY = [
  scenario({
    name: "many",
    question: "hello in 100 plugins with 1,000 instances, in turn",
    workload: hello,
    cases: atATime(1, 64),
    quickCases: atATime(64),
    plugins: 100,
    instancesPerPlugin: 10,
    // A hundred for each isolate.
    warmUpPhases: 10_000,
  }),
];
