// Owns what Kong's schema language knows: the types of fields, and which attribute takes what, on which type, since when.

export const FIELD_TYPES = [
  "string",
  "number",
  "integer",
  "boolean",
  "array",
  "set",
  "map",
  "record",
  "json",
  "foreign",
  "function",
] as const;

export type FieldType = (typeof FIELD_TYPES)[number];

/** What must be written with a type. */
export const NEEDED_ATTRIBUTES: { readonly [Type in FieldType]?: readonly string[] } = {
  array: ["elements"],
  set: ["elements"],
  map: ["keys", "values"],
  record: ["fields"],
  json: ["json_schema"],
  foreign: ["reference"],
};

/** The kinds of values that attributes take; `self` is a value of the field itself, `lua` one that JSON cannot carry. */
export type AttributeKind =
  | "any"
  | "boolean"
  | "string"
  | "description"
  | "number"
  | "integer"
  | "list"
  | "strings"
  | "choices"
  | "limits"
  | "patterns"
  | "any-pattern"
  | "object"
  | "field"
  | "fields"
  | "checks"
  | "self"
  | "lua";

export interface AttributeRule {
  readonly kind: AttributeKind;
  /** Kong refuses it on other types. */
  readonly only?: readonly FieldType[];
  /** On other types Kong takes it, and it does no good. */
  readonly meantFor?: readonly FieldType[];
  /** The first Kong that knows it; older ones refuse the plugin. */
  readonly since?: string;
  /** The first Kong that knows it no more. */
  readonly until?: string;
}

const LISTS = ["array", "set"] as const;
const NUMBERS = ["number", "integer"] as const;
const SCALARS = ["string", "number", "integer"] as const;
const WITH_LENGTH = ["string", "array", "set", "map"] as const;
const UNIQUE = ["string", "number", "integer", "foreign"] as const;

/** As Kong 2.0 to 3.9 have it. */
export const ATTRIBUTES: Readonly<Record<string, AttributeRule>> = {
  type: { kind: "string" },
  required: { kind: "boolean" },
  default: { kind: "self" },
  description: { kind: "description", since: "3.4" },
  examples: { kind: "list", since: "3.6" },
  err: { kind: "string" },
  eq: { kind: "any" },
  ne: { kind: "any" },
  gt: { kind: "number", meantFor: NUMBERS },
  between: { kind: "limits", only: NUMBERS },
  one_of: { kind: "choices", only: SCALARS },
  not_one_of: { kind: "choices", meantFor: SCALARS },
  len_eq: { kind: "integer", only: WITH_LENGTH },
  len_min: { kind: "integer", meantFor: WITH_LENGTH },
  len_max: { kind: "integer", meantFor: WITH_LENGTH },
  match: { kind: "string", only: ["string"] },
  not_match: { kind: "string", meantFor: ["string"] },
  match_all: { kind: "patterns", meantFor: ["string"] },
  match_none: { kind: "patterns", meantFor: ["string"] },
  match_any: { kind: "any-pattern", meantFor: ["string"] },
  starts_with: { kind: "string", meantFor: ["string"] },
  is_regex: { kind: "boolean", only: ["string"] },
  uuid: { kind: "boolean", only: ["string"] },
  timestamp: { kind: "boolean", only: NUMBERS },
  contains: { kind: "any", only: LISTS },
  mutually_exclusive_subsets: { kind: "list", meantFor: LISTS },
  encrypted: { kind: "boolean", since: "2.7" },
  referenceable: { kind: "boolean", since: "2.8" },
  elements: { kind: "field", meantFor: LISTS },
  keys: { kind: "field", meantFor: ["map"] },
  values: { kind: "field", meantFor: ["map"] },
  fields: { kind: "fields", meantFor: ["record"] },
  entity_checks: { kind: "checks", meantFor: ["record"] },
  custom_validator: { kind: "lua" },
  shorthand_fields: { kind: "lua" },
  json_schema: { kind: "object", only: ["json"], since: "3.5" },
  deprecation: { kind: "object", since: "3.7" },
  transient: { kind: "boolean", only: ["string", "number", "integer", "array", "set", "boolean"], since: "3.8" },
  legacy: { kind: "boolean", only: ["string"], until: "3.0" },
  // Of database entities; Kong takes them in a configuration too.
  reference: { kind: "string" },
  auto: { kind: "boolean" },
  unique: { kind: "boolean", only: UNIQUE },
  unique_across_ws: { kind: "boolean", only: UNIQUE, since: "2.1" },
  on_delete: { kind: "string" },
  abstract: { kind: "boolean", only: ["string", "number", "integer", "record", "array", "set", "map"] },
  generate_admin_api: { kind: "boolean" },
  immutable: { kind: "boolean" },
};

/** Checks over several fields of a record; each names fields in the attributes listed, or is itself the list of them. */
export const ENTITY_CHECKS: Readonly<Record<string, { readonly fieldsIn?: readonly string[]; readonly since?: string }>> = {
  at_least_one_of: {},
  only_one_of: {},
  distinct: {},
  mutually_required: {},
  mutually_exclusive: { since: "2.6" },
  mutually_exclusive_sets: { fieldsIn: ["set1", "set2"] },
  conditional: { fieldsIn: ["if_field", "then_field"] },
  conditional_at_least_one_of: { fieldsIn: ["if_field", "then_at_least_one_of", "else_then_at_least_one_of"] },
  custom_entity_check: { fieldsIn: ["field_sources"] },
};
