// Does the cost of a body grow with its size alone? One body in and out again, from 1 kB to 32 MB.
import { atATime, scenario, type Workload } from "./scenario.js";

const KB = 1024;
const MB = 1024 * KB;
const LINE = '{"id":1234567,"name":"a line of an ordinary JSON document","tags":["one","two"]},\n';

/** Lifts the limit that Kong 3.8 and later set to a body of theirs. */
const NO_LIMIT = [0];

/** As Kong 3.x sends it: bytes, which are text here. */
function body(size: number): Workload {
  const content = Buffer.alloc(size, LINE);
  return {
    plugin: "body",
    calls: [
      { method: "kong.request.get_raw_body", args: [], otherArgs: NO_LIMIT, answer: content },
      { method: "kong.service.request.set_raw_body", args: [content] },
    ],
  };
}

const ofSize = (label: string, size: number, levels: readonly number[], quickLevels: readonly number[]) =>
  scenario({
    name: `body ${label}`,
    question: `a body of ${label}, in and out`,
    workload: body(size),
    cases: atATime(...levels),
    quickCases: atATime(...quickLevels),
  });

export const BODY = [
  ofSize("1 kB", KB, [1, 64], []),
  ofSize("64 kB", 64 * KB, [1, 16], [1]),
  ofSize("1 MB", MB, [1, 16], [1]),
  // Seconds for each body with kong-pdk.
  ofSize("32 MB", 32 * MB, [1], []),
];
