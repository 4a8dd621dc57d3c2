// Encodes what a gateway sends, once: message and event ids are patched into the bytes afterwards.
import msgpack5 from "msgpack5";
import type { ScriptedCall, Workload } from "../workloads/index.js";

const codec = msgpack5();
const encode = (value: unknown): Buffer => codec.encode(value).slice();
const hex = (bytes: string): Buffer => Buffer.from(bytes, "hex");

/** Stands for an unsigned 32-bit integer that is written later. */
const UINT32 = hex("ce00000000");
const MESSAGE_ID_AT = 3;
const UINT32_SIZE = 4;

const request = (method: string, ...argument: readonly Buffer[]): Buffer =>
  Buffer.concat([hex("9400"), UINT32, encode(`plugin.${method}`), hex("91"), ...argument]);

/** A gateway's request with ids to be filled in. One connection owns one frame: it is patched in place. */
export class Frame {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The id that every frame ends with is that of the event, or of the instance. */
  patch(messageId: number, lastId: number): Buffer {
    this.bytes.writeUInt32BE(messageId, MESSAGE_ID_AT);
    this.bytes.writeUInt32BE(lastId, this.bytes.length - UINT32_SIZE);
    return this.bytes;
  }
}

export function startFrame(messageId: number, name: string): Buffer {
  const frame = request("StartInstance", encode({ Name: name, Config: "{}" }));
  frame.writeUInt32BE(messageId, MESSAGE_ID_AT);
  return frame;
}

export const closeFrame = (messageId: number, instanceId: number): Buffer =>
  new Frame(request("CloseInstance", UINT32)).patch(messageId, instanceId);

const handleEventFrame = (): Frame =>
  new Frame(request("HandleEvent", hex("82"), encode("EventName"), encode("access"), encode("InstanceId"), UINT32));

/** Kong leaves `Data` out where a function returned nothing. */
function stepFrame({ answer }: ScriptedCall): Frame {
  const data = answer === undefined ? [hex("81")] : [hex("82"), encode("Data"), encode(answer)];
  return new Frame(request("Step", ...data, encode("EventId"), UINT32));
}

/** What one phase sends, from HandleEvent to the last step. */
export const phaseFrames = ({ calls }: Workload): Frame[] => [handleEventFrame(), ...calls.map(stepFrame)];
