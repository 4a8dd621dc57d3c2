// Paths as Kong normalises and escapes them, on byte strings.

// Percent-encoded reserved characters stay encoded, they would change the meaning of the path.
const RESERVED = new Set("!*'();:@&=+$,/?%#[]");

const NOT_ALLOWED_IN_PATH = /[^!#$&'()*+,/:;=?@[\]A-Za-z0-9\-_.~%]/g;

/** Decodes what is not reserved, resolves `.` and `..`, and merges slashes. */
export function normalizePath(path: string): string {
  const decoded = path.replace(/%([0-9a-f]{2})/gi, (encoded, hex: string) => {
    const character = String.fromCharCode(parseInt(hex, 16));
    return RESERVED.has(character) ? encoded.toUpperCase() : character;
  });
  const output: string[] = [];
  const segments = decoded.split("/").slice(1);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === "..") output.pop();
    const isEmpty = segment === "" || segment === "." || segment === "..";
    if (!isEmpty) output.push(segment);
    else if (isLast) output.push("");
  }
  return `/${output.join("/")}`;
}

export function escapePath(path: string): string {
  return path.replace(NOT_ALLOWED_IN_PATH, (byte) => {
    return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}
