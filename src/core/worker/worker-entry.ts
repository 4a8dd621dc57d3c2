// What a worker thread runs: a plugin's isolate for as long as it lives, or the scanning isolate once.
import { once } from "node:events";
import type { MessagePort } from "node:worker_threads";
import { type ErrorInfo, toErrorInfo } from "../model/index.js";
import {
  type IsolateTask,
  limitLog,
  type LogEntry,
  type PluginMetadata,
  type ScanItem,
  type ScanReport,
  type ScanTask,
  StartGate,
  threadPort,
} from "../channel/index.js";
import { currentThread } from "./live-memory.js";
import { captureOutput, surviveStrayErrors } from "./guards/survive-faults.js";
import { TraceRecorder } from "./guards/load-traces.js";
import { evaluateModule } from "./evaluate-module.js";
import { type GatewayWorker, loadGatewayWorker } from "./gateway-worker.js";
import type { WriteEntry } from "./guards/plugin-log.js";
import { serveIsolate } from "./serve-isolate.js";
import { limitWorkers, refuseSignals } from "./guards/confine.js";

export interface IsolateStart {
  readonly task: IsolateTask;
  readonly port: MessagePort;
  readonly gate: SharedArrayBuffer;
}

/** Serves one plugin until the host says stop. The promise is the isolate's life. */
export function runIsolate({ task, port, gate }: IsolateStart): Promise<void> {
  return serveIsolate(task, threadPort(port), { gate: new StartGate(gate) });
}

/** Reads what each module says of itself, one after another, reporting as it goes. */
export async function scanModules(task: ScanTask): Promise<void> {
  const report = (message: ScanReport): void => task.port.postMessage(message);
  let index = 0;
  const log = limitLog((entry: LogEntry): void => report({ kind: "scan-log", index, entry }));
  const flushOutput = captureOutput(log);
  const gateway = await loadGatewayWorker(task.gatewayWorker);
  surviveStrayErrors(log, gateway.strayErrors);
  refuseSignals();
  limitWorkers();
  const thread = currentThread();
  const recorder = new TraceRecorder();
  recorder.install();
  for (const item of task.items) {
    report({ kind: "scan-started", index, thread });
    recorder.take(false);
    const { result, hasInit } = await readMetadata(item, gateway, task.runsInit ? log : undefined);
    flushOutput();
    report({ kind: "scan-finished", index, result, traces: recorder.take(hasInit) });
    index += 1;
  }
  task.port.close();
  await once(task.port, "close");
}

interface Reading {
  readonly result: PluginMetadata | ErrorInfo;
  readonly hasInit: boolean;
}

async function readMetadata(item: ScanItem, gateway: GatewayWorker, write: WriteEntry | undefined): Promise<Reading> {
  try {
    const definition = gateway.define(await evaluateModule(item.artifact), item.name);
    const metadata = gateway.describe(definition, item.name);
    if (write !== undefined) await definition.init?.(write);
    // What it began for this look ends with it.
    if (write !== undefined && definition.init !== undefined) await definition.dispose?.();
    return { result: metadata, hasInit: definition.init !== undefined };
  } catch (thrown) {
    return { result: toErrorInfo(thrown), hasInit: false };
  }
}
