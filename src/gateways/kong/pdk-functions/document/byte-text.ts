// Byte strings: text of the gateway is bytes, and only some of it is UTF-8.
//
// Inside a GatewayRequest every text is a "byte string" as node:http has it: one character per byte. Towards a plugin
// it is ordinary text where the bytes are UTF-8, and a ByteText where they are not.

import { isUtf8 } from "node:buffer";

/** Bytes that travel as MessagePack str but are not UTF-8. */
export class ByteText {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

export type PluginText = string | ByteText;

// Larger texts are bodies: looking through them twice costs more than it is worth.
const LONGEST_NAME = 65_536;

// Anything but these needs no conversion in either direction.
const NOT_ASCII = /[^\0-\x7f]/;

export function isText(value: unknown): value is PluginText {
  return typeof value === "string" || value instanceof ByteText;
}

/** Text for a plugin, made of raw bytes. */
export function textFromBytes(bytes: Buffer): PluginText {
  if (bytes.length > LONGEST_NAME || !isUtf8(bytes)) return new ByteText(bytes);
  return bytes.toString("utf8");
}

/** Text for a plugin, made of a byte string. */
export function textFromByteString(byteString: string): PluginText {
  if (!NOT_ASCII.test(byteString)) return byteString;
  const bytes = Buffer.from(byteString, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : new ByteText(bytes);
}

export function bytesOf(text: PluginText): Buffer {
  return typeof text === "string" ? Buffer.from(text, "utf8") : text.bytes;
}

export function byteStringOf(text: PluginText): string {
  if (typeof text === "string") return NOT_ASCII.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
  return text.bytes.toString("latin1");
}
