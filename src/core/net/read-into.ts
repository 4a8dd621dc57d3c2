// Makes an accepted socket read into one buffer that all sockets of this thread share.
import { Socket } from "node:net";
import { SHARED_SIZE } from "./memory.js";

const MAX_VIEW = 1024;

// Without it Node.js allocates 64 KB for every read and shrinks them to what came, a tenth of all that a phase costs.
// One is enough: what a read brought is consumed before the next one.
const buffer = Buffer.allocUnsafeSlow(SHARED_SIZE);
/** The parts of the buffer that short reads fill, made once. */
const views: (Buffer | undefined)[] = [];

function view(size: number): Buffer {
  if (size > MAX_VIEW) return buffer.subarray(0, size);
  return (views[size] ??= buffer.subarray(0, size));
}

/**
 * Returns the socket to be used from now on: it passes each chunk to `onChunk`, which owns it only until it returns.
 *
 * Node.js offers this (`onread`) to sockets that it makes, not to those that its servers accept. So the handle moves
 * to a socket of our making, where it is to be had; elsewhere the socket stays as it is and reads as every other.
 */
export function readInto(accepted: Socket, onChunk: (chunk: Buffer) => void): Socket {
  const handle: unknown = Reflect.get(accepted, "_handle");
  if (!isUserBufferHandle(handle)) return accepted.on("data", onChunk);
  const options = {
    handle,
    allowHalfOpen: accepted.allowHalfOpen,
    readable: true,
    writable: true,
    onread: {
      buffer,
      callback: (size: number) => {
        onChunk(view(size));
        return true;
      },
    },
  };
  Reflect.set(accepted, "_handle", null);
  return new Socket(options);
}

const isUserBufferHandle = (handle: unknown): boolean =>
  typeof handle === "object" && handle !== null && "useUserBuffer" in handle && typeof handle.useUserBuffer === "function";
