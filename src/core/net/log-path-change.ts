// Says in the log what has become of a server's socket path.
import type { Logger } from "pino";
import type { PathChange } from "./path-watch.js";

export function logPathChange(logger: Logger, path: string, change: PathChange): void {
  switch (change.kind) {
    case "taken over":
      return logger.info(`another server has taken ${path} over: new connections go there`);
    case "restored":
      return logger.warn(`${path} did not lead to this server any more (was it removed?): it does again`);
    case "lost":
      return logger.error(
        { err: change.error },
        `${path} does not lead to this server any more, clients cannot connect: ${change.error.message}`,
      );
  }
}
