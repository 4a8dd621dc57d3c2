// Finds ends of MessagePack values without building them: the load generator must cost as little as it can.

/** Bytes of the length field that follows a tag from 0xc0, by tag. */
const LENGTH_BYTES = [0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4];
/** Bytes of payload whose number the tag alone says, by tag. */
const FIXED_BYTES = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, 0, 0, 0, 0, 0, 0, 0];
const FIRST_ARRAY_TAG = 0xdc;
const FIRST_MAP_TAG = 0xde;

/**
 * The offset behind the value at `start`, of which bytes up to `end` are there. An answer beyond `end` says how many
 * bytes are needed at least: a body that arrives in chunks is not scanned for each of them.
 */
export function endOfValue(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  for (let values = 1; values > 0; values -= 1) {
    if (position >= end) return position + values;
    const tag = bytes[position] ?? 0;
    position += 1;
    if (tag <= 0x7f || tag >= 0xe0) continue;
    if (tag <= 0x8f) values += (tag & 0x0f) * 2;
    else if (tag <= 0x9f) values += tag & 0x0f;
    else if (tag <= 0xbf) position += tag & 0x1f;
    else {
      const lengthBytes = LENGTH_BYTES[tag - 0xc0] ?? 0;
      if (position + lengthBytes > end) return position + lengthBytes;
      let length = 0;
      for (let i = 0; i < lengthBytes; i += 1) length = length * 256 + (bytes[position + i] ?? 0);
      position += lengthBytes + (FIXED_BYTES[tag - 0xc0] ?? 0);
      if (tag >= FIRST_MAP_TAG) values += length * 2;
      else if (tag >= FIRST_ARRAY_TAG) values += length;
      else position += length;
    }
  }
  return position;
}

/** Whether `wanted` stands at `position`. */
export function standsAt(bytes: Uint8Array, position: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i += 1) if (bytes[position + i] !== wanted[i]) return false;
  return true;
}
