// Owns the types of a plugin's configuration schema, in Kong's schema language.

/** What every kind of field may say. */
interface FieldAttributes<Value> {
  /** The configuration must have it. A required record is filled with the defaults of its fields. */
  readonly required?: boolean;
  /** The value when the configuration has none; the gateway fills it in. */
  readonly default?: Value;
  /** For people. Kong 2 does not know it. */
  readonly description?: string;
  /** The only value allowed; `null` allows none. */
  readonly eq?: Value | null;
  /** The one value not allowed; `null` forbids that there is none. */
  readonly ne?: Value | null;
  /** The message in place of the gateway's own when a check fails. */
  readonly err?: string;
}

interface LengthAttributes {
  readonly len_eq?: number;
  readonly len_min?: number;
  readonly len_max?: number;
}

/** A Lua pattern (not a regular expression), with a message. */
export interface LuaPattern {
  readonly pattern: string;
  readonly err?: string;
}

export interface StringField extends FieldAttributes<string>, LengthAttributes {
  readonly type: "string";
  readonly one_of?: readonly string[];
  readonly not_one_of?: readonly string[];
  /** A Lua pattern that must match somewhere: anchor it with `^` and `$`. */
  readonly match?: string;
  /** A Lua pattern that must not match. */
  readonly not_match?: string;
  readonly match_all?: readonly LuaPattern[];
  readonly match_none?: readonly LuaPattern[];
  readonly match_any?: { readonly patterns: readonly string[]; readonly err?: string };
  readonly starts_with?: string;
  readonly is_regex?: boolean;
  readonly uuid?: boolean;
  /** Kept encrypted in the database where the gateway can. */
  readonly encrypted?: boolean;
  /** May be a reference to a secret in a vault, which the gateway resolves. From Kong 2.8. */
  readonly referenceable?: boolean;
}

interface NumericAttributes extends FieldAttributes<number> {
  readonly one_of?: readonly number[];
  readonly not_one_of?: readonly number[];
  /** The least and the greatest value, both allowed. */
  readonly between?: readonly [least: number, greatest: number];
  /** Must be greater than this. */
  readonly gt?: number;
}

export interface NumberField extends NumericAttributes {
  readonly type: "number";
}

export interface IntegerField extends NumericAttributes {
  readonly type: "integer";
}

export interface BooleanField extends FieldAttributes<boolean> {
  readonly type: "boolean";
}

export interface ArrayField extends FieldAttributes<readonly unknown[]>, LengthAttributes {
  readonly type: "array";
  readonly elements: FieldSchema;
  /** A value that must be among the elements. */
  readonly contains?: unknown;
}

/** A list in which no value comes twice. */
export interface SetField extends FieldAttributes<readonly unknown[]>, LengthAttributes {
  readonly type: "set";
  readonly elements: FieldSchema;
  /** A value that must be among the elements. */
  readonly contains?: unknown;
}

export interface MapField extends FieldAttributes<Readonly<Record<string, unknown>>>, LengthAttributes {
  readonly type: "map";
  readonly keys: FieldSchema;
  readonly values: FieldSchema;
}

export interface RecordField extends FieldAttributes<Readonly<Record<string, unknown>>> {
  readonly type: "record";
  readonly fields: ConfigSchema;
  /** Checks over several fields, such as `[{ at_least_one_of: ["host", "url"] }]`. */
  readonly entity_checks?: readonly Readonly<Record<string, unknown>>[];
}

/** One field's type, default and checks. */
export type FieldSchema =
  StringField | NumberField | IntegerField | BooleanField | ArrayField | SetField | MapField | RecordField;

/**
 * The fields of a configuration, in order: one object with one name each.
 *
 * @example
 * const schema = [
 *   { message: { type: "string", default: "hello" } },
 *   { limits: { type: "map", keys: { type: "string" }, values: { type: "integer", gt: 0 } } },
 * ] as const satisfies ConfigSchema;
 */
export type ConfigSchema = readonly Readonly<Record<string, FieldSchema>>[];
