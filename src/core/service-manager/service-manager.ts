// Tells the service manager that started this process how it does, as sd_notify(3) says: a datagram to the socket in NOTIFY_SOCKET.
import { type ChildProcess, spawn } from "node:child_process";

/** What ends the messages to a service manager that cannot be told anything. */
type OnProblem = (text: string) => void;

/**
 * Node.js has no datagrams on Unix sockets, and to start systemd-notify takes the thread of the calls 5 to 9 ms each time
 * (docs/decisions/030-service-manager.md). A shell does it, started once: each line that it gets is a message, its fields with tabs between them. It ends with
 * its stdin. Signals to the whole service are not its own: it is needed until the server has ended.
 */
const SENDER = `trap '' TERM INT HUP
IFS='	'; set -f
while IFS= read -r line; do IFS='	'; set -- $line; systemd-notify "$@" || exit; done`;

/** systemd shows one line. */
const LONGEST_STATUS = 300;

const VARIABLES = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] as const;

export class ServiceManager {
  readonly #sender: ChildProcess;
  readonly #onProblem: OnProblem;
  #watchdog: NodeJS.Timeout | undefined;
  #status = "";
  #state: "open" | "closed" = "open";

  private constructor(sender: ChildProcess, onProblem: OnProblem) {
    this.#sender = sender;
    this.#onProblem = onProblem;
    sender.once("error", (error) => this.#fail(error.message));
    sender.once("exit", (code) => this.#fail(code === 127 ? "there is no systemd-notify in PATH" : "systemd-notify failed"));
    // Said where it exits.
    sender.stdin?.on("error", () => {});
    sender.unref();
  }

  /**
   * Undefined where no service manager wants to know. From then on this process's environment, and so that of plugins, does not have the
   * way to it any more.
   */
  static open(onProblem: OnProblem): ServiceManager | undefined {
    const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = process.env;
    const { PATH = "/usr/local/bin:/usr/bin:/bin" } = process.env;
    for (const name of VARIABLES) Reflect.deleteProperty(process.env, name);
    if (NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === "") return undefined;
    const sender = spawn("sh", ["-c", SENDER], { stdio: ["pipe", "ignore", "ignore"], env: { PATH, NOTIFY_SOCKET } });
    const manager = new ServiceManager(sender, onProblem);
    manager.#watch(watchdogPeriod(WATCHDOG_USEC, WATCHDOG_PID));
    return manager;
  }

  /** Plugins are loaded, and gateways are served: for the first time, or again after {@link reloading}. */
  ready(status: string): void {
    this.#status = status;
    this.#send("READY=1", statusField(status));
  }

  /** It looks for changed plugins; {@link ready} ends that. */
  reloading(): void {
    // What libuv and systemd read is the same clock.
    this.#send("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  /** One line for who asks how the service does; the same one again is not sent. */
  status(text: string): void {
    if (text === this.#status) return;
    this.#status = text;
    this.#send(statusField(text));
  }

  /** The last message. Resolves when it was sent, or cannot be. */
  async stopping(): Promise<void> {
    clearInterval(this.#watchdog);
    this.#send("STOPPING=1", statusField("finishing the calls that run"));
    this.#state = "closed";
    const { stdin, exitCode } = this.#sender;
    if (exitCode !== null || stdin === null) return;
    const ended = new Promise((resolve) => this.#sender.once("close", resolve));
    this.#sender.ref();
    stdin.end();
    await ended;
  }

  #send(...fields: readonly string[]): void {
    if (this.#state === "open") this.#sender.stdin?.write(`${fields.join("\t")}\n`);
  }

  /** As the event loop turns, and not otherwise: a server that hangs is started anew. */
  #watch(period: number | undefined): void {
    if (period === undefined) return;
    this.#send("WATCHDOG=1");
    this.#watchdog = setInterval(() => this.#send("WATCHDOG=1"), period).unref();
  }

  #fail(reason: string): void {
    clearInterval(this.#watchdog);
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#onProblem(
      `the service manager cannot be told how this server does: ${reason}; without it use Type=exec and no watchdog`,
    );
  }
}

const statusField = (text: string): string => `STATUS=${text.replace(/\s+/g, " ").slice(0, LONGEST_STATUS)}`;

/** Milliseconds: half of what the service manager waits. The supervisor that has started this process may be the one it means. */
export function watchdogPeriod(time: string | undefined, pid: string | undefined): number | undefined {
  const isOurs = pid === undefined || [process.pid, process.ppid].includes(Number(pid));
  const microseconds = Number(time);
  if (!isOurs || !Number.isInteger(microseconds) || microseconds < 2000) return undefined;
  return Math.min(microseconds / 2000, 0x7fffffff);
}
