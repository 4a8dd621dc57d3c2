// Measures what a gateway's start waits for, beside the start of Node.js itself: a server's socket, its first answer, dumps of plugins that were
// never seen and of those that were.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Places, placeholders } from "./measure-scenario.js";
import type { BenchOptions, Mode } from "./options.js";
import { fill, type Peer } from "./peers.js";
import { OnePhase } from "./one-phase.js";
import type { OnceResult } from "./results.js";
import { ServerProcess } from "./server-process.js";
import { summary } from "./statistics.js";
import { Workplace } from "./workplace.js";

const COUNTS: Readonly<Record<Mode, readonly number[]>> = { full: [10, 100], quick: [10], smoke: [2] };
const FILE = "cold.ts";

/** Milliseconds, by what took them. */
type Times = Map<string, number[]>;

export async function measureStart(peers: readonly Peer[], options: BenchOptions, places: Places): Promise<OnceResult[]> {
  const found = new Map<string, Times>();
  const note = (peer: string, what: string, time: number): void => {
    const times = found.get(peer) ?? new Map<string, number[]>();
    found.set(peer, times.set(what, [...(times.get(what) ?? []), time]));
  };
  const served = peers.filter(
    (peer) => peer.dump !== undefined && peer.coldPlugins.includes(FILE) && !peer.without.includes("start"),
  );
  for (let round = 0; round < options.rounds; round += 1) {
    note("node -e 0", "", await run([process.execPath, "-e", "0"]));
    for (const peer of served)
      for (const plugins of COUNTS[options.mode])
        await measurePeer(peer, plugins, places, (what, time) => note(peer.name, what, time));
  }
  return [...found].flatMap(([peer, times]) => [...times].map(([what, all]) => ({ peer, what, time: summary(all) })));
}

async function measurePeer(
  peer: Peer,
  plugins: number,
  places: Places,
  note: (what: string, time: number) => void,
): Promise<void> {
  const names = Array.from({ length: plugins }, (_, i) => `cold-${i}`);
  const workplace = new Workplace(join(places.benchmarks, "plugins"), [{ file: FILE, names }]);
  // What a server keeps for its next start is kept here, and nothing of earlier runs is found.
  const environment = { ...process.env, XDG_CACHE_HOME: join(workplace.directory, "cache") };
  const values = placeholders(places, workplace, "start");
  const dump = fill(peer.dump ?? [], values);
  const one = dump.flatMap((word) => (word === "-dump-all-plugins" ? ["-dump", "cold-0"] : [word]));
  try {
    note(`dump of ${plugins}, cold`, await run(dump, environment));
    note(`dump of ${plugins}, warm`, await run(dump, environment));
    note(`dump of one among ${plugins}, warm`, await run(one, environment));
    const started = performance.now();
    const server = new ServerProcess(peer, fill(peer.start, values), environment);
    const gateway = new OnePhase(workplace.socketPath);
    try {
      await server.listening(workplace.socketPath);
      note(`listening, ${plugins} plugins`, performance.now() - started);
      await gateway.run(await gateway.startInstance("cold-0"));
      note(`first answer, ${plugins} plugins`, performance.now() - started);
    } finally {
      gateway.close();
      await server.stop();
    }
  } finally {
    workplace.remove();
  }
}

/** @throws where the command fails. */
async function run([executable = "", ...args]: readonly string[], env = process.env): Promise<number> {
  const started = performance.now();
  const child = spawn(executable, args, { stdio: ["ignore", "ignore", "ignore"], env });
  const [status] = (await once(child, "close")) as [number | null];
  if (status !== 0) throw new Error(`${executable} ${args.join(" ")} ended with ${status ?? "a signal"}`);
  return performance.now() - started;
}
