// How much does a light plugin suffer beside one that uses its thread up? Hello beside 20 ms of CPU per phase.
import { hello } from "./hello.js";
import { type LoadCase, scenario } from "./scenario.js";

const besideBurners = (...counts: readonly number[]): LoadCase[] => counts.map((burners) => ({ at: 1, burners }));

export const BURN = [
  scenario({
    name: "burn",
    question: "hello, 1 at a time, beside connections whose plugin burns 20 ms of CPU per phase",
    workload: hello,
    beside: { plugin: "burn", calls: [] },
    cases: besideBurners(0, 1, 4),
    quickCases: besideBurners(0, 1),
  }),
];
