// Runs the benchmarks: measures every scenario and prints, writes and draws what it found.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describeCommit, describeMachine } from "./machine.js";
import { measureCold } from "./measure-cold.js";
import { measureScenario, type Places } from "./measure-scenario.js";
import { type BenchOptions, parseOptions } from "./options.js";
import { installPeers, type Peer, readPeers } from "./peers.js";
import { plot } from "./plot.js";
import { coldTable, headline, regressionTable, scenarioTable, targetTable, warnings } from "./report.js";
import type { BenchResults, ScenarioResult } from "./results.js";

const print = (text: string): void => void process.stdout.write(text);

/** Returns the exit status: 1 where a server answered wrongly. No figure makes it fail. */
export async function main({ directory, args }: { readonly directory: string; readonly args: string[] }): Promise<number> {
  try {
    const options = parseOptions(args);
    const peers = readPeers(directory, options);
    installPeers(directory, peers);
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

async function measure(peers: readonly Peer[], options: BenchOptions, places: Places): Promise<BenchResults> {
  const { mode, rounds } = options;
  const about = {
    mode,
    rounds,
    started: new Date().toISOString(),
    commit: describeCommit(places.root),
    machine: describeMachine(),
  };
  print(headline({ ...about, scenarios: [], cold: [] }));
  for (const { name, about: text } of peers) print(`  ${name}: ${text}\n`);
  const scenarios: ScenarioResult[] = [];
  for (const scenario of options.scenarios) {
    const result = await measureScenario(scenario, peers, options, places);
    print(scenarioTable(result));
    scenarios.push(result);
  }
  const cold = options.cold ? await measureCold(peers, options, places) : [];
  print(coldTable(cold));
  return { ...about, scenarios, cold };
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
