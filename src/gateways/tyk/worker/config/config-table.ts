// Checks `config_data` by a plugin's table of fields, and fills in what it leaves out.
import { isRecord, messageOf } from "../../../../core/model/index.js";
import { TykError } from "../../api/index.js";
import { showShort } from "../http/http-rules.js";
import { recordOf } from "../own-json.js";

/** Where configurations come from, for messages. */
export const CONFIG_DATA = "config_data of the API definition";

/** What hooks get as `config`. */
export type CheckConfig = (data: Readonly<Record<string, unknown>>) => unknown;

type CheckValue = (value: unknown, path: string) => unknown;

interface Field {
  readonly check: CheckValue;
  readonly required: boolean;
  readonly fallback: unknown;
}

/** @throws {TykError} `TYK_PLUGIN_INVALID` for a table that is none. */
export function tableCheck(table: object): CheckConfig {
  const fields = readFields(table, "config");
  return (data) => checkFields(fields, data, "");
}

type Fields = ReadonlyMap<string, Field>;

const invalid = (path: string, reason: string): TykError => new TykError("TYK_PLUGIN_INVALID", path, reason);

function readFields(table: unknown, path: string): Fields {
  if (!isRecord(table)) throw invalid(path, `it is fields by name, not ${showShort(table)}`);
  return new Map(Object.entries(table).map(([name, field]) => [name, readField(field, `${path}.${name}`)]));
}

function readField(field: unknown, path: string): Field {
  if (!isRecord(field)) throw invalid(path, `a field is an object with a type, not ${showShort(field)}`);
  const type = TYPES.get(field["type"]);
  if (type === undefined)
    throw invalid(path, `its type is one of ${[...TYPES.keys()].join(", ")}, not ${showShort(field["type"])}`);
  const check = type(field, path);
  const fallback = field["default"];
  if (fallback !== undefined) {
    try {
      check(fallback, path);
    } catch (cause) {
      throw invalid(path, `its default does not fit: ${messageOf(cause)}`);
    }
  }
  return { check, required: field["required"] === true, fallback };
}

function checkFields(fields: Fields, data: Readonly<Record<string, unknown>>, path: string): unknown {
  const entries: [string, unknown][] = [];
  for (const [name, { check, required, fallback }] of fields) {
    const value = (Object.hasOwn(data, name) ? data[name] : undefined) ?? fallback;
    const place = path === "" ? name : `${path}.${name}`;
    if (value === undefined || value === null) {
      if (required) throw new TykError("TYK_CONFIG_INVALID", CONFIG_DATA, `${place} is missing`);
      continue;
    }
    entries.push([name, check(value, place)]);
  }
  return recordOf(entries);
}

type MakeCheck = (field: Readonly<Record<string, unknown>>, path: string) => CheckValue;

const TYPES: ReadonlyMap<unknown, MakeCheck> = new Map<unknown, MakeCheck>([
  ["string", (field) => checkString(field)],
  ["number", (field) => checkNumber(field, false)],
  ["integer", (field) => checkNumber(field, true)],
  ["boolean", () => (value, path) => (typeof value === "boolean" ? value : mismatch(path, "true or false", value))],
  [
    "array",
    (field, path) => {
      const { check } = readField(field["items"], `${path}.items`);
      return (value, place) =>
        Array.isArray(value) ? value.map((each, i) => check(each, `${place}[${i}]`)) : mismatch(place, "a list", value);
    },
  ],
  [
    "object",
    (field, path) => {
      const fields = readFields(field["properties"], `${path}.properties`);
      return (value, place) => (isRecord(value) ? checkFields(fields, value, place) : mismatch(place, "an object", value));
    },
  ],
  [
    "map",
    (field, path) => {
      const { check } = readField(field["values"], `${path}.values`);
      return (value, place) =>
        isRecord(value)
          ? recordOf(Object.entries(value).map(([name, each]) => [name, check(each, `${place}.${name}`)] as const))
          : mismatch(place, "an object", value);
    },
  ],
  ["any", () => (value) => value],
]);

function checkString({ enum: choices, minLength, maxLength }: Readonly<Record<string, unknown>>): CheckValue {
  return (value, path) => {
    if (typeof value !== "string") return mismatch(path, "text", value);
    if (Array.isArray(choices) && !choices.includes(value))
      return mismatch(path, `one of ${choices.map(showShort).join(", ")}`, value);
    if (typeof minLength === "number" && value.length < minLength)
      return mismatch(path, `${minLength} characters at least`, value);
    if (typeof maxLength === "number" && value.length > maxLength)
      return mismatch(path, `${maxLength} characters at most`, value);
    return value;
  };
}

function checkNumber({ enum: choices, minimum, maximum }: Readonly<Record<string, unknown>>, isWhole: boolean): CheckValue {
  return (value, path) => {
    if (typeof value !== "number" || (isWhole && !Number.isInteger(value)))
      return mismatch(path, isWhole ? "a whole number" : "a number", value);
    if (Array.isArray(choices) && !choices.includes(value))
      return mismatch(path, `one of ${choices.map(showShort).join(", ")}`, value);
    if (typeof minimum === "number" && value < minimum) return mismatch(path, `${minimum} at least`, value);
    if (typeof maximum === "number" && value > maximum) return mismatch(path, `${maximum} at most`, value);
    return value;
  };
}

function mismatch(path: string, wanted: string, value: unknown): never {
  throw new TykError("TYK_CONFIG_INVALID", CONFIG_DATA, `${path} must be ${wanted}, not ${showShort(value)}`);
}
