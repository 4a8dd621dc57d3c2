// Owns one server process: starts it, hands connections over to it, and keeps each until the process says that it is its own.
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { sameEnvironment } from "./same-command.js";
import { isMarked, mark, type ServedPath, type ToServer, type ToSupervisor, SUPERVISED } from "./messages.js";

export interface ServerProcessOptions {
  /** The executable and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly onListening: () => void;
  readonly onServing: () => void;
  readonly onClose: (socket: string) => void;
  readonly onKeep: (id: number, text: string) => void;
  readonly onForget: (id: number) => void;
  readonly onPath: (change: ServedPath) => void;
  /** The next one is to take its place. */
  readonly onMakeWay: () => void;
  /** Its end of the channel is gone, which comes before its sockets are closed where it was killed. */
  readonly onGone: () => void;
}

export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Milliseconds after which a connection that was not taken is asked for, and how often it is handed over at most. */
const LOOK = 1000;
const MAX_TRIES = 30;
/** Milliseconds in which what a process that is gone has said must have come. */
const LAST_WORDS = 1000;
/** Milliseconds that a process may take to exit: it waits for its threads, which may be more than it knows of. */
const EXIT_TIME = 5000;

interface HandedOver {
  readonly connection: Socket;
  /** By its name. */
  readonly socket: string;
  /** How often it was handed over before. */
  readonly tries: number;
}

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #options: ServerProcessOptions;
  readonly #handedOver = new Map<number, HandedOver>();
  #look: NodeJS.Timeout | undefined;
  #nextId = 1;
  #isListening = false;
  #makesWay = false;
  #status: number | undefined;
  readonly ended: Promise<ServerExit>;

  constructor(options: ServerProcessOptions) {
    this.#options = options;
    const [file, ...args] = options.command;
    this.#child = spawn(file, args, {
      // The log is the server's own affair: nothing of it passes through the supervisor.
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      env: { ...sameEnvironment(), [SUPERVISED]: String(process.pid) },
    });
    this.#child.on("message", (message: unknown) => {
      if (isMarked(message)) this.#receive(message as ToSupervisor);
    });
    this.#child.once("disconnect", () => options.onGone());
    // How it ended is what it says, whatever then ends the process.
    this.ended = endOf(this.#child).then((exit) => (this.#status === undefined ? exit : { code: this.#status, signal: null }));
  }

  /** Whether the next one is to take its place. */
  get makesWay(): boolean {
    return this.#makesWay;
  }

  /** The connection stays open here until the server has it. */
  handOver(connection: Socket, socket: string): void {
    // Without a listener an error would end this process; a connection that is broken is the server's to find out.
    connection.on("error", () => {});
    this.#handOver({ connection, socket, tries: 0 });
  }

  #handOver(handed: HandedOver): void {
    const { connection, socket } = handed;
    const id = this.#nextId;
    this.#nextId += 1;
    this.#handedOver.set(id, handed);
    this.#look ??= setTimeout(() => this.#lookForLost(), LOOK).unref();
    this.#child.send(mark({ kind: "connection", id, socket }), connection, { keepOpen: true }, () => {});
  }

  #lookForLost(): void {
    this.#look = undefined;
    if (this.#handedOver.size > 0) this.tell({ kind: "look", last: this.#nextId - 1 });
  }

  /** A process that has no descriptor left gets the message without its connection, which Node.js tells nobody. It is tried again for as long as a client may wait. */
  #retryLost(last: number): void {
    const lost = [...this.#handedOver].filter(([id]) => id <= last);
    for (const [id, { connection, socket, tries }] of lost) {
      this.#handedOver.delete(id);
      if (tries + 1 < MAX_TRIES) this.#handOver({ connection, socket, tries: tries + 1 });
      else connection.destroy();
    }
    if (lost.length > 0)
      this.tell({ kind: "note", text: `${lost.length} connections wait: no file descriptor is left for them, see ulimit -n` });
  }

  /** The connections of a socket that it did not take before it ended: the next server gets them. */
  notTaken(socket: string): Socket[] {
    const ofSocket = [...this.#handedOver.values()].filter((each) => each.socket === socket);
    return ofSocket.map(({ connection }) => connection).filter(({ destroyed }) => !destroyed);
  }

  tell(message: ToServer): void {
    if (this.#child.connected) this.#child.send(mark(message), () => {});
  }

  /** One that has not come far enough to end in good order is ended by the signal itself. */
  end(signal: NodeJS.Signals): void {
    if (this.#isListening) this.tell({ kind: "signal", signal });
    else this.#child.kill(signal);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  #receive(message: ToSupervisor): void {
    switch (message.kind) {
      case "taken":
        this.#handedOver.get(message.id)?.connection.destroy();
        this.#handedOver.delete(message.id);
        return;
      case "looked":
        return this.#retryLost(message.last);
      case "listening":
        this.#isListening = true;
        return this.#options.onListening();
      case "serving":
        return this.#options.onServing();
      case "close":
        if (this.#makesWay) return this.tell({ kind: "closed", socket: message.socket, end: "taken over" });
        return this.#options.onClose(message.socket);
      case "make-way":
        this.#makesWay = true;
        return this.#options.onMakeWay();
      case "ended":
        this.#status = message.status;
        return void setTimeout(() => this.kill("SIGKILL"), EXIT_TIME).unref();
      case "keep":
        return this.#options.onKeep(message.id, message.text);
      case "forget":
        return this.#options.onForget(message.id);
      case "path":
        // The next one serves it.
        if (this.#makesWay) return;
        return this.#options.onPath(message);
    }
  }
}

function endOf(child: ChildProcess): Promise<ServerExit> {
  return new Promise((resolve) => {
    child.once("error", () => resolve({ code: 1, signal: null }));
    child.once("exit", (code, signal) => {
      const settle = (): void => resolve({ code, signal });
      // What a process started may hold its channel open.
      const timer = setTimeout(settle, LAST_WORDS);
      const onDisconnect = (): void => {
        clearTimeout(timer);
        settle();
      };
      if (child.connected) child.once("disconnect", onDisconnect);
      else onDisconnect();
    });
  });
}
