// Reads the fields of a configuration record in Kong's schema language, as far as they are understood.
import { isRecord } from "../../../core/model/index.js";

/** What a field's definition says, each part as the plugin wrote it. */
export interface FieldDefinition {
  readonly type: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The definition itself, or undefined where it is none. */
export function readDefinition(value: unknown): FieldDefinition | undefined {
  return isRecord(value) ? { type: value["type"], attributes: value } : undefined;
}

/** The named fields of a record: Kong writes a list of objects with one key each. */
export function readFields(fields: unknown): Map<string, FieldDefinition> {
  const result = new Map<string, FieldDefinition>();
  if (!Array.isArray(fields)) return result;
  for (const field of fields as unknown[]) {
    if (!isRecord(field)) continue;
    for (const [name, value] of Object.entries(field)) {
      const definition = readDefinition(value);
      if (definition !== undefined) result.set(name, definition);
    }
  }
  return result;
}
