// Carries an isolate in a child process: the hard wall, at which crashes, signals and closed descriptors end too.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type ChannelPort, type IsolateTask, LineStream, limitLog, type LogMessage } from "../channel/index.js";
import type { Carrier, CarrierLimits } from "./carrier.js";

const PROCESS_ENTRY = fileURLToPath(new URL("../runtime/process-entry.js", import.meta.url));
const MEGABYTE = 1024 * 1024;

export function startProcess(task: IsolateTask, limits: CarrierLimits): Carrier {
  const child = fork(PROCESS_ENTRY, [String(process.pid)], {
    execArgv: [`--max-old-space-size=${Math.ceil(limits.memory / MEGABYTE)}`],
    env: { ...limits.env },
    serialization: "advanced",
    // What native code, Node.js itself and programs that the plugin starts write is read here and becomes log lines: the
    // server's own stderr may have no reader.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const ended = endOf(child);
  child.send({ task });
  return {
    port: processPort(child),
    gate: undefined,
    ended,
    terminate: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function endOf(child: ChildProcess): Promise<Error | undefined> {
  return new Promise((resolve) => {
    child.once("error", resolve);
    const drained = new Promise<void>((done) => child.once("disconnect", done));
    child.once("exit", (code, signal) => {
      const reason = signal === null ? `its process exited with status ${code}` : `its process was ended by ${signal}`;
      // What it sent before its end is still to be read.
      void drained.then(() => resolve(code === 0 ? undefined : new Error(reason)));
    });
  });
}

function processPort(child: ChildProcess): ChannelPort {
  return {
    postMessage: (message) => {
      // A child that is gone is told by its exit, not by a write that fails.
      if (child.connected) child.send(message as object, () => {});
    },
    onMessage: (listener) => {
      child.on("message", listener);
      logOutput(child, listener);
    },
    onClose: (listener) => child.once("disconnect", listener),
    close: () => {
      if (child.connected) child.disconnect();
    },
  };
}

function logOutput({ stdout, stderr }: ChildProcess, listener: (message: LogMessage) => void): void {
  const log = limitLog((entry) => listener({ kind: "log", entry }));
  for (const stream of [stdout, stderr]) stream?.pipe(new LineStream("warn", log));
}
