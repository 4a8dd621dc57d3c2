// Remembers short texts by their bytes: keys, method and header names repeat, and making a string costs more than finding it.

/** Longer texts are rarely seen twice. */
const MAX_SIZE = 32;
const SLOTS = 512;

interface Entry {
  readonly bytes: Uint8Array;
  readonly text: string;
}

// One text per slot: a text that differs takes the slot over, so that nobody can make this grow.
const entries: (Entry | undefined)[] = new Array<Entry | undefined>(SLOTS).fill(undefined);

/** The text of `size` bytes at `start`; undefined where these are too many, or not all ASCII. */
export function shortText(bytes: Buffer, start: number, size: number): string | undefined {
  if (size > MAX_SIZE) return undefined;
  const end = start + size;
  let hash = size;
  let union = 0;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] ?? 0;
    hash = (hash * 31 + byte) | 0;
    union |= byte;
  }
  if (union > 0x7f) return undefined;
  const slot = (hash ^ (hash >>> 11)) & (SLOTS - 1);
  const entry = entries[slot];
  if (entry !== undefined && isAt(entry.bytes, bytes, start, size)) return entry.text;
  const text = bytes.toString("latin1", start, end);
  entries[slot] = { bytes: new Uint8Array(bytes.subarray(start, end)), text };
  return text;
}

function isAt(wanted: Uint8Array, bytes: Buffer, start: number, size: number): boolean {
  if (wanted.length !== size) return false;
  for (let i = 0; i < size; i += 1) {
    if (wanted[i] !== bytes[start + i]) return false;
  }
  return true;
}
