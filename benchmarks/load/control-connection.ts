// Starts and closes instances, on a connection beside those that are measured.
import type { Socket } from "node:net";
import { ProtobufClient } from "../../src/gateways/kong/standin/protobuf/protobuf-client.js";
import { closeFrame, startFrame } from "./frames.js";
import { MessageStream } from "./message-stream.js";
import { resultOf } from "./reply.js";

/** What starts and closes instances, in the protocol that the server speaks. */
export interface Control {
  startInstance(plugin: string): Promise<number>;
  closeInstance(instanceId: number): Promise<void>;
  close(): void;
}

/** Servers that speak ProtoBuf:1 alone have to be asked in it. */
export const openControl = async (path: string, protocol: "MsgPack:1" | "ProtoBuf:1"): Promise<Control> =>
  protocol === "MsgPack:1" ? ControlConnection.open(path) : new ProtobufControl(path);

class ProtobufControl implements Control {
  readonly #client: ProtobufClient;

  constructor(socketPath: string) {
    this.#client = new ProtobufClient({ socketPath });
  }

  async startInstance(plugin: string): Promise<number> {
    return idIn(await this.#client.call("plugin.StartInstance", { Name: plugin, Config: "{}" }), plugin);
  }

  async closeInstance(instanceId: number): Promise<void> {
    await this.#client.call("plugin.CloseInstance", instanceId);
  }

  close(): void {
    this.#client.close();
  }
}

function idIn(result: unknown, plugin: string): number {
  const { Id: instanceId } = result as { readonly Id?: unknown };
  if (typeof instanceId !== "number") throw new Error(`${plugin} was started with the id ${String(instanceId)}`);
  return instanceId;
}

interface Waiter {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

class ControlConnection implements Control {
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
    return idIn(await this.#call((id) => startFrame(id, plugin)), plugin);
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
