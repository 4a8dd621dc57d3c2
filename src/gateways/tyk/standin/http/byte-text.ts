// Texts as Go has them: bytes, one character each, whether they are UTF-8 or not.
import { isUtf8 } from "node:buffer";
import { StandinError } from "../errors.js";

/** A text whose characters are bytes, as Node's HTTP parser gives them. */
export type ByteString = string;

export const toByteText = (text: string): ByteString => Buffer.from(text, "utf8").toString("latin1");

/** @throws {StandinError} for bytes that no message can carry. */
export function fromByteText(text: ByteString, where: string): string {
  const bytes = Buffer.from(text, "latin1");
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new StandinError("TYK_STANDIN_NOT_UTF8", `${where} has the bytes ${bytes.toString("hex").slice(0, 100)}`);
}

/** The first value of each name, as a message has them. */
export function firstValues(
  values: Iterable<readonly [name: ByteString, values: readonly ByteString[]]>,
  where: string,
): Map<string, string> {
  const first = new Map<string, string>();
  for (const [name, [value]] of values)
    if (value !== undefined) first.set(fromByteText(name, where), fromByteText(value, `${where} ${name}`));
  return first;
}
