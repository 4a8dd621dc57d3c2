// Holds a server's sockets while server processes come and go behind it: what the process that a gateway starts does.
import { constants } from "node:os";
import { ownStderr } from "./own-stderr.js";
import type { EarlySocket, SocketUser } from "./early-socket.js";
import type { EarlySockets } from "./early-sockets.js";
import { ServedPaths } from "./served-paths.js";
import { type ServerExit, ServerProcess, type ServerProcessOptions } from "./server-process.js";

export interface Supervision {
  readonly sockets: EarlySockets;
  readonly command: ServerProcessOptions["command"];
  readonly watchParent: boolean;
  /** Writes a line to the log, as the server would: it is called when no server comes any more. */
  readonly log: (text: string) => Promise<void>;
  /** Paths that the server is going to serve by itself. */
  readonly servedPaths?: Promise<readonly { readonly path: string; readonly mode: number }[]>;
}

/** All in milliseconds. */
const PARENT_CHECK = 1000;
const FIRST_DELAY = 1000;
const MAX_DELAY = 30_000;
/** A server that lived as long after its start has served: its death is none of a row. */
const SERVED = 1000;

/** Resolves with the status that this process is to end with, when the server has ended for good. */
export function supervise(supervision: Supervision): Promise<number> {
  // Node.js asks for its own as soon as a connection is handed over. What its warnings say waits for the end.
  ownStderr();
  return new Supervisor(supervision).run();
}

class Supervisor {
  readonly #sockets: EarlySockets;
  readonly #supervision: Supervision;
  readonly #ended = new AbortController();
  #server: ServerProcess | undefined;
  #servingSince: number | undefined;
  #hasServed = false;
  #isEnding = false;
  /** What servers have had kept for those after them. */
  readonly #kept = new Map<number, string>();
  /** Paths of its servers' own that another server has. */
  readonly #left = new Set<string>();
  /** For the log of the next server. */
  #notes: string[] = [];
  readonly #paths = new ServedPaths(({ message }) => this.#notes.push(message));

  constructor(supervision: Supervision) {
    this.#supervision = supervision;
    this.#sockets = supervision.sockets;
  }

