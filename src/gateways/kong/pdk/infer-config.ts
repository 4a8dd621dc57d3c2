// Owns the way from a schema's type to the type of the configuration it describes.
import type { ConfigSchema } from "./schema.js";

type NamesOf<Entry> = Entry extends unknown ? keyof Entry & string : never;

type FieldOf<Entry, Name extends string> = Entry extends Readonly<Record<Name, infer Field>> ? Field : never;

type Filled<Field> = Field extends { readonly required: true } | { readonly default: unknown } ? true : false;

type Flat<T> = { [Key in keyof T]: T[Key] };

type ConfigOf<Entry> = Flat<
  {
    [Name in NamesOf<Entry> as Filled<FieldOf<Entry, Name>> extends true ? Name : never]: InferField<FieldOf<Entry, Name>>;
  } & {
    [Name in NamesOf<Entry> as Filled<FieldOf<Entry, Name>> extends true ? never : Name]?: InferField<FieldOf<Entry, Name>>;
  }
>;

type InferMap<Keys, Values> =
  InferField<Keys> extends infer Key extends string
    ? string extends Key
      ? Record<string, InferField<Values>>
      : Partial<Record<Key, InferField<Values>>>
    : Record<string, InferField<Values>>;

/** The type of one field's value. */
export type InferField<Field> = Field extends { readonly one_of: readonly (infer Value)[] }
  ? Value
  : Field extends { readonly type: "string" }
    ? string
    : Field extends { readonly type: "number" | "integer" }
      ? number
      : Field extends { readonly type: "boolean" }
        ? boolean
        : Field extends { readonly type: "array" | "set"; readonly elements: infer Elements }
          ? InferField<Elements>[]
          : Field extends { readonly type: "map"; readonly keys: infer Keys; readonly values: infer Values }
            ? InferMap<Keys, Values>
            : Field extends { readonly type: "record"; readonly fields: infer Fields extends ConfigSchema }
              ? InferConfig<Fields>
              : unknown;

/**
 * The configuration that a schema describes. Fields that are `required` or have a `default` are there, the others may be
 * missing; `one_of` becomes a union, arrays and sets become arrays, maps and records become objects.
 *
 * Kong 2.0 hands over an empty array, set or map as an empty object.
 *
 * @example
 * type Config = InferConfig<typeof schema>; // { message: string; limits?: Record<string, number> }
 */
export type InferConfig<Schema extends ConfigSchema> =
  string extends NamesOf<Schema[number]> ? Record<string, unknown> : ConfigOf<Schema[number]>;
