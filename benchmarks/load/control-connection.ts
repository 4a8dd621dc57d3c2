// Starts and closes instances, on a connection beside those that are measured.
import type { Socket } from "node:net";
import { closeFrame, startFrame } from "./frames.js";
import { MessageStream } from "./message-stream.js";
import { resultOf } from "./reply.js";

interface Waiter {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class ControlConnection {
  #socket: Socket | undefined;
  #waiter: Waiter | undefined;
  #messageId = 0;

  static async open(path: string): Promise<ControlConnection> {
    const connection = new ControlConnection();
    connection.#socket = await MessageStream.open(path, {
      tryWhole: () => false,
      onMessage: (message) => connection.#onReply(message),
      onClose: (error) => connection.#waiter?.reject(error),
    });
    return connection;
  }

  async startInstance(plugin: string): Promise<number> {
    const result = await this.#call((id) => startFrame(id, plugin));
    const { Id: instanceId } = result as { readonly Id?: unknown };
    if (typeof instanceId !== "number") throw new Error(`${plugin} was started with the id ${String(instanceId)}`);
    return instanceId;
  }

  async closeInstance(instanceId: number): Promise<void> {
    await this.#call((id) => closeFrame(id, instanceId));
  }

  close(): void {
    this.#socket?.destroy();
  }

  #call(frame: (messageId: number) => Buffer): Promise<unknown> {
    this.#messageId += 1;
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#socket?.write(frame(this.#messageId));
    });
  }

  #onReply(message: Buffer): void {
    try {
      this.#waiter?.resolve(resultOf(message));
    } catch (error) {
      this.#waiter?.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
