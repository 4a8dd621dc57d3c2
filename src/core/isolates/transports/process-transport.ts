// Carries an isolate in a child process: the hard wall, at which crashes, signals and closed descriptors end too.
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import {
  type ChannelPort,
  type IsolateTask,
  LineStream,
  limitLog,
  type LogMessage,
  type PipePort,
  pipePort,
} from "../../channel/index.js";
import type { Transport, TransportLimits } from "./transport.js";

const PROCESS_ENTRY = fileURLToPath(new URL("../../worker/process-entry.js", import.meta.url));
const MEGABYTE = 1024 * 1024;
/** How long the channel of a process that has ended may stay open, in milliseconds: a program that it started may hold it. */
const LAST_WORDS = 1000;

/** A signal does not open the inspector, where Node.js can be told so; elsewhere the child process takes the signal. */
const NO_INSPECTOR = ["--disable-sigusr1"].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag));

export function startProcess(task: IsolateTask, limits: TransportLimits): Transport {
  const memory = `--max-old-space-size=${Math.ceil(limits.memory / MEGABYTE)}`;
  const child = spawn(process.execPath, [...NO_INSPECTOR, memory, PROCESS_ENTRY, String(process.pid)], {
    env: { ...limits.env },
    // A session of its own: a signal of its code to its process group ends nothing but itself.
    detached: true,
    // What native code, Node.js itself and programs that the plugin starts write is read here and becomes log lines: the
    // server's own stderr may have no reader. The last pipe is the channel: that of Node.js, `process.send`, would have plugin
    // code speak to the server, and the server end at what it says.
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const [, , , pipe] = child.stdio;
  if (!(pipe instanceof Socket)) throw new TypeError("a child process has no channel");
  const kill = (): void => void child.kill("SIGKILL");
  const port = pipePort(pipe, kill);
  const ended = endOf(child, port, pipe);
  port.postMessage(task);
  return {
    port: withOutput(port, child),
    gate: undefined,
    ended,
    terminate: async () => {
      kill();
      await ended;
    },
  };
}

function endOf(child: ChildProcess, port: PipePort, pipe: Socket): Promise<Error | undefined> {
  return new Promise((resolve) => {
    child.once("error", resolve);
    child.once("exit", (code, signal) => {
      const reason = signal === null ? `its process exited with status ${code}` : `its process was ended by ${signal}`;
      const timer = setTimeout(() => pipe.destroy(), LAST_WORDS);
      // What it sent before its end is still to be read.
      resolve(
        port.closed.then(() => {
          clearTimeout(timer);
          return code === 0 ? undefined : new Error(reason);
        }),
      );
    });
  });
}

/** The channel, over which what the process writes comes as log lines too. */
function withOutput(port: PipePort, { stdout, stderr }: ChildProcess): ChannelPort {
  return {
    ...port,
    onMessage: (listener) => {
      port.onMessage(listener);
      const log = limitLog((entry) => listener({ kind: "log", entry } satisfies LogMessage));
      for (const stream of [stdout, stderr]) stream?.pipe(new LineStream("warn", log));
    },
  };
}
