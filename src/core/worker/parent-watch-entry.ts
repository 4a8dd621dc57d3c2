// What a second thread of a child process runs: it ends the process when its server is gone, whatever plugin code does.
import { workerData } from "node:worker_threads";

/** In milliseconds. */
const CHECK = 1000;

const { server } = workerData as { readonly server: number };

// A channel that closes is noticed at once, but not by a thread that is in a loop.
setInterval(() => {
  if (process.ppid !== server) process.kill(process.pid, "SIGKILL");
}, CHECK);
