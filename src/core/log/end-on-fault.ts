// Ends a server whose own code failed: with a line in its log, which Node.js would write to a stderr that may block.
import type { Logger } from "pino";

export function endOnFault(logger: Logger): void {
  process.on("uncaughtException", (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    logger.fatal({ err: error }, `the server itself failed and ends: ${message}`);
    process.exit(1);
  });
}
