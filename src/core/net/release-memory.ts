// Frees the memory of large bodies at once: V8 counts it until a collection, and collects each few bodies because of it.
import { MessageChannel } from "node:worker_threads";

/** Smaller ones may lie in memory that others use too, such as the buffer that sockets read into. */
const MIN_SIZE = 64 * 1024 + 1;

/** A transfer takes the memory along even where nobody can receive it. */
const { port1: nowhere } = new MessageChannel();
nowhere.close();

/** Does nothing where `bytes` are few; otherwise they must be all that is in their memory, and of no use to anybody any more. */
export function releaseMemory(bytes: Buffer): void {
  if (bytes.length >= MIN_SIZE) nowhere.postMessage(undefined, [bytes.buffer as ArrayBuffer]);
}
