// What a worker thread runs: a plugin's isolate for as long as it lives, or the scanning isolate once.
import { once } from "node:events";
import {
  BatchingPort,
  callsReport,
  type ErrorInfo,
  type EventReport,
  failureReport,
  type HostMessage,
  type IsolateMessage,
  type IsolateTask,
  type LogEntry,
  type PhaseHost,
  type PhaseHostListener,
  type PluginMetadata,
  receiveCommands,
  returnReport,
  type ScanItem,
  type ScanReport,
  type ScanTask,
  toErrorInfo,
} from "../channel/index.js";
import { isPdkError } from "../pdk/index.js";
import { decodeValue, encodeCall } from "../wire/index.js";
import { captureOutput } from "./capture-output.js";
import { evaluateModule } from "./evaluate-module.js";
import { ExitSignal } from "./event.js";
import { FailedHost } from "./failed-host.js";
import { adaptModule } from "./forms/adapt-module.js";
import { LocalHost } from "./local-host.js";

const CODEC = { encodeCall, decodeValue };

/** Serves one plugin until the host says stop. The promise is the isolate's life. */
export async function runIsolate(task: IsolateTask): Promise<void> {
  const port = new BatchingPort<EventReport, IsolateMessage>(task.port);
  const log = (entry: LogEntry): void => port.control({ kind: "log", entry });
  const flushOutput = captureOutput(log);
  surviveStrayErrors(log);
  const host = await loadHost(task, reportTo(port));
  await new Promise<void>((stop) => {
    task.port.on("message", (message: Uint8Array<ArrayBuffer> | HostMessage) => {
      if (message instanceof Uint8Array) receiveCommands(message, host);
      else if (message.kind === "start-instance") host.startInstance(message.spec);
      else if (message.kind === "close-instance") host.closeInstance(message.instanceId);
      else stop();
    });
    task.port.on("close", stop);
  });
  flushOutput();
  port.flush();
  port.close();
}

function reportTo(port: BatchingPort<EventReport, IsolateMessage>): PhaseHostListener {
  return {
    onCalls: (eventId, calls) => port.event(callsReport(eventId, calls)),
    onReturn: (eventId) => port.event(returnReport(eventId)),
    onFailure: (eventId, error) => port.event(failureReport(eventId, error)),
    onInstanceFailed: (instanceId, error) => port.control({ kind: "instance-failed", instanceId, error }),
    onLog: (entry) => port.control({ kind: "log", entry }),
  };
}

async function loadHost(task: IsolateTask, listener: PhaseHostListener): Promise<PhaseHost> {
  try {
    const definition = adaptModule(await evaluateModule(task.artifact), task.plugin);
    return new LocalHost(definition, CODEC, listener);
  } catch (thrown) {
    return new FailedHost(toErrorInfo(thrown), listener);
  }
}

/** A throw in a timer or a floating promise ends neither the isolate nor its other events. */
function surviveStrayErrors(log: (entry: LogEntry) => void): void {
  const report = (what: string) => (thrown: unknown): void => {
    // The event is over on purpose, and its handler was told so where it listens.
    if (thrown instanceof ExitSignal) return;
    const level = isPdkError(thrown) && thrown.code !== "PDK_CALL_FAILED" ? "debug" : "error";
    log({ level, message: what, error: toErrorInfo(thrown) });
  };
  process.on("uncaughtException", report("uncaught exception outside a handler"));
  process.on("unhandledRejection", report("unhandled promise rejection"));
}

/** Reads what each module says of itself, one after another, reporting as it goes. */
export async function scanModules(task: ScanTask): Promise<void> {
  const report = (message: ScanReport): void => task.port.postMessage(message);
  let index = 0;
  const log = (entry: LogEntry): void => report({ kind: "scan-log", index, entry });
  const flushOutput = captureOutput(log);
  surviveStrayErrors(log);
  for (const item of task.items) {
    report({ kind: "scan-started", index });
    const result = await readMetadata(item);
    flushOutput();
    report({ kind: "scan-finished", index, result });
    index += 1;
  }
  task.port.close();
  await once(task.port, "close");
}

async function readMetadata(item: ScanItem): Promise<PluginMetadata | ErrorInfo> {
  try {
    const { form, name, version, priority, phases, fields, pdkVersion } = adaptModule(await evaluateModule(item.artifact), item.name);
    const metadata = { form, name: name ?? item.name, version, priority, phases, fields };
    // Sent as data: a schema may hold functions (custom validators), which no gateway gets to see.
    return JSON.parse(JSON.stringify(pdkVersion === undefined ? metadata : { ...metadata, pdkVersion })) as PluginMetadata;
  } catch (thrown) {
    return toErrorInfo(thrown);
  }
}