  async run(): Promise<number> {
    this.#passSignalsOn();
    if (this.#supervision.watchParent) this.#watchParent();
    this.#paths.expect((await this.#supervision.servedPaths) ?? []);
    let delay = 0;
    let deaths = 0;
    for (;;) {
      const { exit, madeWay } = await this.#serveOnce();
      if (!this.#isToRestart(exit) || (await this.#isTakenOver(exit))) return this.#end(exit);
      const served = this.#servingSince === undefined ? 0 : performance.now() - this.#servingSince;
      if (served >= SERVED) [delay, deaths] = [0, 0];
      deaths += 1;
      await this.#pause(delay);
      if (this.#isEnding) return this.#end({ code: 0, signal: null });
      if (delay > 0 && (await this.#isTakenOver(exit))) return this.#end(exit);
      const row = deaths === 1 ? "" : `; ${deaths} ended in a row, this one was started after ${delay / 1000} s`;
      const end = madeWay ? "made way for this one" : `${describe(exit)}: what it had under way is lost`;
      this.#notes = [`the server before this one ${end}${row}`];
      delay = Math.min(Math.max(delay * 2, FIRST_DELAY), MAX_DELAY);
    }
  }

  async #serveOnce(): Promise<{ readonly exit: ServerExit; readonly madeWay: boolean }> {
    const { all } = this.#sockets;
    this.#servingSince = undefined;
    const server = new ServerProcess({
      command: this.#supervision.command,
      onListening: () => {
        const refused = all.reduce((sum, socket) => sum + socket.takeRefused(), 0);
        if (refused > 0) this.#notes.push(`${refused} connections were closed: too many waited for a server`);
        for (const text of this.#notes.splice(0)) server.tell({ kind: "note", text });
        server.tell({ kind: "kept", entries: [...this.#kept] });
        for (const socket of all) socket.use(userOf(socket));
      },
      onServing: () => {
        this.#servingSince = performance.now();
        this.#hasServed = true;
        this.#sockets.serving();
        this.#paths.serverStarted();
        // Not before: one that dies while it loads its plugins takes nobody with it.
        for (const socket of all)
          socket.use({ ...userOf(socket), onConnection: (connection) => server.handOver(connection, socket.name) });
      },
      onClose: (name) => this.#close(name, server),
      onKeep: (id, text) => this.#kept.set(id, text),
      onForget: (id) => this.#kept.delete(id),
      onPath: (change) => this.#paths.changed(change),
      onMakeWay: () => {
        for (const socket of all) socket.use(userOf(socket));
        this.#keepPaths();
      },
      onGone: () => this.#keepPaths(),
    });
    const userOf = ({ name }: EarlySocket): SocketUser => ({
      onError: ({ message }) => server.tell({ kind: "error", socket: name, text: message }),
      onPathChange: (change) => {
        const text = change.kind === "lost" ? change.error.message : "";
        server.tell({ kind: "path", socket: name, change: change.kind, text });
      },
    });
    server.tell({ kind: "left", paths: [...this.#left] });
    this.#server = server;
    const exit = await server.ended;
    // Its sockets may have been open still when its channel was gone.
    this.#keepPaths();
    this.#server = undefined;
    for (const socket of all) {
      socket.use(undefined);
      socket.takeBack(server.notTaken(socket.name));
    }
    return { exit, madeWay: server.makesWay };
  }

  #keepPaths(): void {
    if (!this.#isEnding && !this.#sockets.isTakenOver) this.#paths.serverGone();
  }

  #close(socket: string, server: ServerProcess): void {
    this.#isEnding = true;
    const closed = this.#sockets.find(socket)?.close() ?? Promise.resolve("removed" as const);
    closed.then(
      (end) => server.tell({ kind: "closed", socket, end }),
      () => server.tell({ kind: "closed", socket, end: "removed" }),
    );
  }

  /** One that could not start says why and with which status. */
  #isToRestart({ signal }: ServerExit): boolean {
    return !this.#isEnding && (this.#hasServed || signal !== null);
  }

  /** A gateway that has another server needs the next one no more. Of its own paths, those that another server has are left to that one. */
  async #isTakenOver(exit: ServerExit): Promise<boolean> {
    const [held, own] = [await this.#sockets.takenPaths(), await this.#paths.taken()];
    for (const path of own.paths) this.#left.add(path);
    if (held.length === 0 && !own.areAll) return false;
    const paths = [...held, ...own.paths].join(", ");
    await this.#supervision.log(
      `the server ${describe(exit)}; none is started in its place: another server has taken ${paths} over`,
    );
    return true;
  }

  async #end({ code, signal }: ServerExit): Promise<number> {
    await this.#paths.close();
    await (this.#hasServed ? this.#sockets.close() : this.#sockets.giveUp());
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  }

  #passSignalsOn(): void {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => this.#endBy(signal));
    process.on("SIGHUP", () => this.#server?.tell({ kind: "signal", signal: "SIGHUP" }));
  }

  /** A terminal sends its signals to the server too, so that a second one ends it at once. */
  #endBy(signal: NodeJS.Signals): void {
    if (this.#isEnding) this.#server?.kill(signal);
    else this.#server?.end(signal);
    this.#isEnding = true;
    this.#ended.abort();
  }

  /** In a container the parent can be process 1 from the start, so only a change counts. */
  #watchParent(): void {
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(watch);
      this.#server?.tell({ kind: "note", text: `the parent process ${parent} is gone` });
      this.#endBy("SIGTERM");
    }, PARENT_CHECK);
  }

  async #pause(delay: number): Promise<void> {
    if (delay === 0) return;
    const { signal } = this.#ended;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

const describe = ({ code, signal }: ServerExit): string =>
  signal === null ? `ended with status ${code ?? 0}` : `was ended by ${signal}`;
