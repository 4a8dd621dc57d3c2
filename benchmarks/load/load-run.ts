// Runs one case of a scenario against one server and returns what it showed.
import { pluginNames, type Scenario, type Workload } from "../workloads/index.js";
import { type Control, openControl } from "./control-connection.js";
import { phaseExpectations } from "./expected-data.js";
import { phaseFrames } from "./frames.js";
import { GatewayConnection } from "./gateway-connection.js";
import { GrpcConnection } from "./grpc-connection.js";
import { HookMessages } from "./hook-messages.js";
import type { PhaseObserver } from "./phase-loop.js";
import { ProtobufConnection } from "./protobuf-connection.js";
import { answerFrames, expectedFrames } from "./protobuf-frames.js";
import { Measurement, type MeasurementLimits, type RunResult } from "./measurement.js";

export type LoadProtocol = "MsgPack:1" | "ProtoBuf:1" | "gRPC";

export interface LoadRunOptions {
  readonly scenario: Pick<Scenario, "workload" | "beside" | "plugins" | "instancesPerPlugin">;
  readonly at: number;
  readonly burners: number;
  readonly socketPath: string;
  readonly protocol: LoadProtocol;
  readonly serverPid: number;
  readonly limits: MeasurementLimits;
}

/** @throws where a server answers anything but what the scenario says. */
export async function runLoad(options: LoadRunOptions): Promise<RunResult> {
  const { scenario, socketPath, protocol, at, burners, serverPid, limits } = options;
  if (protocol === "gRPC") return runHooks(options);
  const control = await openControl(socketPath, protocol);
  const instances = await startInstances(control, pluginNames(scenario), scenario.instancesPerPlugin);
  const besideInstances =
    burners === 0 || scenario.beside === undefined ? [] : [await control.startInstance(scenario.beside.plugin)];
  const measurement = new Measurement(serverPid, limits);
  const fault = new Fault();
  const connections = [
    ...(await open(protocol, socketPath, at, scenario.workload, {
      nextInstance: inTurn(instances),
      onPhase: (started, ended) => measurement.phase(started, ended),
      onFailure: (error) => fault.raise(error),
    })),
    ...(await open(protocol, socketPath, burners, scenario.beside ?? scenario.workload, {
      nextInstance: inTurn(besideInstances),
      onPhase: () => !measurement.isOver,
      onFailure: (error) => fault.raise(error),
    })),
  ];
  for (const connection of connections) connection.start();
  try {
    await Promise.race([fault.raised, Promise.all(connections.map((connection) => connection.idle()))]);
    for (const instance of [...instances, ...besideInstances]) await control.closeInstance(instance);
    return measurement.result(scenario.workload.calls.length);
  } finally {
    for (const connection of connections) connection.close();
    control.close();
  }
}

/** A Tyk gateway has one connection for all, and neither instances nor calls of its own. */
async function runHooks({ scenario, socketPath, at, serverPid, limits }: LoadRunOptions): Promise<RunResult> {
  const { hook } = scenario.workload;
  if (hook === undefined) throw new Error(`${scenario.workload.plugin} is no hook`);
  const measurement = new Measurement(serverPid, limits);
  const fault = new Fault();
  const connection = await GrpcConnection.open(socketPath, new HookMessages(hook), at, {
    nextInstance: () => 0,
    onPhase: (started, ended) => measurement.phase(started, ended),
    onFailure: (error) => fault.raise(error),
  });
  connection.start();
  try {
    await Promise.race([fault.raised, connection.idle()]);
    return measurement.result(0);
  } finally {
    connection.close();
  }
}

/** The first thing that goes wrong on any connection. */
class Fault {
  readonly raised: Promise<never>;
  raise: (error: Error) => void = () => {};

  constructor() {
    this.raised = new Promise((_, reject) => (this.raise = reject));
    this.raised.catch(() => {});
  }
}

async function startInstances(control: Control, plugins: readonly string[], each: number): Promise<number[]> {
  const instances: number[] = [];
  for (const plugin of plugins) for (let i = 0; i < each; i += 1) instances.push(await control.startInstance(plugin));
  return instances;
}

function inTurn(instances: readonly number[]): () => number {
  let next = 0;
  return () => {
    next = (next + 1) % instances.length;
    return instances[next] ?? 0;
  };
}

/** What a server sent is remembered for all connections: decoded once, compared ever after. */
function open(
  protocol: LoadProtocol,
  path: string,
  count: number,
  workload: Workload,
  observer: PhaseObserver,
): Promise<(GatewayConnection | ProtobufConnection)[]> {
  if (protocol === "ProtoBuf:1") {
    const [answers, frames] = [answerFrames(workload), expectedFrames(workload)];
    return Promise.all(Array.from({ length: count }, () => ProtobufConnection.open(path, answers, frames, observer)));
  }
  const expected = phaseExpectations(workload);
  return Promise.all(
    Array.from({ length: count }, () => GatewayConnection.open(path, phaseFrames(workload), expected, observer)),
  );
}
