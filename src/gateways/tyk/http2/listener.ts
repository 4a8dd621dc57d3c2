// Listens on an address of either kind, and takes it over from a former process.
import type { Socket } from "node:net";
import { type PathChange, TcpSocket, UnixSocket } from "../../../core/net/index.js";
import type { Address } from "../address/index.js";

export interface ListenerOptions {
  readonly address: Address;
  /** Permission bits of a Unix socket's file. */
  readonly mode: number;
  readonly onConnection: (socket: Socket) => void;
  /** A connection could not be accepted: descriptors or memory have run out. */
  readonly onError: (error: Error) => void;
  /** Something else than this server has changed what a Unix socket's path leads to. */
  readonly onPathChange?: (change: PathChange) => void;
  /** Milliseconds to try again while a former process still has a TCP address. */
  readonly patience?: number;
}

export interface Listener {
  /** Where clients connect to: with the port that is really used. */
  readonly address: Address;
  /** Takes no new connections. May be called twice. */
  close(): Promise<unknown>;
}

/** @throws {SocketError} with address and reason. */
export async function listen({ address, mode, onPathChange, ...options }: ListenerOptions): Promise<Listener> {
  if (address.kind === "unix") {
    const watching = onPathChange === undefined ? {} : { onPathChange };
    const socket = await UnixSocket.listen({ path: address.path, mode, ...options, ...watching });
    return { address, close: () => socket.close() };
  }
  const socket = await TcpSocket.listen({ ...address, ...options });
  return { address: { ...address, port: socket.port }, close: () => socket.close() };
}
