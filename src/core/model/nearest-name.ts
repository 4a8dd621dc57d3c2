// Finds the name that somebody meant who wrote another: for messages about what is not known.

const MAX_TYPING_ERRORS = 2;

/** Of names that are equally close, the first. Undefined where none of `names` is close; upper and lower case are the same. */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    const isNear = distance <= Math.min(MAX_TYPING_ERRORS, candidate.length / 3);
    if (isNear && distance < (best?.distance ?? Infinity)) best = { name: candidate, distance };
  }
  return best?.name;
}

/** Letters that are left out, added, changed, or swapped with the next. */
function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > MAX_TYPING_ERRORS) return Infinity;
  let before: readonly number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let index = 0; index < from.length; index += 1) {
    const next = [index + 1];
    for (let column = 0; column < to.length; column += 1) {
      const [above = 0, left = 0, diagonal = 0] = [row[column + 1], next[column], row[column]];
      const isSwapped = from[index] === to[column - 1] && from[index - 1] === to[column];
      const swapped = isSwapped ? (before[column - 1] ?? 0) + 1 : Infinity;
      next.push(Math.min(above + 1, left + 1, diagonal + (from[index] === to[column] ? 0 : 1), swapped));
    }
    [before, row] = [row, next];
  }
  return row.at(-1) ?? 0;
}
