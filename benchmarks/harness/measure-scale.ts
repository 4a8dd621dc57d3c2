// Measures a server of very many plugins: 2,000 in a directory, 10,000 instances of ten of them, one file that changes while they are asked.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { processTree, residentBytes } from "../load/cpu-time.js";
import { type Places, placeholders } from "./measure-scenario.js";
import type { BenchOptions, Mode } from "./options.js";
import { OnePhase } from "./one-phase.js";
import { fill, type Peer } from "./peers.js";
import type { OnceResult } from "./results.js";
import { ServerProcess } from "./server-process.js";
import { summary } from "./statistics.js";
import { Workplace } from "./workplace.js";

interface Size {
  readonly plugins: number;
  readonly used: number;
  readonly instances: number;
}

const SIZES: Readonly<Record<Mode, Size>> = {
  full: { plugins: 2000, used: 10, instances: 10_000 },
  quick: { plugins: 200, used: 5, instances: 1000 },
  smoke: { plugins: 5, used: 2, instances: 4 },
};
const MB = 2 ** 20;
/** Phases of a neighbour, before the change. */
const QUIET_PHASES = 500;

const changedSource = (text: string): string => `"use strict";
module.exports = { Plugin: class { async access(kong) { await kong.response.setHeader("x-hello", ${JSON.stringify(text)}); } }, Schema: [], Version: "1.0.0", Priority: 1 };
`;

/** Of the servers that serve a directory of plugins, one after another; one round, since each is long. */
export async function measureScale(peers: readonly Peer[], { mode }: BenchOptions, places: Places): Promise<OnceResult[]> {
  const served = peers.filter(({ name, protocol }) => name === "isolates" || (name === "base" && protocol === "MsgPack:1"));
  const results: OnceResult[] = [];
  for (const peer of served) results.push(...(await measurePeer(peer, SIZES[mode], places)));
  return results;
}

async function measurePeer(peer: Peer, { plugins, used, instances }: Size, places: Places): Promise<OnceResult[]> {
  const names = Array.from({ length: plugins }, (_, i) => `hello-${String(i).padStart(4, "0")}`);
  const workplace = new Workplace(join(places.benchmarks, "plugins"), [{ file: "hello.cjs", names }]);
  const env = { ...process.env, XDG_CACHE_HOME: join(workplace.directory, "cache") };
  const command = fill(peer.start, placeholders(places, workplace, "scale"));
  const results: OnceResult[] = [];
  const note = (what: string, value: number): void => void results.push({ peer: peer.name, what, time: summary([value]) });
  try {
    for (const which of ["start", "start with nothing changed"]) {
      const started = performance.now();
      const server = new ServerProcess(peer, command, env);
      const gateway = new OnePhase(workplace.socketPath);
      try {
        await server.listening(workplace.socketPath);
        await gateway.run(await gateway.startInstance(names[0] ?? ""));
        note(`${plugins} plugins, ${which}, until one answers`, performance.now() - started);
        if (which !== "start") await measureServer(server, gateway, { names: names.slice(0, used), instances, workplace }, note);
      } finally {
        gateway.close();
        await server.stop();
      }
    }
  } finally {
    workplace.remove();
  }
  return results;
}

async function measureServer(
  server: ServerProcess,
  gateway: OnePhase,
  {
    names,
    instances,
    workplace,
  }: { readonly names: readonly string[]; readonly instances: number; readonly workplace: Workplace },
  note: (what: string, value: number) => void,
): Promise<void> {
  const idle = residentBytes(processTree(server.pid));
  const started = performance.now();
  const ids: number[] = [];
  for (let i = 0; i < instances; i += 1) ids.push(await gateway.startInstance(names[i % names.length] ?? ""));
  note(`${instances} instances of ${names.length} plugins, one after another`, performance.now() - started);
  note("memory before them, MB", idle / MB);
  note("memory with them, MB", residentBytes(processTree(server.pid)) / MB);
  const [changed = 0, neighbour = 0] = ids;
  const quiet: number[] = [];
  for (let i = 0; i < QUIET_PHASES; i += 1) quiet.push((await gateway.run(neighbour)).time);
  writeFileSync(join(workplace.plugins, `${names[0] ?? ""}.cjs`), changedSource("changed"));
  const saved = performance.now();
  const during: number[] = [];
  const isNew = async (): Promise<boolean> => (await gateway.run(changed)).calls.some((args) => args.includes("changed"));
  do during.push((await gateway.run(neighbour)).time);
  while (!(await isNew()));
  note("one file changed, until its new code answers", performance.now() - saved);
  note("a neighbour's p99 before", p99(quiet));
  note("a neighbour's p99 meanwhile", p99(during));
}

const p99 = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
