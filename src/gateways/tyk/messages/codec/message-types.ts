// Owns the table of messages and fields: coprocess.proto as data, and the types that follow from it.

/** How one value is written. */
export type ScalarType = "string" | "bytes" | "int32" | "int64" | "double" | "bool";

export type FieldShape = "one" | "list" | "map";

/** A field: its number, whether it has one value, a list of them or a map of them by text, and the type of a value. */
export interface Field {
  readonly id: number;
  readonly shape: FieldShape;
  readonly type: ScalarType | MessageType;
}

export interface MessageType<Fields extends FieldTable = FieldTable> {
  /** As in coprocess.proto: it stands in errors. */
  readonly name: string;
  readonly fields: Fields;
  /** In the order of their numbers. */
  readonly ordered: readonly NamedField[];
  /** By number; what is not there is unknown, and passed over. */
  readonly byId: readonly (NamedField | undefined)[];
}

export type FieldTable = Readonly<Record<string, Field>>;

export interface NamedField extends Field {
  readonly name: string;
}

function message<const Fields extends FieldTable>(name: string, fields: Fields): MessageType<Fields> {
  const ordered = Object.entries(fields).map(([key, field]) => ({ name: key, ...field }));
  const byId: (NamedField | undefined)[] = [undefined];
  for (const field of ordered) byId[field.id] = field;
  return { name, fields, ordered, byId };
}

const one = <const Type extends ScalarType | MessageType>(id: number, type: Type) => ({ id, shape: "one", type }) as const;
const list = <const Type extends ScalarType | MessageType>(id: number, type: Type) => ({ id, shape: "list", type }) as const;
const map = <const Type extends ScalarType | MessageType>(id: number, type: Type) => ({ id, shape: "map", type }) as const;

/** Key and value of a map's entry, by number. */
export const ENTRY_KEY = 1;
export const ENTRY_VALUE = 2;

/** What a hook is called for. */
export const HOOK_TYPES = { Unknown: 0, Pre: 1, Post: 2, PostKeyAuth: 3, CustomKeyCheck: 4, Response: 5 } as const;

export type HookType = keyof typeof HOOK_TYPES;

export const RETURN_OVERRIDES = message("ReturnOverrides", {
  response_code: one(1, "int32"),
  response_error: one(2, "string"),
  headers: map(3, "string"),
  override_error: one(4, "bool"),
  response_body: one(5, "string"),
});

export const MINI_REQUEST_OBJECT = message("MiniRequestObject", {
  headers: map(1, "string"),
  set_headers: map(2, "string"),
  delete_headers: list(3, "string"),
  body: one(4, "string"),
  url: one(5, "string"),
  params: map(6, "string"),
  add_params: map(7, "string"),
  extended_params: map(8, "string"),
  delete_params: list(9, "string"),
  return_overrides: one(10, RETURN_OVERRIDES),
  method: one(11, "string"),
  request_uri: one(12, "string"),
  scheme: one(13, "string"),
  raw_body: one(14, "bytes"),
});

const HEADER = message("Header", { key: one(1, "string"), values: list(2, "string") });

export const RESPONSE_OBJECT = message("ResponseObject", {
  status_code: one(1, "int32"),
  raw_body: one(2, "bytes"),
  body: one(3, "string"),
  headers: map(4, "string"),
  multivalue_headers: list(5, HEADER),
});

const ACCESS_SPEC = message("AccessSpec", { url: one(1, "string"), methods: list(2, "string") });

const ACCESS_DEFINITION = message("AccessDefinition", {
  api_name: one(1, "string"),
  api_id: one(2, "string"),
  versions: list(3, "string"),
  allowed_urls: list(4, ACCESS_SPEC),
});

const BASIC_AUTH_DATA = message("BasicAuthData", { password: one(1, "string"), hash: one(2, "string") });
const JWT_DATA = message("JWTData", { secret: one(1, "string") });
const MONITOR = message("Monitor", { trigger_limits: list(1, "double") });

