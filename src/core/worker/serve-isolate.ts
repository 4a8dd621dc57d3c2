// Serves one plugin over a channel for as long as its isolate lives, whatever carries the isolate.
import {
  type Batch,
  BatchingPort,
  type ChannelPort,
  type HostMessage,
  type IsolateMessage,
  type IsolateTask,
  limitLog,
  type LogEntry,
  type PhaseHost,
  type PhaseHostListener,
  receiveCommands,
  isBatch,
  type StartGate,
  writeCalls,
  writeFailure,
  writeReturn,
} from "../channel/index.js";
import { toErrorInfo } from "../model/index.js";
import { releaseMemory } from "../net/index.js";
import { captureOutput } from "./guards/capture-output.js";
import { type EventTracking, trackEvents } from "./current-event.js";
import { currentThread } from "./current-thread.js";
import { disposePlugin } from "./dispose-plugin.js";
import { evaluateModule } from "./evaluate-module.js";
import { FailedHost } from "./failed-host.js";
import { type GatewayWorker, loadGatewayWorker, type PluginLifeCycle } from "./gateway-worker.js";
import { liveMemory, memoryInUse } from "./live-memory.js";
import { openInspector } from "./open-inspector.js";
import { openOwnSocket, type OwnSocketServer } from "./own-socket.js";
import { limitWorkers } from "./guards/limit-workers.js";
import { refuseSignals } from "./guards/refuse-signals.js";
import { surviveStrayErrors } from "./guards/survive-faults.js";

/** Gets the module of the plugin that an isolate is to run. What it throws is why all instances and events fail. */
export type LoadModule = () => Promise<unknown>;

export interface IsolateSettings {
  /** Lets events begin. */
  readonly gate?: StartGate | undefined;
  /** Where the plugin's module comes from; from the compiled code of the task by default. */
  readonly load?: LoadModule;
  /** The gateway's half, where it need not be loaded from the module that the task names. */
  readonly gateway?: GatewayWorker;
}

/** Resolves when the host says stop, or is gone. */
export async function serveIsolate(
  task: IsolateTask,
  channel: ChannelPort,
  { gate, load = () => evaluateModule(task.artifact), gateway: given }: IsolateSettings = {},
): Promise<void> {
  const port = new BatchingPort<IsolateMessage>(channel);
  const thread = currentThread();
  if (thread !== undefined) port.control({ kind: "thread", thread });
  const log = limitLog((entry: LogEntry): void => port.control({ kind: "log", entry }));
  const flushOutput = captureOutput(log);
  const tracking = trackEvents();
  const gateway = given ?? (await loadGatewayWorker(task.gatewayWorker));
  surviveStrayErrors(log, gateway.strayErrors, tracking);
  refuseSignals();
  limitWorkers();
  if (task.inspect !== undefined) openInspector(task.inspect, log);
  const { host, ownSocket, definition } = await loadHost({ task, gateway, load, port, tracking });
  const receiver = gate === undefined ? host : gated(host, gate);
  const stopped = new Promise<void>((stop) => {
    channel.onMessage((message) => receive(message as Batch | HostMessage, receiver, port, gateway, stop));
    channel.onClose(stop);
  });
  port.control({ kind: "ready" });
  await stopped;
  await ownSocket?.close();
  if (definition !== undefined) await disposePlugin(definition, task.disposeTimeout, log);
  flushOutput();
  port.flush();
  port.close();
}

function gated(host: PhaseHost, gate: StartGate): PhaseHost {
  return {
    startInstance: (spec) => host.startInstance(spec),
    closeInstance: (instanceId) => host.closeInstance(instanceId),
    startEvent: (eventId, instanceId, phase, protocol, asked) => {
      if (gate.enter()) host.startEvent(eventId, instanceId, phase, protocol, asked);
    },
    step: (eventId, failed, data) => host.step(eventId, failed, data),
    cancelEvent: (eventId, reason) => host.cancelEvent(eventId, reason),
  };
}

function receive(
  message: Batch | HostMessage,
  host: PhaseHost,
  port: BatchingPort<IsolateMessage>,
  gateway: GatewayWorker,
  stop: () => void,
): void {
  if (isBatch(message)) return receiveCommands(message, host);
  switch (message.kind) {
    case "start-instance":
      return host.startInstance(message.spec);
    case "close-instance":
      return host.closeInstance(message.instanceId);
    case "ping":
      // More than a sign of life: a runtime that works no more would let each event run into its deadline.
      return gateway.selfCheck((broken) => port.control({ kind: "pong", memory: memoryInUse(), broken }));
    case "weigh":
      return void liveMemory().then((memory) => port.control({ kind: "weighed", memory }));
    case "stop":
      return stop();
  }
}

function reportTo(port: BatchingPort<IsolateMessage>): PhaseHostListener {
  return {
    onCalls: (eventId, calls) => writeCalls(port.event(), eventId, calls),
    onReturn: (eventId) => writeReturn(port.event(), eventId),
    onFailure: (eventId, error) => writeFailure(port.event(), eventId, error),
    onInstanceFailed: (instanceId, error) => port.control({ kind: "instance-failed", instanceId, error }),
    onLog: (entry) => port.control({ kind: "log", entry }),
  };
}

interface Loading {
  readonly task: IsolateTask;
  readonly gateway: GatewayWorker;
  readonly load: LoadModule;
  readonly port: BatchingPort<IsolateMessage>;
  readonly tracking: EventTracking;
}

interface LoadedHost {
  readonly host: PhaseHost;
  readonly ownSocket?: OwnSocketServer;
  readonly definition?: PluginLifeCycle;
}

async function loadHost({ task, gateway, load, port, tracking }: Loading): Promise<LoadedHost> {
  const listener = reportTo(port);
  try {
    const definition = gateway.define(await load(), task.plugin);
    await definition.init?.();
    const host = gateway.createHost(definition, {
      plugin: task.plugin,
      listener,
      tracking,
      maxBodySize: task.maxBodySize,
      release: releaseMemory,
      onOpening: (key, opening) => port.control({ kind: "opening", ...key, opening }),
    });
    if (task.ownSocket === undefined) return { host, definition };
    const onProductive = (): void => port.control({ kind: "productive" });
    return { host, definition, ownSocket: await openOwnSocket(task.ownSocket, task, definition, tracking, onProductive) };
  } catch (thrown) {
    // Without its socket nobody reaches it: the host is to hear of it and to try again.
    if (task.ownSocket !== undefined) throw thrown;
    return { host: new FailedHost(toErrorInfo(thrown), listener) };
  }
}
