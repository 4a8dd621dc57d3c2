// Encodes what a gateway sends in ProtoBuf:1, and recognises what a server sends: decoded and checked once, compared ever after.
import { isDeepStrictEqual } from "node:util";
import { frame } from "../../src/gateways/kong/standin/protobuf/frame-splitter.js";
import { encodeFields, messageTypeOf, pdkMessages } from "../../src/gateways/kong/standin/protobuf/messages.js";
import { decodeArguments, encodeResult } from "../../src/gateways/kong/standin/protobuf/pdk-messages.js";
import type { ScriptedCall, Workload } from "../workloads/index.js";

const HEADER = 4;
/** Each phase is its connection's first: the server has to give back what it was sent, not to count. */
const SEQUENCE = 1n;
const RPC_CALL = messageTypeOf("RpcCall");
const RPC_RETURN = messageTypeOf("RpcReturn");

export const handleEventFrame = (instanceId: number): Buffer =>
  frame(
    encodeFields(RPC_CALL, {
      sequence: SEQUENCE,
      call: { case: "cmdHandleEvent", value: { instanceId, eventName: "access" } },
    }),
  );

function messagesOf(method: string): Parameters<typeof encodeResult>[0] {
  const messages = pdkMessages.get(method);
  if (messages === undefined) throw new Error(`ProtoBuf:1 does not carry ${method}`);
  return messages;
}

/** What the gateway answers to each call of a phase. */
export const answerFrames = ({ calls }: Workload): Buffer[] =>
  calls.map(({ method, answer }) => frame(encodeResult(messagesOf(method), method, answer)));

/** Two frames: a call's method and arguments, or the end of the event and what the command returned. */
export class ExpectedFrames {
  readonly #call: ScriptedCall | undefined;
  #known: Buffer | undefined;

  constructor(call: ScriptedCall | undefined) {
    this.#call = call;
  }

  /**
   * How many bytes from `start` on they take; 0 where they are not all there yet.
   * @throws where the server sends anything else.
   */
  lengthAt(bytes: Buffer, start: number, end: number): number {
    const known = this.#known;
    if (
      known !== undefined &&
      start + known.length <= end &&
      bytes.compare(known, 0, known.length, start, start + known.length) === 0
    )
      return known.length;
    const middle = endOfFrame(bytes, start, end);
    const last = middle === 0 ? 0 : endOfFrame(bytes, middle, end);
    if (last === 0) return 0;
    this.#check(bytes.subarray(start + HEADER, middle), bytes.subarray(middle + HEADER, last));
    this.#known = Buffer.from(bytes.subarray(start, last));
    return last - start;
  }

  #check(first: Buffer, second: Buffer): void {
    const call = this.#call;
    const method = first.toString();
    if (call === undefined) {
      const returned = encodeFields(RPC_RETURN, { sequence: SEQUENCE });
      if (method === "" && second.equals(returned)) return;
      throw new Error(`the server sent ${JSON.stringify(method)} instead of the end of the event`);
    }
    const args = method === call.method ? decodeArguments(messagesOf(method), second) : [];
    if (method !== call.method || !isDeepStrictEqual(args.map(asText), call.args.map(asText)))
      throw new Error(
        `the plugin asked ${method}(${JSON.stringify(args)}) instead of ${call.method}(${JSON.stringify(call.args)})`,
      );
  }
}

const asText = (value: unknown): unknown => (value instanceof Uint8Array ? Buffer.from(value).toString() : value);

/** 0 where it is not all there. */
function endOfFrame(bytes: Buffer, start: number, end: number): number {
  if (start + HEADER > end) return 0;
  const after = start + HEADER + bytes.readUInt32LE(start);
  return after <= end ? after : 0;
}

/** What the server sends in one phase, from its first call to the end. */
export const expectedFrames = ({ calls }: Workload): ExpectedFrames[] => [
  ...calls.map((call) => new ExpectedFrames(call)),
  new ExpectedFrames(undefined),
];
