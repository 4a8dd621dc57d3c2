// Owns the type of what one writes as a plugin's configuration, before the gateway has filled the defaults in.
import type { ConfigSchema, InferField, Plugin } from "../../gateways/kong/pdk/index.js";

type NamesOf<Entry> = Entry extends unknown ? keyof Entry & string : never;

type FieldOf<Entry, Name extends string> = Entry extends Readonly<Record<Name, infer Field>> ? Field : never;

type IsRecord<Field> = Field extends { readonly type: "record" } ? true : false;

/** Whether the gateway refuses a configuration without it. It makes a required record itself, if its fields let it. */
type Needed<Field> = Field extends { readonly default: unknown }
  ? false
  : IsRecord<Field> extends true
    ? false
    : Field extends { readonly required: true }
      ? true
      : false;

type InputField<Field> = Field extends { readonly type: "record"; readonly fields: infer Fields extends ConfigSchema }
  ? ConfigInput<Fields>
  : Field extends { readonly type: "array" | "set"; readonly elements: infer Elements }
    ? readonly InputField<Elements>[]
    : InferField<Field>;

type Flat<T> = { [Key in keyof T]: T[Key] };

type InputOf<Entry> = Flat<
  {
    readonly [Name in NamesOf<Entry> as Needed<FieldOf<Entry, Name>> extends true ? Name : never]: InputField<
      FieldOf<Entry, Name>
    >;
  } & {
    readonly [Name in NamesOf<Entry> as Needed<FieldOf<Entry, Name>> extends true ? never : Name]?: InputField<
      FieldOf<Entry, Name>
    >;
  }
>;

/** A configuration as an operator writes it: a field that has a default, or need not be there, may be missing. */
export type ConfigInput<Schema extends ConfigSchema> =
  string extends NamesOf<Schema[number]>
    ? Readonly<Record<string, unknown>>
    : Schema extends readonly []
      ? Readonly<Record<string, never>>
      : InputOf<Schema[number]>;

/** The configuration of a plugin made with `definePlugin`, or of a module with one as its default; any other's is not known. */
export type ConfigFor<P> =
  P extends Plugin<infer Schema>
    ? ConfigInput<Schema>
    : P extends { readonly default: Plugin<infer Schema> }
      ? ConfigInput<Schema>
      : Readonly<Record<string, unknown>>;

type NeededKeys<Config> = keyof {
  [Key in keyof Config as string extends Key ? never : object extends Pick<Config, Key> ? never : Key]: true;
};

/** Whether a test may leave the configuration out. */
export type IsOptional<Config> = [NeededKeys<Config>] extends [never] ? true : false;
