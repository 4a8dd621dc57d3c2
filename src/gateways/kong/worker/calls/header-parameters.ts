// Reads the parameters of a header's value (`; name="a"; filename=b`) in one pass: clients write what they like.

/** By their names in lower case, in their order; of those of one name the last. Quotes are taken off, nothing is unescaped. */
export function headerParameters(header: string): Map<string, string> {
  const parameters = new Map<string, string>();
  // One after the other, so that nothing inside quotes is taken for a parameter.
  let at = header.indexOf(";");
  while (at >= 0) {
    const start = skipBlank(header, at + 1);
    const nameEnd = tokenEnd(header, start, "=");
    if (nameEnd === start || header[nameEnd] !== "=") {
      at = header.indexOf(";", nameEnd);
      continue;
    }
    const closing = header[nameEnd + 1] === '"' ? header.indexOf('"', nameEnd + 2) : -1;
    const end = closing < 0 ? tokenEnd(header, nameEnd + 1, ";") : closing + 1;
    const value = closing < 0 ? header.slice(nameEnd + 1, end) : header.slice(nameEnd + 2, closing);
    parameters.set(header.slice(start, nameEnd).toLowerCase(), value);
    at = header.indexOf(";", end);
  }
  return parameters;
}

const isBlank = (character: string | undefined): boolean => character !== undefined && character.trim() === "";

function skipBlank(text: string, from: number): number {
  let at = from;
  while (isBlank(text[at])) at += 1;
  return at;
}

/** Where a token ends: at a blank, a semicolon or `stop`. */
function tokenEnd(text: string, from: number, stop: string): number {
  let at = from;
  while (at < text.length && text[at] !== ";" && text[at] !== stop && !isBlank(text[at])) at += 1;
  return at;
}