export const SESSION_STATE = message("SessionState", {
  last_check: one(1, "int64"),
  allowance: one(2, "double"),
  rate: one(3, "double"),
  per: one(4, "double"),
  expires: one(5, "int64"),
  quota_max: one(6, "int64"),
  quota_renews: one(7, "int64"),
  quota_remaining: one(8, "int64"),
  quota_renewal_rate: one(9, "int64"),
  access_rights: map(10, ACCESS_DEFINITION),
  org_id: one(11, "string"),
  oauth_client_id: one(12, "string"),
  oauth_keys: map(13, "string"),
  basic_auth_data: one(14, BASIC_AUTH_DATA),
  jwt_data: one(15, JWT_DATA),
  hmac_enabled: one(16, "bool"),
  hmac_secret: one(17, "string"),
  is_inactive: one(18, "bool"),
  apply_policy_id: one(19, "string"),
  data_expires: one(20, "int64"),
  monitor: one(21, MONITOR),
  enable_detailed_recording: one(22, "bool"),
  metadata: map(23, "string"),
  tags: list(24, "string"),
  alias: one(25, "string"),
  last_updated: one(26, "string"),
  id_extractor_deadline: one(27, "int64"),
  session_lifetime: one(28, "int64"),
  apply_policies: list(29, "string"),
  certificate: one(30, "string"),
  max_query_depth: one(31, "int64"),
  key_id: one(32, "string"),
  post_expiry_action: one(33, "string"),
  post_expiry_grace_period: one(34, "int64"),
});

/** What a hook is called with, and what it answers. */
export const OBJECT = message("Object", {
  hook_type: one(1, "int32"),
  hook_name: one(2, "string"),
  request: one(3, MINI_REQUEST_OBJECT),
  session: one(4, SESSION_STATE),
  metadata: map(5, "string"),
  spec: map(6, "string"),
  response: one(7, RESPONSE_OBJECT),
});

export const EVENT = message("Event", { payload: one(1, "string") });

interface Scalars {
  string: string;
  bytes: Buffer;
  int32: number;
  int64: number;
  double: number;
  bool: boolean;
}

type ValueOf<Type> = Type extends ScalarType ? Scalars[Type] : Type extends MessageType<infer Fields> ? Decoded<Fields> : never;

type DecodedField<F extends Field> = F["shape"] extends "map"
  ? Map<string, ValueOf<F["type"]>>
  : F["shape"] extends "list"
    ? ValueOf<F["type"]>[]
    : F["type"] extends ScalarType
      ? ValueOf<F["type"]>
      : ValueOf<F["type"]> | undefined;

/** A message as it is read: every field is there, an absent one as "", 0, false, an empty list or map; only a message may be undefined. */
export type Decoded<Fields extends FieldTable> = { -readonly [Name in keyof Fields]: DecodedField<Fields[Name]> };

type InputOf<Type> = Type extends "bytes"
  ? Uint8Array
  : Type extends ScalarType
    ? Scalars[Type]
    : Type extends MessageType<infer Fields>
      ? Encodable<Fields>
      : never;

type EncodableField<F extends Field> = F["shape"] extends "map"
  ? ReadonlyMap<string, InputOf<F["type"]>>
  : F["shape"] extends "list"
    ? readonly InputOf<F["type"]>[]
    : InputOf<F["type"]>;

/** A message to write. What is left out is not written; a message that is given is written even where it is empty. */
export type Encodable<Fields extends FieldTable> = { readonly [Name in keyof Fields]?: EncodableField<Fields[Name]> | undefined };

export type FieldsOf<Type> = Type extends MessageType<infer Fields> ? Fields : never;

export type CoprocessObject = Decoded<FieldsOf<typeof OBJECT>>;
export type MiniRequestObject = Decoded<FieldsOf<typeof MINI_REQUEST_OBJECT>>;
export type ReturnOverrides = Decoded<FieldsOf<typeof RETURN_OVERRIDES>>;
export type ResponseObject = Decoded<FieldsOf<typeof RESPONSE_OBJECT>>;
export type SessionState = Decoded<FieldsOf<typeof SESSION_STATE>>;

export type ObjectInput = Encodable<FieldsOf<typeof OBJECT>>;
export type SessionInput = Encodable<FieldsOf<typeof SESSION_STATE>>;
export type OverridesInput = Encodable<FieldsOf<typeof RETURN_OVERRIDES>>;
export type ResponseInput = Encodable<FieldsOf<typeof RESPONSE_OBJECT>>;
