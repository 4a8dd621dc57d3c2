// Answers what operators and their tools ask of a running server: its status, its last 15 minutes, whether it is alive and ready.
import type { PluginProblem } from "../../core/plugins/index.js";
import { UsageError } from "../../core/model/index.js";
import type { AdministeredEngine } from "../../core/server/index.js";
import type { ServerFigures } from "../../core/telemetry/index.js";
import type { History, PluginPoint } from "./history.js";
import { type Answer, jsonAnswer, type Routes } from "./http-server.js";
import { detailOf } from "./plugin-detail.js";
import { sampleOf } from "./plugin-sample.js";
import { reportOf, type ServerState, type StatusReport } from "./report.js";

export interface StatusSources {
  /** One for each gateway that is served. */
  readonly engines: readonly AdministeredEngine[];
  readonly figures: () => Promise<ServerFigures>;
  readonly history: History;
  readonly state: () => ServerState;
  readonly listening: () => readonly string[];
  readonly unreachable: () => string | undefined;
  readonly log: () => StatusReport["log"];
}

const UNAVAILABLE = 503;

/** For whoever may know how the server does. */
export const statusRoutes = (sources: StatusSources): Routes => ({
  "GET /status": async () => jsonAnswer((await look(sources)).report),
  "GET /history": () => jsonAnswer(historyOf(sources.history)),
});

/** What only its operator may see: configurations, if without their secrets. */
export const detailRoutes = (sources: StatusSources): Routes => ({
  "GET /status/": async ({ rest }) => {
    const { figures, report, problems } = await look(sources);
    const status = report.plugins.find(({ plugin }) => plugin === rest);
    const engine = sources.engines.find(({ plugins }) => plugins.get(rest) !== undefined);
    const problem = problems.find(({ name }) => name === rest);
    if (status !== undefined && engine !== undefined) return jsonAnswer(detailOf({ figures, status, engine, problem }));
    if (problem !== undefined) throw new UsageError(`plugin ${rest} does not load: ${problem.reason}`);
    const names = report.plugins.map(({ plugin }) => plugin);
    throw new UsageError(`there is no plugin ${rest}; there are: ${names.join(", ") || "none"}`);
  },
});

/** For whoever keeps the server running: it answers at all, and gateways should be sent to it. */
export const healthRoutes = (sources: StatusSources): Routes => ({
  "GET /healthz": () => jsonAnswer({ status: "alive" }),
  "GET /readyz": () => readiness(sources),
});

async function readiness(sources: StatusSources): Promise<Answer> {
  const unready = (reason: string, plugins: readonly string[] = []): Answer =>
    jsonAnswer({ status: "not ready", reason, plugins }, UNAVAILABLE);
  const state = sources.state();
  if (state === "loading") return unready("its plugins are being loaded");
  if (state === "draining") return unready("it ends: no more connections are taken");
  const unreachable = sources.unreachable();
  if (unreachable !== undefined) return unready(`gateways do not reach it: ${unreachable}`);
  const missing = (await problemsOf(sources)).filter(({ isServed }) => !isServed).map(({ problem }) => problem.name);
  if (missing.length > 0) return unready(`plugins do not load: ${missing.join(", ")}`, missing);
  return jsonAnswer({ status: "ready" });
}

interface Look {
  readonly figures: ServerFigures;
  readonly report: StatusReport;
  readonly problems: readonly PluginProblem[];
}

async function look(sources: StatusSources): Promise<Look> {
  const figures = await sources.figures();
  const problems = (await problemsOf(sources)).map(({ problem }) => problem);
  const report = reportOf({
    state: sources.state(),
    listening: sources.listening(),
    log: sources.log(),
    figures,
    problems,
    paceOf: sources.history.paceNow(sampleOf(figures)),
  });
  return { figures, report, problems };
}

interface FoundProblem {
  readonly problem: PluginProblem;
  /** Whether a former version goes on. */
  readonly isServed: boolean;
}

/** Gateways that share a directory have the same. */
async function problemsOf({ engines, state }: StatusSources): Promise<FoundProblem[]> {
  // Who asks earlier would wait.
  if (state() === "loading") return [];
  const found = new Map<string, FoundProblem>();
  for (const engine of engines) {
    const registry = await engine.registry();
    for (const problem of registry.problems()) {
      const isServed = found.get(problem.path)?.isServed === true || registry.servedFrom(problem.path) !== undefined;
      found.set(problem.path, { problem, isServed });
    }
  }
  return [...found.values()];
}

/** In columns: it is asked for again and again. */
function historyOf({ points }: History): object {
  const keys = [...new Set(points.flatMap(({ plugins }) => [...plugins.keys()]))];
  const column = (key: string, value: (point: PluginPoint) => number | undefined): (number | null)[] =>
    points.map(({ plugins }) => {
      const point = plugins.get(key);
      return (point === undefined ? undefined : value(point)) ?? null;
    });
  return {
    at: points.map(({ at }) => at),
    plugins: Object.fromEntries(
      keys.map((key) => [
        key,
        {
          callsPerSecond: column(key, (point) => point.callsPerSecond),
          failuresPerSecond: column(key, (point) => point.failuresPerSecond),
          p50: column(key, (point) => point.p50),
          p99: column(key, (point) => point.p99),
          memory: column(key, (point) => point.memory),
        },
      ]),
    ),
  };
}
