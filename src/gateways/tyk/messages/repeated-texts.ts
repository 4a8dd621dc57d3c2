// Remembers texts that come with every call to an API, by their bytes: its configuration may be kilobytes of JSON, and a text that is
// the same object each time costs neither decoding nor hashing.
import { readText } from "./codec/wire-reader.js";

/** Longer ones are made each time. Together with the number of slots it bounds the memory: 4 MB. */
const MAX_SIZE = 16 * 1024;
const SLOTS = 256;
/** Bytes that choose the slot, spread over the text. */
const SAMPLES = 16;

interface Entry {
  readonly bytes: Buffer;
  readonly text: string;
}

// One text per slot: a text that differs takes the slot over, so that nobody can make this grow.
const entries: (Entry | undefined)[] = new Array<Entry | undefined>(SLOTS).fill(undefined);

/**
 * The text of these bytes.
 * @throws {MessageError} for what is not UTF-8.
 */
export function repeatedText(bytes: Buffer, start: number, end: number): string {
  const size = end - start;
  if (size > MAX_SIZE) return readText(bytes, start, end);
  const slot = slotOf(bytes, start, size);
  const entry = entries[slot];
  if (entry?.bytes.length === size && entry.bytes.compare(bytes, start, end) === 0) return entry.text;
  const text = readText(bytes, start, end);
  entries[slot] = { bytes: Buffer.from(bytes.subarray(start, end)), text };
  return text;
}

function slotOf(bytes: Buffer, start: number, size: number): number {
  const step = Math.max(1, Math.floor(size / SAMPLES));
  let hash = size;
  for (let i = 0; i < size; i += step) hash = (hash * 31 + (bytes[start + i] ?? 0)) | 0;
  return (hash ^ (hash >>> 11)) & (SLOTS - 1);
}
