// Writes, finds and cuts texts: short ones without a call into the runtime, long ones to a length that can be logged.

/** Writes `text` to `target` from `start` on, which has room for it; false where there is more than ASCII in it. */
export function writeAscii(target: Uint8Array, start: number, text: string): boolean {
  const { length } = text;
  for (let i = 0; i < length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return false;
    target[start + i] = unit;
  }
  return true;
}

/** A text of at most `max` characters, and how many it had. `length` says that where the text itself is cut already. */
export function cutText(text: string, max: number, length = text.length): string {
  return length <= max ? text : `${copyOf(text.slice(0, max))}… (${length} characters)`;
}

/** V8 keeps a long text in memory for as long as there is a part of it. */
const copyOf = (text: string): string => Buffer.from(text, "utf16le").toString("utf16le");

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
