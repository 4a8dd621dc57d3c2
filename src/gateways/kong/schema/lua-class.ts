// Says which bytes the character classes of Lua's patterns mean, in the C locale that Kong runs in.

const CLASSES: Readonly<Record<string, RegExp>> = {
  a: /[A-Za-z]/,
  c: /[\0-\x1f\x7f]/,
  d: /[0-9]/,
  g: /[!-~]/,
  l: /[a-z]/,
  p: /[!-/:-@[-`{-~]/,
  s: /[\t-\r ]/,
  u: /[A-Z]/,
  w: /[0-9A-Za-z]/,
  x: /[0-9A-Fa-f]/,
  z: /\0/,
};

/** `name` is what follows the percent sign: a class, in capitals all but the class, anything else means itself. */
export function matchesClass(byte: string, name: string): boolean {
  const lower = name.toLowerCase();
  const bytes = Object.hasOwn(CLASSES, lower) ? CLASSES[lower] : undefined;
  return bytes === undefined ? byte === name : bytes.test(byte) === (name === lower);
}
