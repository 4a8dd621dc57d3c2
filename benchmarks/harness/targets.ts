// The project's targets, as ratios within one run, and what the run says to each.
import { type BenchResults, findRow, type OnceResult } from "./results.js";
import { type Metric, summary } from "./statistics.js";

export interface Target {
  readonly what: string;
  readonly bound: "at least" | "at most";
  readonly limit: number;
  readonly value: (results: BenchResults) => number | undefined;
}

const MB = 2 ** 20;
const OURS = "isolates";
const EMBEDDED = "in-thread";
const OLD = "kong-pdk";

type Place = readonly [scenario: string, peer: string, at: number, burners?: number];

const median = (results: BenchResults, metric: Metric, place: Place): number | undefined =>
  findRow(results, ...place)?.metrics[metric].median;

/** The median of the rounds' own ratios: what disturbs one round disturbs both of its sides. */
const ratio =
  (metric: Metric, over: Place, under: Place, scale = 1) =>
  (results: BenchResults): number | undefined => {
    const denominators = findRow(results, ...under)?.runs;
    const ratios = findRow(results, ...over)?.runs.flatMap((run, round) => {
      const other = denominators?.[round];
      return other === undefined ? [] : [run[metric] / other[metric] / scale];
    });
    return ratios === undefined || ratios.length === 0 ? undefined : summary(ratios).median;
  };

function memoryPerIsolate(results: BenchResults): number | undefined {
  const many = results.scenarios.find(({ name }) => name === "many");
  const running = median(results, "memory", ["many", OURS, 64]);
  const idle = many?.idleMemory[OURS];
  return many === undefined || running === undefined || idle === undefined ? undefined : (running - idle) / many.plugins / MB;
}

function coldRatio({ cold }: BenchResults): number | undefined {
  const time = (peer: string, plugin: string, plugins: number): number | undefined =>
    cold.find((one) => one.what === "dump" && one.peer === peer && one.plugin === plugin && one.plugins === plugins)?.time.median;
  const [ours, old] = [time(OURS, "cold.ts", 10), time(OLD, "hello.cjs", 1)];
  return ours === undefined || old === undefined ? undefined : ours / old;
}

/** Of what happens once, in the start of Node.js in the same run. */
const inNodeStarts =
  (what: string) =>
  ({ start }: BenchResults): number | undefined =>
    onceRatio(start, [OURS, what], ["node -e 0", ""]);

function onceRatio(
  found: readonly OnceResult[],
  over: readonly [peer: string, what: string],
  under: readonly [peer: string, what: string],
): number | undefined {
  const time = ([peer, what]: readonly [string, string]): number | undefined =>
    found.find((one) => one.peer === peer && one.what === what)?.time.median;
  const [above, below] = [time(over), time(under)];
  return above === undefined || below === undefined ? undefined : above / below;
}

const atLeast = (limit: number, what: string, value: Target["value"]): Target => ({ what, bound: "at least", limit, value });
const atMost = (limit: number, what: string, value: Target["value"]): Target => ({ what, bound: "at most", limit, value });

const HELLO_64 = (peer: string): Place => ["hello", peer, 64];
const ONE_CPU = (peer: string): Place => ["hello on one CPU", peer, 1];

/** Of one hook behind a Tyk gateway. */
const tykRatio = (limit: number, scenario: string, over: string, under: string, at: number): Target =>
  atLeast(
    limit,
    `${scenario}, ${at}: ${over}' hooks/s, in those of ${under}`,
    ratio("phasesPerSecond", [scenario, over, at], [scenario, under, at]),
  );

const TYK_TARGETS: readonly Target[] = [
  ...[1, 16, 64].map((at) => tykRatio(1.2, "tyk", "tyk-isolates", "grpc-js", at)),
  ...[1, 16, 64].map((at) => tykRatio(1.6, "tyk", "tyk-in-thread", "grpc-js", at)),
  ...[1, 16].map((at) => tykRatio(2, "tyk 64 kB", "tyk-isolates", "grpc-js", at)),
  ...[1, 16, 64].map((at) => tykRatio(0.8, "tyk", "tyk-isolates", "grpc-go", at)),
];

