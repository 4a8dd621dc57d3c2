// Calls to a plugin server that speaks ProtoBuf:1, over a pool of connections that all plugins share.

import { ConnectionPool } from "../connection-pool.js";
import { GatewayError } from "../errors.js";
import { decodeFields, encodeFields, isFields, messageTypeOf, pdkMessages, type Fields, type PdkMessages } from "./messages.js";
import { decodeArguments, encodeResult } from "./pdk-messages.js";
import { ProtobufConnection } from "./protobuf-connection.js";

export interface ProtobufClientOptions {
  readonly socketPath: string;
  /** How long one answer may take; Kong's default is 60 s. */
  readonly timeoutMs?: number;
}

/** Runs a PDK function; `undefined` is nil, and "ended" says that the request is over. */
export type PlayPdkCall = (
  method: string,
  args: unknown[],
) => Promise<{ readonly kind: "step"; readonly data: unknown } | { readonly kind: "ended" }>;

const DEFAULT_TIMEOUT_MS = 60_000;
const LAST_SEQUENCE = 0x7fffffff;
const RPC_CALL = messageTypeOf("RpcCall");
const RPC_RETURN = messageTypeOf("RpcReturn");

export class ProtobufClient {
  readonly #options: ProtobufClientOptions;
  readonly #pool: ConnectionPool<ProtobufConnection>;
  #lastSequence = 0;

  constructor(options: ProtobufClientOptions) {
    this.#options = options;
    this.#pool = new ConnectionPool((onClose) => ProtobufConnection.open(options.socketPath, onClose));
  }

  get connectionCount(): number {
    return this.#pool.size;
  }

  /** A command by its field's name, e.g. `cmdStartInstance`; gives the name and the fields of what was returned. */
  command(name: string, fields: Fields): Promise<{ readonly result: string | undefined; readonly fields: Fields }> {
    return this.#converse(async (connection) => {
      const sequence = this.#send(connection, name, fields);
      return this.#return(connection, sequence);
    });
  }

  /** The commands that MsgPack:1 has too, in its spelling. */
  async call(method: string, argument: unknown): Promise<unknown> {
    if (method === "plugin.StartInstance" && isFields(argument)) {
      const { Name: name, Config: config } = argument;
      return this.#status("cmdStartInstance", { name, config: Buffer.from(String(config)) });
    }
    if (method === "plugin.CloseInstance") return this.#status("cmdCloseInstance", { instanceId: argument });
    throw new GatewayError("GATEWAY_BAD_REPLY", `ProtoBuf:1 has no ${method}`);
  }

  /** Runs a phase: `play` runs the PDK calls that the server makes on the way. */
  handleEvent(instanceId: number, phase: string, play: PlayPdkCall): Promise<"finished" | "ended"> {
    return this.#converse(async (connection) => {
      const sequence = this.#send(connection, "cmdHandleEvent", { instanceId, eventName: phase });
      for (;;) {
        const name = (await this.#read(connection)).toString("utf8");
        if (name === "") break;
        const args = await this.#read(connection);
        if (await this.#play(connection, name, args, play)) return "ended";
      }
      await this.#return(connection, sequence);
      return "finished";
    });
  }

  close(): void {
    this.#pool.close();
  }

  /** Returns whether the request is over: Kong closes the connection then. */
  async #play(connection: ProtobufConnection, method: string, args: Buffer, play: PlayPdkCall): Promise<boolean> {
    const answer = await play(method, decodeArguments(this.#messages(method), args));
    if (answer.kind === "ended") {
      connection.close();
      return true;
    }
    connection.write(encodeResult(this.#messages(method), method, answer.data));
    return false;
  }

  #messages(method: string): PdkMessages {
    const messages = pdkMessages.get(method);
    if (messages === undefined) throw new GatewayError("GATEWAY_BAD_REPLY", `method "${method}" not found`);
    return messages;
  }

  async #status(command: string, argument: Fields): Promise<unknown> {
    const { result, fields } = await this.command(command, argument);
    if (result !== "instanceStatus")
      throw new GatewayError("GATEWAY_RPC_ERROR", `the plugin server answered ${command} without a status`);
    return { Name: fields["name"], Id: fields["instanceId"], StartTime: Number(fields["startedAt"]) };
  }

  /** A conversation that goes wrong in the middle leaves the connection in no known state. */
  async #converse<T>(talk: (connection: ProtobufConnection) => Promise<T>): Promise<T> {
    const connection = await this.#pool.acquire();
    connection.begin();
    try {
      const result = await talk(connection);
      connection.rest();
      this.#pool.release(connection);
      return result;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  #send(connection: ProtobufConnection, name: string, fields: Fields): bigint {
    this.#lastSequence = this.#lastSequence >= LAST_SEQUENCE ? 1 : this.#lastSequence + 1;
    const sequence = BigInt(this.#lastSequence);
    connection.write(encodeFields(RPC_CALL, { sequence, call: { case: name, value: fields } }));
    return sequence;
  }

  async #return(connection: ProtobufConnection, sequence: bigint): Promise<{ result: string | undefined; fields: Fields }> {
    const answer = decodeFields(RPC_RETURN, await this.#read(connection));
    if (answer["sequence"] !== sequence)
      throw new GatewayError(
        "GATEWAY_BAD_REPLY",
        `unexpected sequence ${String(answer["sequence"])} (expected ${sequence.toString()})`,
      );
    const kind = isFields(answer["return"]) ? answer["return"] : {};
    return {
      result: typeof kind["case"] === "string" ? kind["case"] : undefined,
      fields: isFields(kind["value"]) ? kind["value"] : {},
    };
  }

  #read(connection: ProtobufConnection): Promise<Buffer> {
    return connection.read(this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  }
}
