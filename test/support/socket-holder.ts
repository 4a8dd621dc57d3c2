// Stands for a service manager that holds a listening socket: starts a server with it, again and again, as sd_listen_fds(3) says.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { renameSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { createInterface } from "node:readline";

/** A shell has the socket as descriptor 3. It starts the command once for each line, in a process whose id the command keeps. */
const HOLDER = `while read -r _; do sh -c 'export LISTEN_PID=$$; exec "$@"' sh "$@" </dev/null & done`;

export class SocketHolder {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.lines.push(line));
  }

  /** Holds a Unix socket at `place`, or a TCP port of the loopback interface, for the command. Nobody accepts on it before. */
  static async hold(
    place: string | number,
    name: string,
    command: readonly string[],
    env: NodeJS.ProcessEnv = process.env,
  ): Promise<SocketHolder> {
    const server = createServer();
    if (typeof place === "number") server.listen(place, "127.0.0.1");
    else server.listen(place);
    await once(server, "listening");
    // Node.js removes the name that it bound.
    if (typeof place === "string") renameSync(place, `${place}~`);
    const child = spawn("sh", ["-c", HOLDER, "sh", ...command], {
      stdio: ["pipe", "pipe", "pipe", descriptorOf(server)],
      env: { ...env, LISTEN_FDS: "1", LISTEN_FDNAMES: name },
    });
    await once(child, "spawn");
    server.close();
    if (typeof place === "string") renameSync(`${place}~`, place);
    return new SocketHolder(child);
  }

  /** Starts the command. */
  start(): void {
    this.#child.stdin?.write("\n");
  }

  /** Resolves when all that it has started has ended too. */
  async release(): Promise<void> {
    const ended = once(this.#child, "close");
    this.#child.stdin?.end();
    await ended;
  }
}

function descriptorOf(server: Server): number {
  const handle: unknown = Reflect.get(server, "_handle");
  const descriptor: unknown = typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : undefined;
  if (typeof descriptor !== "number") throw new TypeError("a server has no descriptor");
  return descriptor;
}
