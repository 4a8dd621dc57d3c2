// What a child process runs that carries an isolate: the same service as in a thread, over the IPC pipe.
import { Worker } from "node:worker_threads";
import type { ChannelPort, IsolateTask } from "../channel/index.js";
import { closeInherited } from "./close-inherited.js";
import { serveIsolate } from "./serve-isolate.js";

closeInherited();
endWithServer(Number(process.argv[2]));

const send = process.send?.bind(process);
const disconnect = process.disconnect.bind(process);

// What comes while the module loads has to wait: Node.js drops what comes between two listeners.
const early: unknown[] = [];
let receive = (message: unknown): void => {
  early.push(message);
};

const port: ChannelPort = {
  postMessage: (message) => {
    if (process.connected) send?.(message, undefined, undefined, () => {});
  },
  onMessage: (listener) => {
    receive = listener;
    // Behind the message that says that it listens.
    queueMicrotask(() => {
      for (const message of early.splice(0)) listener(message);
    });
  },
  onClose: (listener) => process.once("disconnect", listener),
  close: () => {
    if (process.connected) disconnect();
  },
};

process.once("message", (message: { readonly task: IsolateTask }) => {
  process.on("message", (later: unknown) => receive(later));
  // The server draws its children down itself: a signal to the whole group must not end running events.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  void serveIsolate(message.task, port).then(
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
