// Writes short texts: up to some forty characters a loop is quicker than a call into the runtime.

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
