// Decides what becomes of a server in which a plugin's thread does not end: with a supervisor the next one takes its place.
import { performance } from "node:perf_hooks";
import type { Logger } from "pino";
import { END_TIME, type HungThread, onHungThread } from "../../core/isolates/index.js";
import type { AdministeredEngine } from "../../core/server/index.js";
import type { Front } from "../../core/supervisor/index.js";

/** Milliseconds that a server serves at least: a plugin that hangs with each request costs no more than that of the others'. */
const SHORTEST_SERVICE = 10_000;
/** Milliseconds for clients to leave a server that makes way: new connections wait meanwhile. */
const LEAVING_TIME = 1000;
const MAKES_WAY = "makes way for the next server";

const WHERE =
  "it waits outside of JavaScript, as execSync and others with Sync in their names do for a program or a file, or collects garbage without end";

interface Replaceable {
  readonly front: Front | undefined;
  readonly engines: readonly AdministeredEngine[];
  /** Milliseconds that calls may take to end. */
  readonly drainTimeout: number;
  readonly logger: Logger;
}

/** Logs each thread that hangs. Resolves with the reason to end when the next server can come: in a moment without calls, where there is one. */
export function endByHungThread({ front, engines, drainTimeout, logger }: Replaceable): Promise<string> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    let isMakingWay = false;
    onHungThread((thread) => {
      const isToMakeWay = thread.isServing && front?.makeWay !== undefined;
      logger.error({ plugin: thread.plugin }, textOf(thread, isToMakeWay));
      if (!isToMakeWay || isMakingWay) return;
      isMakingWay = true;
      const wait = Math.max(0, startedAt + SHORTEST_SERVICE - performance.now());
      setTimeout(() => resolve(makeWay(front, engines, drainTimeout)), wait).unref();
    });
  });
}

/** Resolves with the reason to end. */
async function makeWay(front: Front, engines: readonly AdministeredEngine[], drainTimeout: number): Promise<string> {
  await Promise.all(engines.map(({ calls }) => calls.drained(drainTimeout)));
  front.makeWay?.();
  return MAKES_WAY;
}

/** How long a server may take to close that ends for `reason`: undefined where the drain timeout holds. */
export const closingTime = (reason: string): number | undefined => (reason === MAKES_WAY ? LEAVING_TIME : undefined);

function textOf({ plugin, isServing }: HungThread, isToMakeWay: boolean): string {
  const what = `a thread of plugin ${plugin} has not ended ${END_TIME / 1000} s after it was told to: ${WHERE}`;
  if (!isServing) return `${what}; it stays until the server ends: mend what the plugin does when it is loaded`;
  const mend = 'mend the plugin, or have it run in a process (isolation: "process")';
  if (isToMakeWay) return `${what}; another server takes the place of this one, which ends with it: ${mend}`;
  return `${what}; it stays, with its memory, until the server ends: start the server anew, and ${mend}`;
}
