// Makes the server's logger: lines on stderr, as text for people or JSON for collectors.
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { LogOptions } from "./log-options.js";

const STDERR = 2;

export function createLogger({ level, format }: LogOptions): Logger {
  // Written at once: a line about the process's end must not be lost with it.
  if (format === "json") return pino({ level, base: null }, pino.destination({ dest: STDERR, sync: true }));
  return pino(
    { level, base: null },
    pretty({
      destination: STDERR,
      sync: true,
      colorize: process.stderr.isTTY,
      translateTime: "SYS:yyyy-mm-dd HH:MM:ss.l",
      ignore: "pid,hostname,plugin",
      singleLine: true,
    }),
  );
}
