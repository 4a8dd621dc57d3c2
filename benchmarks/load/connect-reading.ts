// Connects to a server with the cheapest way to read: into one buffer for all connections.
import { connect, type Socket } from "node:net";

const SIZE = 256 * 1024;
const chunk = Buffer.allocUnsafe(SIZE);

export interface ChunkReceiver {
  /** `length` bytes are in `chunk`, which the next read overwrites. */
  onChunk(chunk: Buffer, length: number): void;
  onClose(error: Error): void;
}

export function connectReading(path: string, receiver: ChunkReceiver): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const callback = (length: number): boolean => {
      receiver.onChunk(chunk, length);
      return true;
    };
    const socket = connect({ path, onread: { buffer: chunk, callback } }, () => resolve(socket));
    socket.on("error", (error) => {
      reject(error);
      receiver.onClose(error);
    });
    socket.on("close", () => receiver.onClose(new Error("the server closed the connection")));
  });
}
