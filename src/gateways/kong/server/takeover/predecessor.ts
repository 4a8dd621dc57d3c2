// Asks the server that had the socket path before for its events: a gateway's step may come here over a new connection.
import type { Socket } from "node:net";
import type { PassedStep } from "../../rpc/index.js";
import { connectToOwn, formerPath, removeDeadFormer } from "../../../../core/net/index.js";
import { encodeNotification, encodeValue, MessageReader, MsgpackDecoder } from "../../msgpack/index.js";

const RESPONSE = 1;

export class Predecessor {
  readonly #socketPath: string;
  readonly #maxMessageSize: number;
  readonly #passed = new Map<number, PassedStep>();
  #socket: Socket | undefined;
  #nextId = 0;

  constructor(socketPath: string, maxMessageSize: number) {
    this.#socketPath = socketPath;
    this.#maxMessageSize = maxMessageSize;
  }

  /** Tells it, where there is one, that this server is ready for its clients. */
  succeed(): void {
    this.#connect();
  }

  /** False where there is none. */
  pass(step: PassedStep): boolean {
    const socket = this.#connect();
    if (socket === undefined) return false;
    const id = this.#nextId;
    this.#nextId += 1;
    this.#passed.set(id, step);
    socket.write(encodeStep(id, step));
    return true;
  }

  close(): void {
    this.#socket?.destroy();
  }

  #connect(): Socket | undefined {
    if (this.#socket !== undefined) return this.#socket;
    const socket = connectToOwn(formerPath(this.#socketPath));
    if (socket === undefined) return undefined;
    this.#socket = socket;
    const reader = new MessageReader(this.#maxMessageSize);
    socket.unref();
    socket.on("error", () => {});
    socket.on("close", () => this.#lost());
    socket.on("data", (chunk) => {
      try {
        reader.push(chunk, (message) => this.#receive(message));
      } catch {
        // Not what a predecessor says: its close, which follows, gives up what is under way.
        socket.destroy();
      }
    });
    socket.write(encodeNotification("successor", process.pid));
    return socket;
  }

  #receive(message: Buffer): void {
    const decoder = new MsgpackDecoder(message);
    decoder.arrayLength();
    // It says its process id first.
    if (decoder.value() !== RESPONSE) return;
    const id = decoder.value();
    const step = typeof id === "number" ? this.#passed.get(id) : undefined;
    if (typeof id !== "number" || step === undefined) return;
    this.#passed.delete(id);
    const error = decoder.value();
    if (error !== null) return step.onRefused(typeof error === "string" ? error : "the former server refused the step");
    const data = dataOf(decoder);
    if (data === undefined) step.onLost();
    else step.reply(step.eventId, Buffer.from(data), true);
  }

  #lost(): void {
    this.#socket = undefined;
    const lost = [...this.#passed.values()];
    this.#passed.clear();
    for (const step of lost) step.onLost();
    // One that was killed has left its name.
    removeDeadFormer(this.#socketPath).catch(() => {});
  }
}

function encodeStep(id: number, { eventId, failed, data }: PassedStep): Buffer {
  const method = encodeValue(failed ? "plugin.StepError" : "plugin.Step");
  const entries = [encodeValue("EventId"), encodeValue(eventId), ...(data === undefined ? [] : [encodeValue("Data"), data])];
  const [request, argument] = [Buffer.from([0x94, 0]), Buffer.from([0x91, 0x80 + entries.length / 2])];
  return Buffer.concat([request, encodeValue(id), method, argument, ...entries]);
}

function dataOf(decoder: MsgpackDecoder): Buffer | undefined {
  let data: Buffer | undefined;
  for (let left = decoder.mapLength() ?? 0; left > 0; left -= 1) {
    const key = decoder.name();
    const value = decoder.raw();
    if (key === "Data") data = value;
  }
  return data;
}
