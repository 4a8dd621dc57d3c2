// A client of Redis for the commands that are needed here: they are sent at once, and answered in their order, with a line or a text.
import { connect, type Socket } from "node:net";

type Reply = string | number | undefined;

interface Waiting {
  resolve(value: Reply): void;
  reject(error: Error): void;
}

export class Redis {
  readonly #address: { readonly host: string; readonly port: number };
  readonly #timeout: number;
  #socket: Socket | undefined;
  #waiting: Waiting[] = [];
  #bytes = Buffer.alloc(0);

  /** @param timeout milliseconds that an answer may take. */
  constructor(host: string, port: number, timeout: number) {
    this.#address = { host, port };
    this.#timeout = timeout;
  }

  async set(key: string, value: string, seconds: number): Promise<void> {
    await this.#send("SET", key, value, "EX", String(seconds));
  }

  async get(key: string): Promise<string | undefined> {
    const value = await this.#send("GET", key);
    return value === undefined ? undefined : String(value);
  }

  close(): void {
    this.#socket?.destroy();
  }

  #send(...parts: readonly string[]): Promise<Reply> {
    const socket = (this.#socket ??= this.#open());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      socket.write(`*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join("")}`);
    });
  }

  #open(): Socket {
    const socket = connect(this.#address);
    socket.setNoDelay(true).setTimeout(this.#timeout);
    socket.on("data", (chunk) => this.#read(chunk));
    // One that nobody waits for may stay open for ever.
    socket.on("timeout", () => this.#waiting.length > 0 && socket.destroy(new Error("Redis did not answer in time")));
    socket.on("error", (error) => this.#fail(socket, error));
    socket.on("close", () => this.#fail(socket, new Error("Redis closed the connection")));
    return socket;
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const end = this.#bytes.indexOf("\r\n");
      if (end === -1) return;
      const line = this.#bytes.toString("utf8", 0, end);
      const length = line.startsWith("$") ? Number(line.slice(1)) : -1;
      const next = length < 0 ? end + 2 : end + 2 + length + 2;
      if (this.#bytes.length < next) return;
      const text = length < 0 ? undefined : this.#bytes.toString("utf8", end + 2, end + 2 + length);
      this.#bytes = this.#bytes.subarray(next);
      const waiting = this.#waiting.shift();
      if (line.startsWith("-")) waiting?.reject(new Error(`Redis: ${line.slice(1)}`));
      else if (line.startsWith("$")) waiting?.resolve(text);
      else waiting?.resolve(line.startsWith(":") ? Number(line.slice(1)) : line.slice(1));
    }
  }

  #fail(socket: Socket, error: Error): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#bytes = Buffer.alloc(0);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
