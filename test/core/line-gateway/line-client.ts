// A client of the line gateway: many calls at once over one connection, and a new connection when it is told to leave.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";

export type Answer = { readonly result: unknown } | { readonly error: string };

interface Connected {
  readonly socket: Socket;
  readonly waiting: Map<number, (answer: Answer) => void>;
}

export class LineClient {
  readonly #path: string;
  #current: Promise<Connected> | undefined;
  #nextId = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves with the gateway's answer; with an error where the connection was lost without one. */
  async call(plugin: string, name: string, payload: unknown = null): Promise<Answer> {
    const { socket, waiting } = await (this.#current ??= this.#connect());
    const id = (this.#nextId += 1);
    const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    socket.write(`${JSON.stringify({ id, plugin, function: name, payload })}\n`);
    return answer;
  }

  async close(): Promise<void> {
    (await this.#current)?.socket.destroy();
  }

  async #connect(): Promise<Connected> {
    const socket = connect(this.#path);
    const waiting = new Map<number, (answer: Answer) => void>();
    await once(socket, "connect");
    socket.on("error", () => socket.destroy());
    let isLeaving = false;
    const lines = createInterface({ input: socket });
    lines.on("error", () => socket.destroy());
    lines.on("line", (line) => {
      const { id, ...answer } = JSON.parse(line) as { id?: number } & Answer;
      // The gateway is about to end: what runs is still answered here, and further calls go over a new connection.
      if (id === undefined) this.#current = undefined;
      else waiting.get(id)?.(answer);
      if (id !== undefined) waiting.delete(id);
      else isLeaving = true;
      if (isLeaving && waiting.size === 0) socket.end();
    });
    socket.on("close", () => {
      for (const lost of waiting.values()) lost({ error: "the connection was lost" });
      if (!isLeaving) this.#current = undefined;
    });
    return { socket, waiting };
  }
}
