// Encodes PDK calls as they go onto the socket, and decodes their results.
import { appendFrame, encodeFrame } from "./frame.js";
import { encodeProtobuf } from "./message-type.js";
import { assertFewElements } from "./element-limit.js";
import { argumentMessage, notCarried } from "./pdk-arguments.js";
import { readPdkResult } from "./pdk-result.js";
import { pdkSignature } from "./pdk-service.js";
import { encodeTextCall } from "./text-call.js";

/** The frames of the functions' names: one for each in the protocol's table, made at first use. */
const nameFrames = new Map<string, Buffer>();

function nameFrame(method: string): Buffer {
  const known = nameFrames.get(method);
  if (known !== undefined) return known;
  const frame = encodeFrame(Buffer.from(method, "utf8"));
  nameFrames.set(method, frame);
  return frame;
}

/**
 * The two frames of a call: the function's name and its arguments, which are plain data.
 * @throws {PdkError} where ProtoBuf:1 has no message for them.
 */
export function encodePdkCall(method: string, args: readonly unknown[]): Buffer {
  const signature = pdkSignature(method);
  if (signature === undefined) throw notCarried(method, "the protocol does not have the function");
  const { takes } = signature;
  const name = nameFrame(method);
  return encodeTextCall(name, takes, args) ?? appendFrame(name, encodeProtobuf(takes, argumentMessage(takes, method, args)));
}

/** What a call returned, `undefined` for nil. @throws {Error} for bytes that are no such result. */
export function decodePdkResult(method: string, bytes: Buffer): unknown {
  const signature = pdkSignature(method);
  return signature === undefined ? undefined : readPdkResult(signature.gives, method, bytes);
}

/** @throws {WireError} where what the gateway says that a call returned has more elements than a message may have. */
export function assertResultSize(call: Buffer, bytes: Buffer): void {
  const gives = pdkSignature(methodOfPdkCall(call))?.gives;
  if (gives !== undefined) assertFewElements(gives, bytes);
}

/** The function that encoded frames call. */
export function methodOfPdkCall(frames: Buffer): string {
  return frames.toString("utf8", 4, 4 + frames.readUInt32LE(0));
}
