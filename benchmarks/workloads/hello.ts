// How many phases does a server run in a second, and what does one cost? One read and two writes, as a usual plugin.
import { atATime, scenario, type Workload } from "./scenario.js";

export const hello: Workload = {
  plugin: "hello",
  calls: [
    { method: "kong.request.get_header", args: ["host"], answer: "example.com" },
    { method: "kong.response.set_header", args: ["x-hello", "hello example.com"] },
    { method: "kong.response.set_header", args: ["x-server", "bench"] },
  ],
};

export const HELLO = [
  scenario({
    name: "hello",
    question: "one read, two writes",
    workload: hello,
    cases: atATime(1, 16, 64, 256),
    quickCases: atATime(1, 64),
  }),
  scenario({
    name: "hello on one CPU",
    question: "the same, server and load generator on one processor",
    workload: hello,
    cases: atATime(1),
    quickCases: atATime(1),
    oneCpu: true,
  }),
];
