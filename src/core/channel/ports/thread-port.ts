// A MessagePort as the end of a channel.
import type { MessagePort } from "node:worker_threads";
import type { ChannelPort, Transferred } from "./port.js";

export function threadPort(port: MessagePort): ChannelPort {
  return {
    postMessage: (message, transfer) => port.postMessage(message, transfer as Transferred[] | undefined),
    onMessage: (listener) => port.on("message", listener),
    onClose: (listener) => port.once("close", listener),
    close: () => port.close(),
  };
}
