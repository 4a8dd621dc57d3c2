// Writes frames: a length of 32 bits, little-endian, and as many bytes.

const HEADER = 4;

/** One frame of these bytes. */
export function encodeFrame(bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER + bytes.length);
  frame.writeUInt32LE(bytes.length, 0);
  frame.set(bytes, HEADER);
  return frame;
}

/** A frame that is there already, and one of these bytes behind it. */
export function appendFrame(first: Buffer, bytes: Uint8Array): Buffer {
  const both = Buffer.allocUnsafe(first.length + HEADER + bytes.length);
  both.set(first, 0);
  both.writeUInt32LE(bytes.length, first.length);
  both.set(bytes, first.length + HEADER);
  return both;
}
