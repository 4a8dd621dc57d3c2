// What can be wrong with a schema, and how it is told.
import { nearestName } from "../../../core/model/index.js";

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

/** `; did you mean "required"?` where one of `names` is close. */
export function suggestion(name: string, names: readonly string[]): string {
  const meant = nearestName(name, names);
  return meant === undefined ? "" : `; did you mean "${meant}"?`;
}
