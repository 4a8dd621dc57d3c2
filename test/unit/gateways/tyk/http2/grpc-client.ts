// An independent client: @grpc/grpc-js, with messages as plain bytes.
import {
  Client,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type CallOptions,
  type ChannelOptions,
  type ServiceError,
} from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { type Address, formatAddress } from "../../../../../src/gateways/tyk/address/index.js";

/** How a call has ended. */
export interface Outcome {
  readonly status: number;
  /** The message of a status that is no success. */
  readonly details: string;
  readonly message: Buffer | undefined;
}

export interface CallInput {
  readonly message?: Uint8Array;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly options?: CallOptions;
  /** Waits for a connection, where there is none. */
  readonly waits?: boolean;
}

const same = (bytes: Buffer): Buffer => bytes;
const write = (bytes: Uint8Array): Buffer => Buffer.from(bytes);

export class GrpcClient {
  readonly #client: Client;

  constructor(address: Address, options: ChannelOptions = {}) {
    const target = address.kind === "unix" ? formatAddress(address) : `${address.host}:${address.port}`;
    this.#client = new Client(target, credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.initial_reconnect_backoff_ms": 20,
      "grpc.max_reconnect_backoff_ms": 50,
      // Clients of one target would share a connection.
      "grpc.use_local_subchannel_pool": 1,
      ...options,
    });
    onTestFinished(() => {
      this.#client.close();
    });
  }

  async call(method: string, input: CallInput = {}): Promise<Outcome> {
    return this.start(method, input).outcome;
  }

  start(method: string, { message = Buffer.alloc(0), metadata = {}, options = {}, waits = false }: CallInput = {}): RunningCall {
    const headers = new Metadata({ waitForReady: waits });
    for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
    let settle: (outcome: Outcome) => void;
    const outcome = new Promise<Outcome>((resolve) => (settle = resolve));
    const path = method.startsWith("/") ? method : `/test.Test/${method}`;
    const call = this.#client.makeUnaryRequest(
      path,
      write,
      same,
      message,
      headers,
      options,
      (error: ServiceError | null, value) => {
        settle({ status: error?.code ?? 0, details: error?.details ?? "", message: value });
      },
    );
    return { call, outcome };
  }
}

export interface RunningCall {
  readonly call: ClientUnaryCall;
  readonly outcome: Promise<Outcome>;
}
