// The server's side of its supervisor: connections come over IPC, and so do the signals that the supervisor got.
import { Socket } from "node:net";
import type { Listen, PathChange, UnixSocketOptions } from "../net/index.js";
import { isMarked, mark, type ServedPath, type ToServer, type ToSupervisor, SUPERVISED } from "./messages.js";

/** Keeps what the next server process is to know, should this one die. */
export interface Keeper {
  /** What servers before this one have had kept, by its id. Known once this one listens. */
  readonly kept: Promise<readonly (readonly [number, string])[]>;
  keep(id: number, text: string): void;
  forget(id: number): void;
}

/** Where a server's connections come from that does not listen itself. */
export interface Front {
  /** In place of the server's own socket of this name; undefined where it is to have one of its own. */
  listenOn(name: string): Listen | undefined;
  readonly keeper?: Keeper;
  /** Whether a service manager holds a socket that it has. */
  readonly areInherited?: boolean;
  /** Told of the paths that the server serves by itself. */
  readonly pathChanged?: (change: ServedPath) => void;
  /** Has the next server take the place of this one, which is to end; new connections wait. Undefined where there is nobody who could. */
  readonly makeWay?: () => void;
  /** Paths that the server is not to serve by itself: another server took them from the one before it. */
  readonly left?: Promise<ReadonlySet<string>>;
  /** Called when the server has started. */
  serving(): void;
}

type NoteLog = (text: string) => void;

export class Supervised implements Front {
  readonly #send: (message: object) => void;
  readonly #users = new Map<string, UnixSocketOptions>();
  readonly #onClosed = new Map<string, (end: "removed" | "taken over") => void>();
  #log: NoteLog | undefined;
  #onKept: (entries: readonly (readonly [number, string])[]) => void = () => {};

  readonly keeper: Keeper = {
    kept: new Promise((resolve) => {
      this.#onKept = resolve;
    }),
    keep: (id, text) => this.#tell({ kind: "keep", id, text }),
    forget: (id) => this.#tell({ kind: "forget", id }),
  };

  #onLeft: (paths: ReadonlySet<string>) => void = () => {};

  readonly left = new Promise<ReadonlySet<string>>((resolve) => {
    this.#onLeft = resolve;
  });

  readonly pathChanged = (change: ServedPath): void => this.#tell({ kind: "path", ...change });

  readonly makeWay = (): void => this.#tell({ kind: "make-way" });

  constructor(send: (message: object) => void) {
    this.#send = send;
    process.once("exit", (status) => this.#tell({ kind: "ended", status }));
    process.on("message", (message: unknown, handle: unknown) => {
      if (isMarked(message)) this.#receive(message as ToServer, handle);
    });
  }

  listenOn(name: string): Listen {
    return (options) => {
      this.#users.set(name, options);
      this.#tell({ kind: "listening" });
      return Promise.resolve({ close: () => this.#close(name) });
    };
  }

  /** The server has started. */
  serving(): void {
    this.#tell({ kind: "serving" });
  }

  /** Gets what the supervisor has to say. */
  logBy(log: NoteLog): void {
    this.#log = log;
  }

  #close(socket: string): Promise<"removed" | "taken over"> {
    if (!process.connected) return Promise.resolve("removed");
    return new Promise((resolve) => {
      this.#onClosed.set(socket, resolve);
      this.#tell({ kind: "close", socket });
    });
  }

  #receive(message: ToServer, handle: unknown): void {
    switch (message.kind) {
      case "connection":
        // Said before anything is read: what is read here is read by nobody else.
        this.#tell({ kind: "taken", id: message.id });
        if (handle instanceof Socket) this.#users.get(message.socket)?.onConnection(handle);
        return;
      case "look":
        return this.#tell({ kind: "looked", last: message.last });
      case "closed":
        return this.#onClosed.get(message.socket)?.(message.end);
      case "signal":
        // As if it had come here.
        return void process.emit(message.signal);
      case "path":
        return this.#users.get(message.socket)?.onPathChange?.(pathChange(message.change, message.text));
      case "error":
        return this.#users.get(message.socket)?.onError(new Error(message.text));
      case "kept":
        return this.#onKept(message.entries);
      case "left":
        return this.#onLeft(new Set(message.paths));
      case "note":
        return this.#log?.(message.text);
    }
  }

  #tell(message: ToSupervisor): void {
    if (process.connected) this.#send(mark(message));
  }
}

function pathChange(kind: PathChange["kind"], text: string): PathChange {
  return kind === "lost" ? { kind, error: new Error(text) } : { kind };
}

/** Milliseconds between two looks, and how many there are. */
const ORPHAN_LOOK = 20;
const ORPHAN_LOOKS = 250;

/**
 * What Node.js calls when the other end of the channel is gone. The supervisor was killed then, and its socket is gone: the gateway is to
 * find out at once, and to start another one. It reads the log, which this process holds open, to its end before it does. Plugin
 * code that shares this thread may call it too, while the supervisor is there: that ends nothing.
 */
function endOnceOrphaned(parent: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  return () => {
    let looks = 0;
    // The parent may still be ending.
    timer ??= setInterval(() => {
      // Not by an exit, which waits for every thread: one may be in a collection that does not end.
      if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
      looks += 1;
      if (looks < ORPHAN_LOOKS) return;
      clearInterval(timer);
      timer = undefined;
    }, ORPHAN_LOOK);
  };
}

let supervised: Supervised | undefined;

export const isSupervised = (): boolean => process.env[SUPERVISED] !== undefined;

/** The supervisor that has started this process, if one has. Plugin code is not to know the way to it. */
export function supervisorOfThis(): Supervised | undefined {
  const parent = process.env[SUPERVISED];
  Reflect.deleteProperty(process.env, SUPERVISED);
  if (parent === undefined || process.send === undefined) return supervised;
  const sending = process.send.bind(process);
  Reflect.deleteProperty(process, "send");
  const orphaned = endOnceOrphaned(Number(parent));
  Object.defineProperty(process, "disconnect", { value: orphaned });
  // It was killed before this process came so far.
  if (!process.connected) orphaned();
  supervised = new Supervised((message) => sending(message, undefined, undefined, () => {}));
  return supervised;
}
