// Owns how a plugin says what it expects in `config_data` of an API definition, and the type that follows from it.

interface FieldBase<Value> {
  readonly description?: string;
  /** Taken where the field is missing. */
  readonly default?: Value;
  /** Whether the API's calls fail where it is missing. */
  readonly required?: boolean;
}

export interface StringField extends FieldBase<string> {
  readonly type: "string";
  readonly enum?: readonly string[];
  /** Characters. */
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface NumberField extends FieldBase<number> {
  /** `integer`: without a fraction. */
  readonly type: "number" | "integer";
  readonly enum?: readonly number[];
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface BooleanField extends FieldBase<boolean> {
  readonly type: "boolean";
}

export interface ArrayField extends FieldBase<readonly unknown[]> {
  readonly type: "array";
  readonly items: ConfigField;
}

/** With fields of its own; others in it are left out. */
export interface ObjectField extends FieldBase<object> {
  readonly type: "object";
  readonly properties: ConfigSchema;
}

/** With any names. */
export interface MapField extends FieldBase<object> {
  readonly type: "map";
  readonly values: ConfigField;
}

/** Any JSON. */
export interface AnyField extends FieldBase<unknown> {
  readonly type: "any";
}

export type ConfigField = StringField | NumberField | BooleanField | ArrayField | ObjectField | MapField | AnyField;

/**
 * Fields of `config_data` by name. Others are allowed there, and left out of `config`: the plugins of an API share it.
 *
 * @example
 * { greeting: { type: "string", default: "hello" }, limit: { type: "integer", minimum: 1, required: true } }
 */
export type ConfigSchema = Readonly<Record<string, ConfigField>>;

/** A schema of a library that keeps to the Standard Schema (Zod, Valibot, ArkType): it must not be asynchronous. */
export interface StandardSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly input: unknown; readonly output: unknown } | undefined;
  };
}

// A schema that is known by its wide type alone nests without end: what it has is not known then.
type InferField<Field> = ConfigField extends Field
  ? unknown
  : Field extends { readonly type: "string" | "number" | "integer"; readonly enum: readonly (infer Choice)[] }
    ? Choice
    : Field extends { readonly type: "array"; readonly items: infer Items }
      ? readonly InferField<Items>[]
      : Field extends { readonly type: "object"; readonly properties: infer Fields }
        ? InferFields<Fields>
        : Field extends { readonly type: "map"; readonly values: infer Values }
          ? Readonly<Record<string, InferField<Values>>>
          : InferScalar<Field>;

type InferScalar<Field> = Field extends { readonly type: "string" }
  ? string
  : Field extends { readonly type: "number" | "integer" }
    ? number
    : Field extends { readonly type: "boolean" }
      ? boolean
      : unknown;

type IsThere<Field> = Field extends { readonly required: true } | { readonly default: unknown } ? true : false;

type InferFields<Fields> = string extends keyof Fields
  ? Readonly<Record<string, unknown>>
  : Flat<
      { readonly [Name in keyof Fields as IsThere<Fields[Name]> extends true ? Name : never]: InferField<Fields[Name]> } & {
        readonly [Name in keyof Fields as IsThere<Fields[Name]> extends true ? never : Name]?: InferField<Fields[Name]>;
      }
    >;

type Flat<T> = { [Key in keyof T]: T[Key] };

/** The type of `config` that follows from a plugin's schema. */
export type InferTykConfig<Schema> = Schema extends { readonly "~standard": { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly output: infer Output }
    ? Output
    : unknown
  : InferFields<Schema>;

type InputField<Field> = ConfigField extends Field
  ? unknown
  : Field extends { readonly type: "array"; readonly items: infer Items }
    ? readonly InputField<Items>[]
    : Field extends { readonly type: "object"; readonly properties: infer Fields }
      ? InputFields<Fields>
      : Field extends { readonly type: "map"; readonly values: infer Values }
        ? Readonly<Record<string, InputField<Values>>>
        : InferField<Field>;

type IsNeeded<Field> = Field extends { readonly default: unknown }
  ? false
  : Field extends { readonly required: true }
    ? true
    : false;

type InputFields<Fields> = string extends keyof Fields
  ? Readonly<Record<string, unknown>>
  : Flat<
      { readonly [Name in keyof Fields as IsNeeded<Fields[Name]> extends true ? Name : never]: InputField<Fields[Name]> } & {
        readonly [Name in keyof Fields as IsNeeded<Fields[Name]> extends true ? never : Name]?: InputField<Fields[Name]>;
      }
    >;

/** What `config_data` may be for a plugin with this schema: what has a default, or need not be there, may be missing. */
export type TykConfigInput<Schema> = Schema extends { readonly "~standard": { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : unknown
  : InputFields<Schema>;
