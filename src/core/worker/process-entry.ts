// What a child process runs that carries an isolate: the same service as in a thread, over a pipe to its server.
import { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { type IsolateTask, pipePort } from "../channel/index.js";
import { CHANNEL, closeInherited } from "./guards/confine.js";
import { serveIsolate } from "./serve-isolate.js";

// Node.js opens its inspector at this signal.
process.on("SIGUSR1", () => {});
closeInherited();
endWithServer(Number(process.argv[2]));

const pipe = new Socket({ fd: CHANNEL, readable: true, writable: true });
const port = pipePort(pipe);
// The server ends its children itself: a signal from elsewhere must not end running events.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
port.onFirst((task) => {
  serveIsolate(task as IsolateTask, port)
    // What it said last is to be written.
    .then(() => port.closed)
    .then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
        process.exit(1);
      },
    );
});

function endWithServer(server: number): void {
  const watch = new Worker(new URL("./parent-watch-entry.js", import.meta.url), {
    workerData: { server },
    // Nothing of what the server's own threads are started with.
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
  });
  watch.on("error", (error) => {
    process.stderr.write(`this process may outlive its server, which it cannot watch: ${error.message}\n`);
  });
  watch.unref();
}
