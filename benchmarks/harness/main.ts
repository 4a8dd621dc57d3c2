// Runs the benchmarks: measures every scenario and prints, writes and draws what it found.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { buildGoPeers } from "./go-peers.js";
import { describeCommit, describeMachine } from "./machine.js";
import { measureCold } from "./measure-cold.js";
import { measureScale } from "./measure-scale.js";
import { measureScenario, type Places } from "./measure-scenario.js";
import { measureStart } from "./measure-start.js";
import { type BenchOptions, parseOptions } from "./options.js";
import { installPeers, type Peer, readPeers } from "./peers.js";
import { plot } from "./plot.js";
import { coldTable, headline, onceTable, regressionTable, scenarioTable, targetTable, warnings } from "./report.js";
import type { BenchResults, ScenarioResult } from "./results.js";

const print = (text: string): void => void process.stdout.write(text);

/** Returns the exit status: 1 where a server answered wrongly. No figure makes it fail. */
export async function main({ directory, args }: { readonly directory: string; readonly args: string[] }): Promise<number> {
  try {
    const options = parseOptions(args);
    const named = readPeers(directory, options);
    installPeers(directory, named);
    const peers = buildGoPeers(directory, named, (line) => print(`${line}\n`));
    const places = { root: resolve(directory, ".."), benchmarks: resolve(directory), build: resolve(directory, ".cache") };
    const results = await measure(peers, options, places);
    if (options.mode === "smoke") print("\nevery answer was right; these figures say nothing about speed\n");
    else conclude(results, options, places);
    return 0;
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

const NOTHING = { scenarios: [], cold: [], start: [], scale: [], ownCpu: {} };

async function measure(peers: readonly Peer[], options: BenchOptions, places: Places): Promise<BenchResults> {
  const { mode, rounds } = options;
  const about = {
    mode,
    rounds,
    started: new Date().toISOString(),
    commit: describeCommit(places.root),
    machine: describeMachine(),
  };
  print(headline({ ...about, ...NOTHING }));
  for (const { name, about: text } of peers) print(`  ${name}: ${text}\n`);
  const scenarios: ScenarioResult[] = [];
  for (const scenario of options.scenarios) {
    const result = await measureScenario(scenario, peers, options, places);
    print(scenarioTable(result));
    scenarios.push(result);
  }
  const ownCpu: Record<string, number> = {};
  const once = async <T>(name: string, isWanted: boolean, measured: () => Promise<T[]>): Promise<T[]> => {
    if (!isWanted) return [];
    const [cpu, started] = [process.cpuUsage(), performance.now()];
    const found = await measured();
    const { user, system } = process.cpuUsage(cpu);
    ownCpu[name] = (user + system) / 1000 / (performance.now() - started);
    return found;
  };
  const cold = await once("cold", options.cold, () => measureCold(peers, options, places));
  print(coldTable(cold, ownCpu["cold"]));
  const start = await once("start", options.start, () => measureStart(peers, options, places));
  print(onceTable("start: what a gateway's start waits for, beside Node.js's own", start, ownCpu["start"]));
  const scale = await once("scale", options.scale, () => measureScale(peers, options, places));
  print(onceTable("scale: very many plugins", scale, ownCpu["scale"]));
  return { ...about, scenarios, cold, start, scale, ownCpu };
}

function conclude(results: BenchResults, { out }: BenchOptions, { build }: Places): void {
  print(targetTable(results));
  print(regressionTable(results) ?? "");
  const doubts = warnings(results);
  for (const doubt of doubts) print(`\nWARNING: ${doubt}\n`);
  const path = resolve(out ?? join(build, "latest"));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.json`, `${JSON.stringify({ ...results, warnings: doubts }, undefined, 2)}\n`);
  writeFileSync(`${path}.svg`, plot(results));
  print(`\nwritten: ${path}.json, ${path}.svg\n`);
}
