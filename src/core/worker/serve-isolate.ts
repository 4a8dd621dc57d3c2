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
  type CallHost,
  type CallHostListener,
  receiveCommands,
  isBatch,
  type StartGate,
  writeAsks,
  writeFailure,
  writeDone,
} from "../channel/index.js";
import { toErrorInfo } from "../model/index.js";
import { releaseMemory } from "../net/index.js";
import { captureOutput, surviveStrayErrors } from "./guards/survive-faults.js";
import { type CallTracking, trackCalls } from "./current-call.js";
import { currentThread, liveMemory } from "./live-memory.js";
import { diagnose } from "./diagnose.js";
import { evaluateModule } from "./evaluate-module.js";
import { FailedHost, type GatewayWorker, loadGatewayWorker } from "./gateway-worker.js";
import { disposePlugin, type PluginLifeCycle } from "./life-cycle.js";
import { openInspector } from "./open-inspector.js";
import { openOwnSocket, type OwnSocketServer } from "./own-socket.js";
import type { WriteEntry } from "./guards/plugin-log.js";
import { tracesPlugin } from "./tracing/active-trace.js";
import { IsolateReports } from "./isolate-reports.js";
import { limitWorkers, refuseSignals } from "./guards/confine.js";

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
  const tracking = trackCalls();
  tracesPlugin(task.artifact);
  const gateway = given ?? (await loadGatewayWorker(task.gatewayWorker));
  surviveStrayErrors(log, gateway.strayErrors, tracking);
  refuseSignals();
  limitWorkers();
  if (task.inspect !== undefined) openInspector(task.inspect, log);
  const reports = new IsolateReports(port, { hasOwnSocket: task.ownSocket !== undefined, sharesMemory: gate !== undefined });
  const { host, ownSocket, definition } = await loadHost({ task, gateway, load, port, log, tracking, reports });
  const stopped = new Promise<void>((stop) => {
    channel.onMessage((message) => receive(message as Batch | HostMessage, { host, ownSocket, gate, gateway, reports, stop }));
    channel.onClose(stop);
  });
  port.control({ kind: "ready" });
  await stopped;
  await ownSocket?.close();
  if (definition !== undefined) await disposePlugin(definition, task.disposeTimeout, log);
  flushOutput();
  reports.end();
  port.flush();
  port.close();
}

interface Receiver {
  readonly host: CallHost;
  readonly ownSocket: OwnSocketServer | undefined;
  readonly gate: StartGate | undefined;
  readonly gateway: GatewayWorker;
  readonly reports: IsolateReports;
  readonly stop: () => void;
}

function receive(message: Batch | HostMessage, { host, ownSocket, gate, gateway, reports, stop }: Receiver): void {
  if (isBatch(message)) return receiveCommands(message, host, gate);
  switch (message.kind) {
    case "bind":
      return host.bind(message.spec);
    case "unbind":
      return host.unbind(message.bindingId);
    case "ping":
      // More than a sign of life: a runtime that works no more would let each call run into its deadline.
      return gateway.selfCheck((broken) => reports.pong(message.sentAt, broken));
    case "sample":
      return reports.sample(message.sentAt);
    case "weigh":
      return void liveMemory().then((memory) => reports.weighed(memory));
    case "log-level":
      return ownSocket?.logAt?.(message.level);
    case "diagnose":
      return void diagnose(message.diagnosis).then((problem) => reports.diagnosed(message.id, problem));
    case "stop":
      return stop();
  }
}

function reportTo(port: BatchingPort<IsolateMessage>): CallHostListener {
  return {
    onAsks: (callId, asks, handlerTime) => writeAsks(port.batch(), callId, asks, handlerTime),
    onDone: (callId, result, handlerTime) => writeDone(port.batch(), callId, result, handlerTime),
    onFailure: (callId, error, circumstances) => writeFailure(port.batch(), callId, error, circumstances?.handlerTime),
    onBindingFailed: (bindingId, error) => port.control({ kind: "binding-failed", bindingId, error }),
    onLog: (entry) => port.control({ kind: "log", entry }),
  };
}

interface Loading {
  readonly task: IsolateTask;
  readonly gateway: GatewayWorker;
  readonly load: LoadModule;
  readonly port: BatchingPort<IsolateMessage>;
  readonly log: WriteEntry;
  readonly tracking: CallTracking;
  readonly reports: IsolateReports;
}

interface LoadedHost {
  readonly host: CallHost;
  readonly ownSocket?: OwnSocketServer;
  readonly definition?: PluginLifeCycle;
}

async function loadHost({ task, gateway, load, port, log, tracking, reports }: Loading): Promise<LoadedHost> {
  const listener = reportTo(port);
  try {
    const definition = gateway.define(await load(), task.plugin);
    await definition.init?.(log);
    const host = gateway.createHost(definition, {
      plugin: task.plugin,
      listener,
      tracking,
      maxBodySize: task.maxBodySize,
      release: releaseMemory,
      onPrefetch: (key, prefetch) => port.control({ kind: "prefetch", ...key, prefetch }),
    });
    if (task.ownSocket === undefined) return { host, definition };
    const onProductive = (): void => port.control({ kind: "productive" });
    const traceCalls = (ratio: number): void => reports.passTraces(reports.telemetry.traceCalls(ratio));
    const serving = { onProductive, telemetry: reports.telemetry, traceCalls };
    return { host, definition, ownSocket: await openOwnSocket(task.ownSocket, task, definition, tracking, serving) };
  } catch (thrown) {
    // Without its socket nobody reaches it: the host is to hear of it and to try again.
    if (task.ownSocket !== undefined) throw thrown;
    return { host: new FailedHost(toErrorInfo(thrown), listener) };
  }
}