export const TARGETS: readonly Target[] = [
  ...TYK_TARGETS,
  atLeast(1.6, "hello, 64: isolates' phases/s, in those of kong-pdk", ratio("phasesPerSecond", HELLO_64(OURS), HELLO_64(OLD))),
  atMost(1, "hello, 64: isolates' CPU per phase, in that of kong-pdk", ratio("cpuPerPhase", HELLO_64(OURS), HELLO_64(OLD))),
  atLeast(
    1.9,
    "hello, 64: in-thread phases/s, in those of kong-pdk",
    ratio("phasesPerSecond", HELLO_64(EMBEDDED), HELLO_64(OLD)),
  ),
  atLeast(
    0.75,
    "hello, 64: in-thread phases/s, in those of the floor",
    ratio("phasesPerSecond", HELLO_64(EMBEDDED), HELLO_64("floor")),
  ),
  atLeast(
    1.9,
    "hello, 64: in-thread phases/s in ProtoBuf, in those of kong-pdk",
    ratio("phasesPerSecond", HELLO_64("in-thread-protobuf"), HELLO_64(OLD)),
  ),
  atLeast(
    0.9,
    "hello, 64: a plugin's own socket's phases/s, in those in-thread",
    ratio("phasesPerSecond", HELLO_64("plugin-socket"), HELLO_64(EMBEDDED)),
  ),
  atMost(1.3, "hello on one CPU: isolates' p50, in that of kong-pdk", ratio("p50", ONE_CPU(OURS), ONE_CPU(OLD))),
  atMost(0.8, "hello on one CPU: in-thread p50, in that of kong-pdk", ratio("p50", ONE_CPU(EMBEDDED), ONE_CPU(OLD))),
  atMost(1.5, "hello beside 1 burner: p50, in that alone", ratio("p50", ["burn", OURS, 1, 1], ["burn", OURS, 1, 0])),
  atMost(1.5, "hello beside 4 burners: p50, in that alone", ratio("p50", ["burn", OURS, 1, 4], ["burn", OURS, 1, 0])),
  atLeast(
    20,
    "body 1 MB: phases/s, in those of kong-pdk",
    ratio("phasesPerSecond", ["body 1 MB", OURS, 1], ["body 1 MB", OLD, 1]),
  ),
  atMost(1.2, "body: p50 of a byte in 32 MB, in that in 1 MB", ratio("p50", ["body 32 MB", OURS, 1], ["body 1 MB", OURS, 1], 32)),
  atMost(1.2, "many, 1: CPU per phase, in that of hello", ratio("cpuPerPhase", ["many", OURS, 1], ["hello", OURS, 1])),
  atMost(1.2, "many, 64: CPU per phase, in that of hello", ratio("cpuPerPhase", ["many", OURS, 64], HELLO_64(OURS))),
  atLeast(
    1.8,
    "hello, 64: isolates' phases/s in ProtoBuf, in those of go-pdk",
    ratio("phasesPerSecond", HELLO_64("isolates-protobuf"), HELLO_64("go-pdk")),
  ),
  atMost(1.5, "start: listening with 10 TypeScript plugins, in node -e 0", inNodeStarts("listening, 10 plugins")),
  ...[10, 100].flatMap((plugins) =>
    [`dump of ${plugins}, warm`, `dump of one among ${plugins}, warm`].map((what) =>
      atMost(2.5, `start: ${what}, in node -e 0`, inNodeStarts(what)),
    ),
  ),
  atMost(3, "scale: a neighbour's p99 while a file changes, in that before", ({ scale }) =>
    onceRatio(scale, [OURS, "a neighbour's p99 meanwhile"], [OURS, "a neighbour's p99 before"]),
  ),
  atMost(12, "many: MB for each running isolate", memoryPerIsolate),
  atMost(1.5, "cold: dump of 10 TypeScript plugins, in kong-pdk's of 1 in JavaScript", coldRatio),
];

export const isMet = ({ bound, limit }: Target, value: number): boolean =>
  bound === "at least" ? value >= limit : value <= limit;
