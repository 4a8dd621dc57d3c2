// Carries an isolate in a child process: the hard wall, at which crashes, signals and closed descriptors end too.
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import {
  type LogEntry,
  type ChannelPort,
  type IsolateTask,
  LineStream,
  limitLog,
  type LogMessage,
  type PipePort,
  pipePort,
} from "../../channel/index.js";
import { nodeCommand } from "../../runtime/index.js";
import type { Transport, TransportLimits } from "./transport.js";

const PROCESS_ENTRY = fileURLToPath(new URL("../../worker/process-entry.js", import.meta.url));
const MEGABYTE = 1024 * 1024;
/** How long the channel of a process that has ended may stay open, in milliseconds: a program that it started may hold it. */
const LAST_WORDS = 1000;

/** With what V8 begins to report that it ends its process, and where it says why. */
const REPORT = /^(?:<--- Last few GCs --->|FATAL ERROR: |#$|# Fatal error)/;
const OUT_OF_MEMORY = /^FATAL ERROR: .*out of memory/;

/** A signal does not open the inspector, where Node.js can be told so; elsewhere the child process takes the signal. */
const NO_INSPECTOR = ["--disable-sigusr1"].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag));

export function startProcess(task: IsolateTask, limits: TransportLimits): Transport {
  const memory = `--max-old-space-size=${Math.ceil(limits.memory / MEGABYTE)}`;
  const { file, args, env } = nodeCommand({
    script: PROCESS_ENTRY,
    args: [String(process.pid)],
    flags: [...NO_INSPECTOR, memory],
    env: { ...limits.env },
  });
  const child = spawn(file, args, {
    env,
    // A session of its own: a signal of its code to its process group ends nothing but itself.
    detached: true,
    // What native code, Node.js itself and programs that the plugin starts write is read here and becomes log lines: the
    // server's own stderr may have no reader. The last pipe is the channel: that of Node.js, `process.send`, would have plugin
    // code speak to the server, and the server end at what it says.
    // Its stdin ends at once: to have it ignored takes /dev/null, which a bare root has not.
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  child.stdin.destroy();
  const [, , , pipe] = child.stdio;
  if (!(pipe instanceof Socket)) throw new TypeError("a child process has no channel");
  const kill = (): void => void child.kill("SIGKILL");
  const port = pipePort(pipe, kill);
  const lastWords = new LastWords();
  const ended = endOf(child, port, pipe, lastWords);
  port.postMessage(task);
  return {
    port: withOutput(port, child, lastWords),
    gate: undefined,
    ended,
    terminate: async () => {
      kill();
      await ended;
    },
  };
}

/** Tells what V8 reports at the end of its process from what others print: the log has one line of it, with the reason. */
class LastWords {
  #isReporting = false;
  isOutOfMemory = false;

  /** For who looks for a crash; nobody else reads addresses of V8. */
  levelOf({ level, message }: LogEntry): LogEntry["level"] {
    this.#isReporting ||= REPORT.test(message);
    this.isOutOfMemory ||= OUT_OF_MEMORY.test(message);
    return this.#isReporting ? "debug" : level;
  }
}

function endOf(child: ChildProcess, port: PipePort, pipe: Socket, lastWords: LastWords): Promise<Error | undefined> {
  return new Promise((resolve) => {
    child.once("error", resolve);
    child.once("exit", (code, signal) => {
      const reason = signal === null ? `its process exited with status ${code}` : `its process was ended by ${signal}`;
      const timer = setTimeout(() => pipe.destroy(), LAST_WORDS);
      // What it sent before its end is still to be read.
      resolve(
        port.closed.then(() => {
          clearTimeout(timer);
          if (code === 0) return undefined;
          return Object.assign(new Error(reason), lastWords.isOutOfMemory ? { code: "ERR_WORKER_OUT_OF_MEMORY" } : {});
        }),
      );
    });
  });
}

/** The channel, over which what the process writes comes as log lines too. */
function withOutput(port: PipePort, { stdout, stderr }: ChildProcess, lastWords: LastWords): ChannelPort {
  return {
    ...port,
    onMessage: (listener) => {
      port.onMessage(listener);
      const log = limitLog((entry) => listener({ kind: "log", entry } satisfies LogMessage));
      stdout?.pipe(new LineStream("warn", log));
      stderr?.pipe(new LineStream("warn", (entry) => log({ ...entry, level: lastWords.levelOf(entry) })));
    },
  };
}
