// What a child process runs that carries an isolate: the same service as in a thread, over the IPC pipe.
import type { ChannelPort, IsolateTask } from "../channel/index.js";
import { serveIsolate } from "./serve-isolate.js";

const send = process.send?.bind(process);
const disconnect = process.disconnect?.bind(process);

const port: ChannelPort = {
  postMessage: (message) => {
    if (process.connected) send?.(message, undefined, undefined, () => {});
  },
  onMessage: (listener) => process.on("message", listener),
  onClose: (listener) => process.once("disconnect", listener),
  close: () => {
    if (process.connected) disconnect?.();
  },
};

process.once("message", (message: { readonly task: IsolateTask }) => {
  // The server draws its children down itself: a signal to the whole group must not end running events.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  void serveIsolate(message.task, port).then(() => process.exit(0));
});
