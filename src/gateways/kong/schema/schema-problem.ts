// What can be wrong with a schema, and how it is told.

export interface SchemaProblem {
  /** Where in the configuration: `config.limits.max`, or `config.hosts.elements`. */
  readonly path: string;
  readonly reason: string;
  /**
   * With an error the gateway does not start, or the field can have no value; a warning says what will not work as it looks;
   * a note, which gateways it works with.
   */
  readonly severity: "error" | "warning" | "note";
}

export const schemaError = (path: string, reason: string): SchemaProblem => ({ path, reason, severity: "error" });
export const schemaWarning = (path: string, reason: string): SchemaProblem => ({ path, reason, severity: "warning" });

export const schemaNote = (path: string, reason: string): SchemaProblem => ({ path, reason, severity: "note" });

export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "function" ? "a function" : JSON.stringify(value);
}

/** `a, b or c`. */
export function listed(words: readonly string[], last: string): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1) ?? ""}`;
}

const MAX_TYPING_ERRORS = 2;

/** `; did you mean "required"?` where one of `names` is close. */
export function suggestion(name: string, names: readonly string[]): string {
  const [best] = names
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.min(MAX_TYPING_ERRORS, candidate.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return best === undefined ? "" : `; did you mean "${best.candidate}"?`;
}

function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const [above = 0, diagonal = 0, left = 0] = [row[j], row[j - 1], next[j - 1]];
      next.push(from[i - 1] === to[j - 1] ? diagonal : 1 + Math.min(above, diagonal, left));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
