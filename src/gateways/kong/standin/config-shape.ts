// Describes objects of a configuration key by key, and reads them by that description. The reference and the JSON schema of
// try.yaml are written from the same descriptions.
import { isRecord, nearestName } from "../../../core/model/index.js";

/** One key of an object. */
export interface Key<T> {
  /** What it takes, as a message and the reference say it: "a string". */
  readonly type: string;
  /** What it means, for the reference. */
  readonly about: string;
  readonly isRequired: boolean;
  /** What holds where it is not given. */
  readonly fallback?: unknown;
  /** The value in terms of JSON schema, where it has no keys of its own. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** What it holds, where that is an object, or a list of objects. */
  readonly inner?: { readonly shape: Shape; readonly isList: boolean };
  /** Undefined where the value fits, else what would. */
  readonly refuse: (value: unknown) => string | undefined;
  /** The value where it was given and fits. */
  readonly take: (value: unknown, place: Place) => T;
}

export type Shape = Readonly<Record<string, Key<unknown>>>;

/** Where an object is, and what is thrown for what is wrong with it. */
export interface Place {
  /** Such as `services[1].routes[2]`; empty for the document. */
  readonly path: string;
  /** Whether `null` says no more than a key that is not there. */
  readonly nullIsMissing: boolean;
  readonly fail: (message: string) => Error;
}

type ValueOf<K> = K extends Key<infer T> ? T : never;

/** An object that has been checked: it has no other keys than its shape, and all values fit. */
export class ShapedFields<S extends Shape> {
  readonly #place: Place;
  readonly #shape: S;
  readonly #given: Readonly<Record<string, unknown>>;

  constructor(value: unknown, place: Place, shape: S) {
    this.#place = place;
    this.#shape = shape;
    if (!isRecord(value)) throw place.fail(`${place.path}: expected an object, got ${configKindOf(value)}`);
    this.#given = value;
    for (const name of Object.keys(value))
      if (!Object.hasOwn(shape, name)) throw this.wrong(name, `unknown field${suggestionOrAll(name, Object.keys(shape))}`);
    for (const [name, key] of Object.entries(shape)) this.#check(name, key);
  }

  get path(): string {
    return this.#place.path;
  }

  get<Name extends keyof S & string>(name: Name): ValueOf<S[Name]> {
    const given = this.#isMissing(name) ? undefined : this.#given[name];
    const value = given ?? this.#shape[name]?.fallback;
    const place = { ...this.#place, path: this.#join(name) };
    return this.#shape[name]?.take(value, place) as ValueOf<S[Name]>;
  }

  /** Checks what it holds, too. */
  checkAll(): void {
    for (const name of Object.keys(this.#shape)) {
      const inner: unknown = this.get(name);
      for (const item of Array.isArray(inner) ? (inner as unknown[]) : [inner]) if (item instanceof ShapedFields) item.checkAll();
    }
  }

  /** The error for a key of this object. It never has the value: that may be a secret. */
  wrong(name: string, what: string): Error {
    return this.#place.fail(`${this.#join(name)}: ${what}`);
  }

  #check(name: string, key: Key<unknown>): void {
    if (this.#isMissing(name)) {
      if (key.isRequired) throw this.wrong(name, "required field missing");
      return;
    }
    const value = this.#given[name];
    const expected = key.refuse(value);
    if (expected !== undefined) throw this.wrong(name, `expected ${expected}, got ${configKindOf(value)}`);
  }

  #isMissing(name: string): boolean {
    const value = this.#given[name];
    return value === undefined || (value === null && this.#place.nullIsMissing);
  }

  #join(name: string): string {
    return this.#place.path === "" ? name : `${this.#place.path}.${name}`;
  }
}

type Options<T> = Partial<Pick<Key<T>, "schema" | "refuse">>;

/** A value that is taken as it is where `fits`. */
export function key<T>(
  type: string,
  about: string,
  fits: (value: unknown) => boolean,
  options: Options<T> = {},
): Key<T | undefined> {
  return {
    type,
    about,
    isRequired: false,
    schema: {},
    refuse: (value) => (fits(value) ? undefined : type),
    take: (value) => value as T | undefined,
    ...options,
  };
}

