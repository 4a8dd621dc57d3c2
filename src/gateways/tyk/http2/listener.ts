// Listens on an address of either kind, and takes it over from a former process.
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type PathChange, UnixSocket } from "../../../core/net/index.js";
import type { Address } from "./address.js";
import { formatAddress } from "./address.js";
import { ListenError } from "./errors.js";

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
  close(): Promise<void>;
}

const BACKLOG = 1024;
const DEFAULT_PATIENCE = 10_000;
const RETRY = 100;

/**
 * Listens. A Unix socket takes its path over from a server that still runs. On TCP two processes can listen on one port where Node.js has
 * `reusePort` (22.12 and 23.1 on, not on Windows and macOS); elsewhere it tries until the former one has closed, or patience ends.
 * @throws {ListenError} or a `SocketError` of the Unix socket, with address and reason.
 */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { address } = options;
  return address.kind === "unix" ? listenOnPath(address, options) : listenOnPort(address, options);
}

async function listenOnPath(address: Address & { kind: "unix" }, options: ListenerOptions): Promise<Listener> {
  const { mode, onConnection, onError, onPathChange } = options;
  const socket = await UnixSocket.listen({
    path: address.path,
    mode,
    onConnection,
    onError,
    ...(onPathChange === undefined ? {} : { onPathChange }),
  });
  return {
    address,
    close: () => socket.close().then(() => {}),
  };
}

async function listenOnPort(address: Address & { kind: "tcp" }, options: ListenerOptions): Promise<Listener> {
  const { onConnection, onError, patience = DEFAULT_PATIENCE } = options;
  const end = performance.now() + patience;
  for (;;) {
    const server = createServer({ noDelay: true }, onConnection);
    try {
      await listening(server, address);
      server.on("error", onError);
      return {
        address: { ...address, port: portOf(server, address.port) },
        close: () => {
          // Not awaited: it is closed when its last connection is, which has another owner.
          server.close();
          return Promise.resolve();
        },
      };
    } catch (error) {
      const isTaken = codeOf(error) === "EADDRINUSE";
      if (!isTaken || performance.now() + RETRY > end) throw cannotListen(address, error, isTaken, patience);
      await delay(RETRY);
    }
  }
}

/** Where Node.js has no such option it is passed over. */
type TcpOptions = ListenOptions & { readonly reusePort?: boolean };

async function listening(server: Server, { host, port }: Address & { kind: "tcp" }): Promise<void> {
  const options: TcpOptions = { host, port, backlog: BACKLOG };
  try {
    await listenOnce(server, { ...options, reusePort: CAN_SHARE_PORT });
  } catch (error) {
    // The former process may be one that does not share.
    if (!CAN_SHARE_PORT || codeOf(error) !== "ENOTSUP") throw error;
    await listenOnce(server, options);
  }
}

const CAN_SHARE_PORT = sharesPorts(process.versions.node, process.platform);

/** Whether `reusePort` is there, and means that connections are shared out. */
export function sharesPorts(version: string, platform: NodeJS.Platform): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const hasOption = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
  return hasOption && (platform === "linux" || platform === "freebsd");
}

function listenOnce(server: Server, options: TcpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function portOf(server: Server, given: number): number {
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : given;
}

function cannotListen(address: Address, error: unknown, isTaken: boolean, patience: number): ListenError {
  const at = formatAddress(address);
  const reason = error instanceof Error ? error.message : String(error);
  return isTaken
    ? new ListenError(
        "GRPC_ADDRESS_IN_USE",
        `${at}, after ${patience} ms; stop the other process, or listen on a Unix socket, whose path is taken over`,
        { cause: error },
      )
    : new ListenError("GRPC_CANNOT_LISTEN", `${at}: ${reason}`, { cause: error });
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);
