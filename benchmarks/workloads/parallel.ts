// What do calls cost that are made at once? Twenty reads in one Promise.all.
import { atATime, scenario } from "./scenario.js";

export const PARALLEL = [
  scenario({
    name: "parallel",
    question: "20 reads at once",
    workload: {
      plugin: "parallel",
      calls: Array.from({ length: 20 }, (_, i) => ({
        method: "kong.request.get_header",
        args: [`x-bench-${i}`],
        answer: `value ${i}`,
      })),
    },
    cases: atATime(1, 16, 64, 256),
    quickCases: atATime(64),
  }),
];
