// How many phases does a server run in a second, and what CPU time does each cost it? One read and two writes per phase.
//
//   node benchmarks/hello.mjs [--smoke] [--seconds 4] [--rounds 3] [--at 1,16,64] [--peer 'name|socket|command line']
//
// {PREFIX} and {PLUGINS} in a peer's socket and command line stand for a temporary directory and benchmarks/plugins.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measure } from "./load.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const PLUGINS = join(here, "plugins");
const BINARY = join(here, "..", "bin", "pluginserver");
const CLOCK_TICK = 10_000;

const { values } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    at: { type: "string", default: "1,16,64" },
    peer: { type: "string", multiple: true, default: [] },
  },
});

const seconds = values.smoke ? 0.5 : Number(values.seconds);
const rounds = values.smoke ? 1 : Number(values.rounds);
const concurrencies = values.smoke ? [4] : values.at.split(",").map(Number);

const servers = [
  {
    name: "pluginserver, isolates",
    socket: "{PREFIX}/go_pluginserver.sock",
    command: `${BINARY} -kong-prefix {PREFIX} -plugins-dir {PLUGINS} -no-watch -log-level warn`,
  },
  {
    name: "pluginserver, processes",
    socket: "{PREFIX}/go_pluginserver.sock",
    command: `${BINARY} -kong-prefix {PREFIX} -plugins-dir {PLUGINS} -no-watch -log-level warn -isolation process`,
  },
  ...values.peer.map((text) => {
    const [name, socket, command] = text.split("|");
    return { name, socket, command };
  }),
];

/** CPU time of a process and its children that are still there, in microseconds. */
function cpuTime(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return (Number(stat[11]) + Number(stat[12])) * CLOCK_TICK + children.reduce((sum, child) => sum + cpuTime(child), 0);
}

async function listening(socket, child) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the server ended with status ${child.exitCode}`);
    const open = await new Promise((resolve) => {
      const probe = connect(socket, () => resolve(probe.destroy() !== undefined));
      probe.once("error", () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody listens on ${socket}`);
}

async function start({ name, socket, command }) {
  const prefix = mkdtempSync(join(tmpdir(), "bench-"));
  const fill = (text) => text.replaceAll("{PREFIX}", prefix).replaceAll("{PLUGINS}", PLUGINS);
  const [program, ...args] = fill(command).split(" ");
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  const path = fill(socket);
  await listening(path, child);
  const stop = async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill();
    await ended;
    rmSync(prefix, { recursive: true, force: true });
  };
  return { name, path, pid: child.pid, stop };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const row = (cells) =>
  console.log(cells.map((cell, i) => (i === 0 ? String(cell).padEnd(26) : String(cell).padStart(15))).join(""));

console.log(`${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node ${process.version}, load before: ${loadavg()[0].toFixed(2)}`);
if (loadavg()[0] > 0.5) console.log("the machine is not quiet: trust the ratios within this run, if anything");
for (const concurrency of concurrencies) {
  const results = new Map(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const server of servers) {
      const running = await start(server);
      results
        .get(server.name)
        .push(await measure({ socket: running.path, concurrency, seconds, cpu: () => cpuTime(running.pid) }));
      await running.stop();
    }
  }
  console.log(`\nhello, ${concurrency} at a time, ${rounds} rounds of ${seconds} s, medians`);
  row(["", "phases/s", "CPU µs/phase", "p50 ms", "p99 ms", "load's CPU"]);
  for (const [name, runs] of results) {
    const of = (key) => median(runs.map((run) => run[key]));
    row([
      name,
      of("phasesPerSecond").toFixed(0),
      of("cpuPerPhase").toFixed(1),
      of("p50").toFixed(2),
      of("p99").toFixed(2),
      `${(of("ownCpuShare") * 100).toFixed(0)} %`,
    ]);
  }
}
