// Says what a supervisor and its server tell each other over IPC, and what of all that comes there is theirs.

/** Of a server's environment: process id of its supervisor. */
export const SUPERVISED = "PLUGINSERVER_SUPERVISED";

/** What the supervisor tells. A `socket` is named by its place. */
export type ToServer =
  /** The connection itself comes with it. */
  | { readonly kind: "connection"; readonly id: number; readonly socket: string }
  /** Asks what became of all connections up to this one: answered with "looked". */
  | { readonly kind: "look"; readonly last: number }
  | { readonly kind: "closed"; readonly socket: string; readonly end: "removed" | "taken over" }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  | { readonly kind: "path"; readonly socket: string; readonly change: "taken over" | "restored" | "lost"; readonly text: string }
  | { readonly kind: "error"; readonly socket: string; readonly text: string }
  /** What servers before it have had kept, as soon as it listens. */
  | { readonly kind: "kept"; readonly entries: readonly (readonly [number, string])[] }
  /** The first message: paths that the server is not to serve, since another one has them. */
  | { readonly kind: "left"; readonly paths: readonly string[] }
  /** A line for the log: the supervisor has none. */
  | { readonly kind: "note"; readonly text: string };

/** What the server tells. */
export type ToSupervisor =
  /** It takes connections from now on. */
  | { readonly kind: "listening" }
  /** The connection is its own. */
  | { readonly kind: "taken"; readonly id: number }
  /** Of connections up to this one, those that it has not said to be its own have not come, and will not. */
  | { readonly kind: "looked"; readonly last: number }
  /** It has started. */
  | { readonly kind: "serving" }
  /** Something that the next server is to know, should this one die. */
  | { readonly kind: "keep"; readonly id: number; readonly text: string }
  | { readonly kind: "forget"; readonly id: number }
  /** What it does about a path that it serves by itself. */
  | ({ readonly kind: "path" } & ServedPath)
  /** The next server is to take its place: new connections wait for that, and its own paths are held. */
  | { readonly kind: "make-way" }
  /** It has done all that it had to do, and exits with this status. */
  | { readonly kind: "ended"; readonly status: number }
  /** It ends, and wants no more connections of this socket: answered with "closed". */
  | { readonly kind: "close"; readonly socket: string };

/** Where a server listens by itself: it is to serve the path, does so, or is to do so no more. */
export interface ServedPath {
  readonly path: string;
  /** Permission bits of the socket file. */
  readonly mode: number;
  readonly state: "expected" | "served" | "left";
}

/** Tells the messages of these two from what plugin code may send. */
const MARK = "pluginserver-supervisor";

export const mark = (message: ToServer | ToSupervisor): object => ({ ...message, [MARK]: true });

export function isMarked(message: unknown): boolean {
  return typeof message === "object" && message !== null && MARK in message && "kind" in message;
}