export function required<T>(optional: Key<T>): Key<NonNullable<T>> {
  return { ...optional, isRequired: true } as Key<NonNullable<T>>;
}

export function withDefault<T>(fallback: NonNullable<T>, optional: Key<T>): Key<NonNullable<T>> {
  return { ...optional, fallback } as Key<NonNullable<T>>;
}

export const text = (about: string): Key<string | undefined> =>
  key("a string that is not empty", about, (value) => typeof value === "string" && value !== "", {
    schema: { type: "string", minLength: 1 },
  });

/** A text of a certain form; `such` describes it: "a path that starts with /". */
export const textLike = (pattern: RegExp, such: string, about: string): Key<string | undefined> =>
  key(such, about, (value) => typeof value === "string" && pattern.test(value), {
    schema: { type: "string", pattern: pattern.source },
  });

export const oneOf = <const T extends string>(values: readonly T[], about: string): Key<T | undefined> =>
  key(values.join(" or "), about, (value) => (values as readonly unknown[]).includes(value), { schema: { enum: values } });

export const integer = (least: number, most: number, about: string): Key<number | undefined> =>
  key(
    `an integer from ${least} to ${most}`,
    about,
    (value) => typeof value === "number" && Number.isInteger(value) && value >= least && value <= most,
    { schema: { type: "integer", minimum: least, maximum: most } },
  );

export const flag = (about: string): Key<boolean | undefined> =>
  key("true or false", about, (value) => typeof value === "boolean", { schema: { type: "boolean" } });

const isText = (value: unknown): boolean => typeof value === "string";

export const texts = (about: string): Key<readonly string[] | undefined> =>
  key("a list of strings", about, (value) => Array.isArray(value) && value.every(isText), {
    schema: { type: "array", items: { type: "string" } },
  });

/** What is not looked into here. */
export const record = (about: string): Key<Readonly<Record<string, unknown>> | undefined> =>
  key("an object", about, isRecord, { schema: { type: "object" } });

/** Another entity: by its name or id, or an object with one of them. */
export const reference = (about: string): Key<string | undefined> => ({
  ...key("a name, or an object with name, id or username", about, (value) => referenceOf(value) !== undefined, {
    schema: { type: ["string", "object"] },
  }),
  take: referenceOf,
});

function referenceOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!isRecord(value)) return undefined;
  return [value["name"], value["id"], value["username"]].find((name) => typeof name === "string");
}

export const object = <S extends Shape>(shape: S, about: string): Key<ShapedFields<S> | undefined> => ({
  ...key<never>("an object", about, isRecord),
  inner: { shape, isList: false },
  take: (value, place) => (value === undefined ? undefined : new ShapedFields(value, place, shape)),
});

/** An object whose keys are free; `what` is what their values are. */
export const entries = (
  what: string,
  about: string,
  fits: (value: unknown) => boolean,
): Key<Record<string, unknown> | undefined> => ({
  ...key<never>("an object", about, isRecord),
  take: (value, place) => {
    for (const [name, item] of Object.entries((value as Record<string, unknown> | undefined) ?? {}))
      if (!fits(item)) throw place.fail(`${place.path}.${name}: expected ${what}, got ${configKindOf(item)}`);
    return value as Record<string, unknown> | undefined;
  },
});

/** Items are counted from one. */
export const list = <S extends Shape>(shape: S, about: string): Key<ShapedFields<S>[]> => ({
  ...key<never>("a list", about, Array.isArray),
  inner: { shape, isList: true },
  take: (value, place) =>
    ((value as unknown[] | undefined) ?? []).map(
      (item, index) => new ShapedFields(item, { ...place, path: `${place.path}[${index + 1}]` }, shape),
    ),
});

/** What a value is, without saying it. */
export function configKindOf(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number" && !Number.isInteger(value)) return "a number that is no integer";
  if (value === "") return "an empty string";
  return typeof value === "object" ? "an object" : value === undefined ? "nothing" : `a ${typeof value}`;
}

/** What was meant by a name that is none, or what there is. */
export function suggestionOrAll(name: string, known: readonly string[]): string {
  const best = nearestName(name, known);
  if (best !== undefined) return `; did you mean "${best}"?`;
  return known.length === 0 ? " (there are none)" : ` (there are: ${known.join(", ")})`;
}
