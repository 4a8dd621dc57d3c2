// Says who owns the memory of bytes: all code that keeps, hands over or frees bytes follows this one rule.
//
// Up to SHARED_SIZE bytes may lie in memory that others use too: the buffer that all sockets of a thread read into, the room
// of an encoder, a batch between threads, the pool of Buffer.from. Who keeps such bytes longer than its call copies them, and
// nobody frees them. More bytes than that always lie in memory of their own, and have one owner: they are never copied, change
// hands between threads with their memory, and their last owner frees it.
//
// So nothing that is shared may be larger than SHARED_SIZE, and nothing may be treated as owned that is not larger.
import { MessageChannel } from "node:worker_threads";

/** Bytes. No memory that is shared is larger. */
export const SHARED_SIZE = 64 * 1024;

/** Whether bytes are all that is in their memory, which can change hands then. */
export const isOwnMemory = (bytes: Uint8Array): boolean => bytes.length > SHARED_SIZE;

/** A transfer takes the memory along even where nobody can receive it. */
const { port1: nowhere } = new MessageChannel();
nowhere.close();

/**
 * Frees the memory of large bytes at once: V8 counts it until a collection, and collects each few bodies because of it. Does
 * nothing where they are few; otherwise they are of no use to anybody any more.
 */
export function releaseMemory(bytes: Uint8Array): void {
  if (isOwnMemory(bytes)) nowhere.postMessage(undefined, [bytes.buffer as ArrayBuffer]);
}
