// Opens the inspector of the isolate it is called in, and of no other.
import inspector from "node:inspector";
import { messageOf } from "../model/index.js";
import type { InspectorAddress, LogEntry } from "../channel/index.js";

/** While the isolate that this one takes over from still has the port, in milliseconds. */
const FIRST_RETRY = 100;
const LAST_RETRY = 5000;

export function openInspector(address: InspectorAddress, log: (entry: LogEntry) => void, retry = FIRST_RETRY): void {
  const { host, port } = address;
  const failure = open(address);
  const url = inspector.url();
  if (url !== undefined) {
    log({
      level: "info",
      message: `the debugger listens on ${host}:${port}: chrome://inspect, or an editor, attaches to ${url}`,
    });
    return;
  }
  const again = Math.min(retry * 2, LAST_RETRY);
  if (again === LAST_RETRY && retry < LAST_RETRY)
    log({ level: "warn", message: `the debugger cannot listen on ${host}:${port}, and goes on trying: ${failure}` });
  setTimeout(() => openInspector(address, log, again), retry).unref();
}

/** Why it could not be opened; Node.js itself says so on stderr alone. */
function open({ host, port }: InspectorAddress): string {
  try {
    inspector.open(port, host, false);
    return "the port is taken";
  } catch (error) {
    return messageOf(error);
  }
}
