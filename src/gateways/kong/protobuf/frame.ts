// Writes frames: a length of 32 bits, little-endian, and as many bytes.

export const FRAME_HEADER = 4;

/** One frame of these bytes. */
export function encodeFrame(bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER + bytes.length);
  frame.writeUInt32LE(bytes.length, 0);
  frame.set(bytes, FRAME_HEADER);
  return frame;
}

/** A frame that is there already, and behind it the header of one of `size` bytes, which are still to be written. */
export function appendHeader(first: Buffer, size: number): Buffer {
  const both = Buffer.allocUnsafe(first.length + FRAME_HEADER + size);
  both.set(first, 0);
  both.writeUInt32LE(size, first.length);
  return both;
}

/** A frame that is there already, and one of these bytes behind it. */
export function appendFrame(first: Buffer, bytes: Uint8Array): Buffer {
  const both = appendHeader(first, bytes.length);
  both.set(bytes, first.length + FRAME_HEADER);
  return both;
}
