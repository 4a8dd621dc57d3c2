// What a child process runs that carries an isolate: the same service as in a thread, over the IPC pipe.
import type { ChannelPort, IsolateTask } from "../channel/index.js";
import { serveIsolate } from "./serve-isolate.js";

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
  void serveIsolate(message.task, port).then(() => process.exit(0));
});
