// Makes whatever plugin code prints in this isolate a log line: stdout belongs to the dump, and stderr to the gateway's log.
import { Console } from "node:console";
import { type LogEntry, LineStream } from "../../channel/index.js";

/**
 * Replaces `console`, `process.stdout` and `process.stderr` of this thread for good. Returns what logs the lines that
 * are still open, for when the thread ends or another plugin's turn comes.
 */
export function captureOutput(log: (entry: LogEntry) => void): () => void {
  const out = new LineStream("info", log);
  const err = new LineStream("warn", log);
  for (const [name, stream] of [
    ["stdout", out],
    ["stderr", err],
  ] as const) {
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
  }
  globalThis.console = new Console({ stdout: out, stderr: err });
  return () => {
    out.flush();
    err.flush();
  };
}
