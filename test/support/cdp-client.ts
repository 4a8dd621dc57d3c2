// Owns talking to an inspector the way a debugger does: calls with answers, events that can be waited for.
import { once } from "node:events";
import { WebSocket } from "ws";

type Message = Readonly<Record<string, unknown>>;

export class CdpClient {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (message: Message) => void>();
  readonly #seen: { readonly method: string; readonly params: Message }[] = [];
  readonly #waiting = new Set<() => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#receive(JSON.parse(data.toString()) as Message));
  }

  static async connect(url: string): Promise<CdpClient> {
    const socket = new WebSocket(url);
    const client = new CdpClient(socket);
    await once(socket, "open");
    return client;
  }

  async call(method: string, params: Message = {}): Promise<Message> {
    const id = ++this.#lastId;
    const answer = new Promise<Message>((resolve) => this.#answers.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { error, result } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result as Message;
  }

  /** The first event of that kind for which `isIt` holds, seen already or still to come. Each is given once. */
  async event(method: string, isIt: (params: Message) => boolean = () => true): Promise<Message> {
    for (;;) {
      const index = this.#seen.findIndex((event) => event.method === method && isIt(event.params));
      const [found] = index === -1 ? [] : this.#seen.splice(index, 1);
      if (found !== undefined) return found.params;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }

  #receive(message: Message): void {
    const { id, method, params } = message;
    if (typeof id === "number") {
      this.#answers.get(id)?.(message);
      this.#answers.delete(id);
      return;
    }
    this.#seen.push({ method: String(method), params: params as Message });
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
