// A client of Redis for the two commands that the limiter needs: they are sent at once, and answered in their order.
import { connect, type Socket } from "node:net";

interface Waiting {
  resolve(value: number | string): void;
  reject(error: Error): void;
}

export class Redis {
  readonly #address: { readonly host: string; readonly port: number };
  readonly #timeout: number;
  #socket: Socket | undefined;
  #waiting: Waiting[] = [];
  #text = "";

  /** @param timeout milliseconds that an answer may take. */
  constructor(host: string, port: number, timeout: number) {
    this.#address = { host, port };
    this.#timeout = timeout;
  }

  /** Counts one more under the key, which is gone after so many seconds. Resolves with the count. */
  async count(key: string, seconds: number): Promise<number> {
    const [count] = await Promise.all([this.#send("INCR", key), this.#send("EXPIRE", key, String(seconds), "NX")]);
    if (typeof count !== "number") throw new Error("Redis answered INCR with no number");
    return count;
  }

  close(): void {
    this.#socket?.destroy();
  }

  #send(...parts: readonly string[]): Promise<number | string> {
    const socket = (this.#socket ??= this.#open());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      socket.write(`*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join("")}`);
    });
  }

  #open(): Socket {
    const socket = connect(this.#address);
    socket.setNoDelay(true).setTimeout(this.#timeout);
    socket.on("data", (chunk) => this.#read(chunk.toString("latin1")));
    // One that nobody waits for may stay open for ever.
    socket.on("timeout", () => this.#waiting.length > 0 && socket.destroy(new Error("Redis did not answer in time")));
    socket.on("error", (error) => this.#fail(socket, error));
    socket.on("close", () => this.#fail(socket, new Error("Redis closed the connection")));
    return socket;
  }

  /** The answers to these commands are numbers and errors, a line each. */
  #read(text: string): void {
    const lines = (this.#text + text).split("\r\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) {
      const waiting = this.#waiting.shift();
      if (line.startsWith("-")) waiting?.reject(new Error(`Redis: ${line.slice(1)}`));
      else waiting?.resolve(line.startsWith(":") ? Number(line.slice(1)) : line);
    }
  }

  #fail(socket: Socket, error: Error): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#text = "";
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
