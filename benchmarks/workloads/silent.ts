// What does a phase cost before its handler does anything? No PDK call at all.
import { atATime, scenario } from "./scenario.js";

export const SILENT = [
  scenario({
    name: "silent",
    question: "no PDK call",
    workload: { plugin: "silent", calls: [] },
    cases: atATime(1, 16, 64, 256),
    quickCases: atATime(64),
  }),
];
