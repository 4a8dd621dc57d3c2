// Plays many gateways at once against one server: each connection runs one event after another and checks every answer.
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { pack, unpack } from "msgpackr";

const NOTIFICATION = 2;

/** What the plugin must ask for, call by call, and what it is answered. */
const SCRIPT = [
  { method: "kong.request.get_header", args: ["host"], answer: { Data: "example.com" } },
  { method: "kong.response.set_header", args: ["x-hello", "hello example.com"], answer: {} },
  { method: "kong.response.set_header", args: ["x-server", "bench"], answer: {} },
];

/** One gateway connection: one call outstanding, as Kong does it. */
class Gateway {
  #socket;
  #resolve = () => {};
  #reject = () => {};

  static open(path) {
    return new Promise((resolve, reject) => {
      const gateway = new Gateway();
      const socket = connect(path, () => resolve(gateway));
      socket.once("error", reject);
      socket.on("data", (chunk) => gateway.#receive(chunk));
      socket.on("close", () => gateway.#reject(new Error("the server closed the connection")));
      gateway.#socket = socket;
    });
  }

  call(method, argument) {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#socket.write(pack([0, 1, `plugin.${method}`, [argument]]));
    });
  }

  close() {
    this.#socket.destroy();
  }

  // Replies of this workload are far smaller than a chunk: each arrives whole.
  #receive(chunk) {
    const message = unpack(chunk);
    if (message[0] === NOTIFICATION) return;
    if (message[2] === null || message[2] === undefined) this.#resolve(message[3]);
    else this.#reject(new Error(message[2]));
  }
}

function check(data, expected) {
  const got = JSON.stringify([data.Method, data.Args]);
  const wanted = JSON.stringify([expected.method, expected.args]);
  if (got !== wanted) throw new Error(`the plugin asked ${got} instead of ${wanted}`);
}

async function runPhase(gateway, instance) {
  let step = await gateway.call("HandleEvent", { InstanceId: instance, EventName: "access" });
  for (const expected of SCRIPT) {
    check(step.Data, expected);
    step = await gateway.call("Step", { EventId: step.EventId, ...expected.answer });
  }
  if (step.Data !== "ret") throw new Error(`the phase did not end: ${JSON.stringify(step.Data)}`);
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;

/**
 * Runs `concurrency` gateways for `seconds`, after a warm-up of a quarter of that. `cpu` says the server's CPU time so far
 * in microseconds.
 */
export async function measure({ socket, concurrency, seconds, cpu }) {
  const gateways = await Promise.all(Array.from({ length: concurrency }, () => Gateway.open(socket)));
  const { Id: instance } = await gateways[0].call("StartInstance", { Name: "hello", Config: "{}" });
  const latencies = [];
  let running = true;
  const loops = gateways.map(async (gateway) => {
    while (running) {
      const began = performance.now();
      await runPhase(gateway, instance);
      latencies.push(performance.now() - began);
    }
  });
  await new Promise((resolve) => setTimeout(resolve, seconds * 250));
  latencies.length = 0;
  const [began, cpuBefore, ownBefore] = [performance.now(), cpu(), process.cpuUsage()];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const [elapsed, cpuUsed, own] = [performance.now() - began, cpu() - cpuBefore, process.cpuUsage(ownBefore)];
  const phases = latencies.length;
  running = false;
  await Promise.all(loops);
  for (const gateway of gateways) gateway.close();
  const sorted = latencies.slice(0, phases).sort((a, b) => a - b);
  return {
    phasesPerSecond: (phases / elapsed) * 1000,
    cpuPerPhase: cpuUsed / phases,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    ownCpuShare: (own.user + own.system) / (elapsed * 1000),
  };
}
