// Owns the compile-time check that a literal schema has no attribute that Kong does not know.
import type { ConfigSchema, FieldSchema } from "./schema.js";

type AttributesOf<Type> = keyof Extract<FieldSchema, { readonly type: Type }>;

type CheckedField<Field> = Field extends { readonly type: infer Type }
  ? {
      readonly [Name in keyof Field]: Name extends "elements" | "keys" | "values"
        ? CheckedField<Field[Name]>
        : Name extends "fields"
          ? Field[Name] extends ConfigSchema
            ? CheckedSchema<Field[Name]>
            : Field[Name]
          : Name extends AttributesOf<Type>
            ? Field[Name]
            : never;
    }
  : Field;

/**
 * The same schema, with `never` for attributes that its field types do not have. A type parameter is not checked for excess
 * properties, so without it `requird: true` would compile and stop the gateway.
 */
export type CheckedSchema<Schema extends ConfigSchema> = {
  readonly [Index in keyof Schema]: { readonly [Name in keyof Schema[Index]]: CheckedField<Schema[Index][Name]> };
};
