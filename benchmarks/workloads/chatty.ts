// What does a round trip cost? Twenty reads, one after another.
import { atATime, scenario } from "./scenario.js";

export const CHATTY = [
  scenario({
    name: "chatty",
    question: "20 reads, one after another",
    workload: {
      plugin: "chatty",
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
