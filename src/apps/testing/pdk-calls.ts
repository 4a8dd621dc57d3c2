// Runs the PDK calls of one request as the gateway does, and keeps what was asked and what came back.
import { messageOf } from "../../core/model/index.js";
import { encodeData } from "../../gateways/kong/standin/index.js";
import { ByteText, callPdk, type PdkAnswer, RefusedCall } from "../../gateways/kong/pdk-functions/index.js";
import { PDK_METHODS, type PdkMethod, type Phase, wireName } from "../../gateways/kong/pdk/index.js";
import { type KongDefinition, readResult } from "../../gateways/kong/worker/index.js";
import { decodeValue } from "../../gateways/kong/msgpack/index.js";
import { TestingError } from "./errors.js";
import type { TestSettings } from "./options.js";

/** A call of the plugin's, as it came to the gateway. */
export interface TestCall {
  readonly phase: Phase;
  /** The gateway's name of the function, e.g. `kong.request.get_header`. */
  readonly method: string;
  readonly args: readonly unknown[];
  /** What the plugin got; `undefined` also where nothing is answered. */
  readonly result: unknown;
}

type GatewayCall = Parameters<typeof callPdk>[0];
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const METHODS = new Map<string, PdkMethod>(PDK_METHODS.map((method) => [method.method, method]));

/** @internal */
export class PdkCalls {
  readonly list: TestCall[] = [];
  readonly #bodies: KongDefinition["bodies"];
  readonly #stubs: ReadonlyMap<string, unknown>;
  readonly #onRefused: (error: TestingError) => void;

  constructor(
    bodies: KongDefinition["bodies"],
    stubs: TestSettings["pdk"] = {},
    onRefused: (error: TestingError) => void = () => {},
  ) {
    this.#bodies = bodies;
    this.#stubs = new Map(Object.entries(stubs).map(([name, stub]) => [name.split(".").map(wireName).join("."), stub]));
    this.#onRefused = onRefused;
  }

  readonly run = async (call: GatewayCall, method: string, args: readonly unknown[]): Promise<PdkAnswer> => {
    const record: Mutable<TestCall> = { phase: call.phase, method, args: args.map(readableValue), result: undefined };
    this.list.push(record);
    try {
      const answer = await this.#answer(call, method, args);
      if (answer.kind === "step" && answer.step !== "StepError") record.result = this.#read(method, answer.data);
      return answer;
    } catch (error) {
      if (error instanceof RefusedCall) this.#onRefused(refusal(method, call.phase, error));
      throw error;
    }
  };

  async #answer(call: GatewayCall, method: string, args: readonly unknown[]): Promise<PdkAnswer> {
    if (this.#stubs.has(method)) {
      const stub = this.#stubs.get(method);
      const data = isFunction(stub) ? await stub(...args.map(readableValue)) : stub;
      return { kind: "step", step: "Step", data: data ?? undefined };
    }
    return callPdk(asRecorded(call, method), method, args);
  }

  #read(method: string, data: unknown): unknown {
    if (data === undefined) return undefined;
    return readResult(METHODS.get(method)?.returns ?? "value", decodeValue(encodeData(data)), this.#bodies);
  }
}

function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === "function";
}

/** Without a request there is no recording: what the PDK's own table allows is answered as before the route is known. */
function asRecorded(call: GatewayCall, method: string): GatewayCall {
  const { phase } = call;
  if (phase !== "certificate" && phase !== "preread") return call;
  if (METHODS.get(method)?.phases.includes(phase) === true) return { ...call, phase: "rewrite" };
  throw new RefusedCall(`${method} cannot be called in the ${phase} phase`);
}

function refusal(method: string, phase: string, cause: RefusedCall): TestingError {
  return new TestingError(
    "TESTING_CALL_REFUSED",
    `the gateway refused ${method} in the ${phase} phase: ${messageOf(cause)}. It never answers such a call`,
    cause,
  );
}

/** Bytes that are no UTF-8 as a Buffer, at any depth. */
function readableValue(value: unknown): unknown {
  if (value instanceof ByteText) return value.bytes;
  if (Array.isArray(value)) return value.map(readableValue);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]): [string, unknown] => [String(key), readableValue(item)]));
}
