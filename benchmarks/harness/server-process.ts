// Owns a server under test: starts it, knows when it listens, ends it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Peer } from "./peers.js";

const START_TIMEOUT = 30_000;
const STOP_TIMEOUT = 5000;
const RETRY = 5;
const KEPT_OUTPUT = 4000;

/** In front of a command: one processor for it alone. */
export const ON_ONE_CPU = ["taskset", "-c", "0"];

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #peer: Peer;
  readonly #exited: Promise<unknown>;
  #output = "";

  constructor(peer: Peer, command: readonly string[], env = process.env) {
    const [executable = "", ...args] = command;
    this.#peer = peer;
    this.#child = spawn(executable, args, { stdio: ["ignore", "pipe", "pipe"], env });
    this.#exited = once(this.#child, "close").catch((error: unknown) => this.#keep(String(error)));
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (chunk: Buffer) => this.#keep(chunk.toString()));
    process.once("exit", this.#kill);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it printed last. */
  get output(): string {
    return this.#output;
  }

  /** Resolves when it takes connections. */
  async listening(path: string): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT;
    while (!(await accepts(path))) {
      if (this.#child.exitCode !== null || performance.now() > deadline)
        throw new Error(`${this.#peer.name} does not listen on ${path}; it printed:\n${this.#output}`);
      await delay(RETRY);
    }
  }

  async stop(): Promise<void> {
    const timer = setTimeout(this.#kill, STOP_TIMEOUT);
    this.#child.kill("SIGTERM");
    await this.#exited;
    clearTimeout(timer);
    process.off("exit", this.#kill);
  }

  readonly #kill = (): void => void this.#child.kill("SIGKILL");

  #keep(text: string): void {
    this.#output = `${this.#output}${text}`.slice(-KEPT_OUTPUT);
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
