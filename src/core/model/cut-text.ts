// Cuts texts that others made to a length that can be logged.

/** A text of at most `max` characters, and how many it had. `length` says that where the text itself is cut already. */
export function cutText(text: string, max: number, length = text.length): string {
  return length <= max ? text : `${copyOf(text.slice(0, max))}… (${length} characters)`;
}

/** V8 keeps a long text in memory for as long as there is a part of it. */
const copyOf = (text: string): string => Buffer.from(text, "utf16le").toString("utf16le");
