// Measures what happens once: a dump of all plugins, and the way from a server's start to its first answer.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { extname, join } from "node:path";
import { openControl } from "../load/control-connection.js";
import { phaseExpectations } from "../load/expected-data.js";
import { phaseFrames } from "../load/frames.js";
import { GatewayConnection } from "../load/gateway-connection.js";
import { hello } from "../workloads/hello.js";
import { type Places, placeholders } from "./measure-scenario.js";
import type { BenchOptions, Mode } from "./options.js";
import { fill, type Peer } from "./peers.js";
import type { ColdResult } from "./results.js";
import { ServerProcess } from "./server-process.js";
import { summary } from "./statistics.js";
import { Workplace } from "./workplace.js";

const COUNTS: Readonly<Record<Mode, readonly number[]>> = { full: [1, 10, 50], quick: [1, 10], smoke: [2] };

interface ColdCase extends Omit<ColdResult, "time" | "peer"> {
  readonly peer: Peer;
  readonly times: number[];
}

export async function measureCold(peers: readonly Peer[], options: BenchOptions, places: Places): Promise<ColdResult[]> {
  // The first answer is one of Kong's plugins.
  const served = peers.filter(({ protocol, without }) => protocol !== "gRPC" && !without.includes("cold"));
  const cases = served.flatMap((peer) => coldCases(peer, options.mode));
  for (let round = 0; round < options.rounds; round += 1) {
    for (const one of cases)
      one.times.push(one.what === "dump" ? await dumpTime(one, places) : await firstAnswerTime(one.peer, places));
  }
  return cases.map(({ peer, what, plugin, plugins, times }) => ({
    peer: peer.name,
    what,
    plugin,
    plugins,
    time: summary(times),
  }));
}

function coldCases(peer: Peer, mode: Mode): ColdCase[] {
  const dumps =
    peer.dump === undefined
      ? []
      : peer.coldPlugins.flatMap((plugin) =>
          COUNTS[mode].map((plugins): ColdCase => ({ peer, what: "dump", plugin, plugins, times: [] })),
        );
  return [...dumps, { peer, what: "first answer", plugin: "hello.cjs", plugins: 1, times: [] }];
}

async function dumpTime({ peer, plugin, plugins }: ColdCase, places: Places): Promise<number> {
  const names = Array.from({ length: plugins }, (_, i) => `cold-${i}`);
  const workplace = new Workplace(join(places.benchmarks, "plugins"), [{ file: plugin, names }]);
  try {
    const [executable = "", ...args] = fill(peer.dump ?? [], placeholders(places, workplace, "cold"));
    const started = performance.now();
    const child = spawn(executable, args, { stdio: ["ignore", "pipe", "ignore"] });
    let printed = "";
    child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    await once(child, "close");
    const time = performance.now() - started;
    const dumped: unknown = JSON.parse(printed === "" ? "null" : printed);
    if (!Array.isArray(dumped) || dumped.length !== plugins)
      throw new Error(`${peer.name} dumped ${printed.slice(0, 200)} instead of ${plugins} plugins (${extname(plugin)})`);
    return time;
  } finally {
    workplace.remove();
  }
}

async function firstAnswerTime(peer: Peer, places: Places): Promise<number> {
  const workplace = new Workplace(join(places.benchmarks, "plugins"), [{ file: "hello.cjs", names: ["hello"] }]);
  const started = performance.now();
  const server = new ServerProcess(peer, fill(peer.start, placeholders(places, workplace, "hello")));
  try {
    await server.listening(workplace.socketPath);
    await runOnePhase(workplace.socketPath);
    return performance.now() - started;
  } finally {
    await server.stop();
    workplace.remove();
  }
}

async function runOnePhase(socketPath: string): Promise<void> {
  const control = await openControl(socketPath, "MsgPack:1");
  const instance = await control.startInstance("hello");
  const failures: Error[] = [];
  const connection = await GatewayConnection.open(socketPath, phaseFrames(hello), phaseExpectations(hello), {
    nextInstance: () => instance,
    onPhase: () => false,
    onFailure: (error) => failures.push(error),
  });
  connection.start();
  await connection.idle();
  connection.close();
  control.close();
  if (failures[0] !== undefined) throw failures[0];
}
