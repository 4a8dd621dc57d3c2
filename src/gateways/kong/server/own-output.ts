// Makes lines of the log of what the server's own process prints: warnings of Node.js, and what its threads leave on stderr.
import type { Logger } from "pino";
import { limitLog } from "../../../core/channel/index.js";
import { captureOutput } from "../../../core/worker/index.js";

export function logOwnOutput(logger: Logger): void {
  captureOutput(limitLog(({ level, message }) => logger[level](message)));
}
