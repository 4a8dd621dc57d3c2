// The end of a channel as both sides use it: a MessagePort between threads, a pipe between processes.
import type { MessagePort } from "node:worker_threads";

/** What can change threads instead of being copied. */
export type Transferred = ArrayBuffer | MessagePort;

export interface ChannelPort {
  /** `transfer` is a hint: where nothing can be transferred, it is copied. */
  postMessage(message: unknown, transfer?: readonly Transferred[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Told once, when the other side is gone or the channel was closed. */
  onClose(listener: () => void): void;
  close(): void;
}
