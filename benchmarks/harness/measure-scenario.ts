// Measures one scenario: all servers stand ready, and take turns in every round.
import { setTimeout as delay } from "node:timers/promises";
import { basename, extname, join } from "node:path";
import { processTree, residentBytes } from "../load/cpu-time.js";
import type { RunResult } from "../load/measurement.js";
import { type LoadCase, pluginNames, type Scenario } from "../workloads/index.js";
import { GeneratorProcess } from "./generator-process.js";
import type { BenchOptions } from "./options.js";
import { fill, type Peer, runs } from "./peers.js";
import type { Row, ScenarioResult } from "./results.js";
import { ON_ONE_CPU, ServerProcess } from "./server-process.js";
import { summarize } from "./statistics.js";
import { type PluginCopies, Workplace } from "./workplace.js";

/** Where the harness's files lie. */
export interface Places {
  readonly root: string;
  readonly benchmarks: string;
  readonly build: string;
}

interface Contestant {
  readonly peer: Peer;
  readonly server: ServerProcess;
  readonly workplace: Workplace;
  /** Where its gateways connect to. */
  readonly socketPath: string;
  readonly idleMemory: number;
}

/** After its start a server tidies up; what it weighs idle is read then. */
const SETTLING = 300;

export async function measureScenario(
  scenario: Scenario,
  peers: readonly Peer[],
  options: BenchOptions,
  places: Places,
): Promise<ScenarioResult> {
  const generator = new GeneratorProcess(join(places.build, "generator.js"), scenario.oneCpu ? ON_ONE_CPU : []);
  const contestants: Contestant[] = [];
  try {
    for (const peer of peers.filter((candidate) => runs(candidate, scenario)))
      contestants.push(await start(peer, scenario, places));
    const { name, question, plugins } = scenario;
    const rows = await playRounds(scenario, contestants, generator, options);
    return {
      name,
      question,
      plugins,
      idleMemory: Object.fromEntries(contestants.map((one) => [one.peer.name, one.idleMemory])),
      rows,
    };
  } finally {
    generator.close();
    await Promise.all(contestants.map(({ server }) => server.stop()));
    for (const { workplace } of contestants) workplace.remove();
  }
}

export function placeholders(places: Places, workplace: Workplace, scenario: string): Record<string, string> {
  return {
    node: process.execPath,
    root: places.root,
    build: places.build,
    go: join(places.build, "go"),
    "kong-pdk": join(places.benchmarks, "node_modules", "kong-pdk"),
    plugins: workplace.plugins,
    plugin: workplace.firstPlugin,
    directory: workplace.directory,
    socket: workplace.socketPath,
    pluginName: basename(workplace.firstPlugin, extname(workplace.firstPlugin)),
    socketName: workplace.socketName,
    scenario,
  };
}

async function start(peer: Peer, scenario: Scenario, places: Places): Promise<Contestant> {
  const copies: PluginCopies[] = [{ file: `${scenario.workload.plugin}.cjs`, names: pluginNames(scenario) }];
  if (scenario.beside !== undefined) copies.push({ file: `${scenario.beside.plugin}.cjs`, names: [scenario.beside.plugin] });
  const workplace = new Workplace(join(places.benchmarks, "plugins"), copies);
  const values = placeholders(places, workplace, scenario.name);
  const command = fill(peer.start, values);
  const [socketPath = workplace.socketPath] = fill(peer.socket === undefined ? [] : [peer.socket], values);
  const server = new ServerProcess(peer, scenario.oneCpu ? [...ON_ONE_CPU, ...command] : command);
  try {
    await server.listening(socketPath);
  } catch (error) {
    await server.stop();
    workplace.remove();
    throw error;
  }
  await delay(SETTLING);
  return { peer, server, workplace, socketPath, idleMemory: residentBytes(processTree(server.pid)) };
}

async function playRounds(
  scenario: Scenario,
  contestants: readonly Contestant[],
  generator: GeneratorProcess,
  options: BenchOptions,
): Promise<Row[]> {
  const found = new Map<string, { readonly peer: string; readonly loadCase: LoadCase; readonly runs: RunResult[] }>();
  const warm = new Set<Contestant>();
  for (let round = 0; round < options.rounds; round += 1) {
    for (const loadCase of scenario.cases) {
      for (const contestant of contestants) {
        const first = { warmUp: options.firstWarmUp, minWarmUpPhases: scenario.warmUpPhases };
        const limits = warm.has(contestant) ? options.limits : { ...options.limits, ...first };
        warm.add(contestant);
        const result = await runOnce(scenario, contestant, loadCase, generator, { ...options, limits });
        const key = JSON.stringify([contestant.peer.name, loadCase]);
        const entry = found.get(key) ?? { peer: contestant.peer.name, loadCase, runs: [] };
        entry.runs.push(result);
        found.set(key, entry);
      }
    }
  }
  return [...found.values()].map(({ peer, loadCase, runs: all }) => ({ peer, ...loadCase, metrics: summarize(all), runs: all }));
}

async function runOnce(
  { name }: Scenario,
  { peer, server, socketPath }: Contestant,
  { at, burners }: LoadCase,
  generator: GeneratorProcess,
  { limits, mode }: BenchOptions,
): Promise<RunResult> {
  try {
    const where = { socketPath, protocol: peer.protocol, serverPid: server.pid };
    return await generator.run({ scenario: name, smoke: mode === "smoke", at, burners, limits, ...where });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${peer.name} failed at "${name}", ${at} at a time: ${reason}\nIt printed:\n${server.output}`, {
      cause: error,
    });
  }
}
