// Reads `config_data` of an API definition: parsed once, checked by what the plugin expects of it, and frozen.
import { isRecord } from "../../../../core/model/index.js";
import { TykError } from "../../api/index.js";
import { type CheckConfig, CONFIG_DATA, tableCheck } from "./config-table.js";
import { deepFreeze } from "../own-json.js";

export interface BoundConfig {
  /** What hooks get; `undefined` for calls of no API, which are events. */
  readonly config: unknown;
  /** `listen_path` in `config_data`: the path of the API, which is not in the gateway's messages. */
  readonly listenPath: string | undefined;
}

export type ReadConfig = (text: string) => BoundConfig;

/** @throws {TykError} `TYK_PLUGIN_INVALID` for a schema that is none. The function throws `TYK_CONFIG_INVALID`. */
export function configReader(schema: unknown): ReadConfig {
  const check = checkOf(schema);
  return (text) => {
    // Events are of no API: there is nothing to check.
    if (text === "") return { config: undefined, listenPath: undefined };
    const data = parse(text);
    const path = data["listen_path"];
    return { config: deepFreeze(check(data)), listenPath: typeof path === "string" ? path : undefined };
  };
}

function checkOf(schema: unknown): CheckConfig {
  if (schema === undefined) return (data) => data;
  if ((typeof schema !== "object" && typeof schema !== "function") || schema === null)
    throw new TykError("TYK_PLUGIN_INVALID", "config", "it is a schema: fields by name, or one of Zod, Valibot or ArkType");
  const standard: unknown = Reflect.get(schema, "~standard");
  return standard === undefined ? tableCheck(schema) : standardCheck(standard);
}

function parse(text: string): Readonly<Record<string, unknown>> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw new TykError("TYK_CONFIG_INVALID", CONFIG_DATA, "it is no JSON", { cause });
  }
  // Some gateways write null for none.
  if (data === null) return {};
  if (isRecord(data)) return data;
  throw new TykError("TYK_CONFIG_INVALID", CONFIG_DATA, "it is no object");
}

function standardCheck(standard: unknown): CheckConfig {
  const validate: unknown = isRecord(standard) ? standard["validate"] : undefined;
  if (typeof validate !== "function")
    throw new TykError("TYK_PLUGIN_INVALID", "config", "its ~standard has no function validate()");
  return (data) => {
    const result: unknown = Reflect.apply(validate, standard, [data]);
    if (result instanceof Promise) {
      // What it says comes too late.
      result.catch(() => {});
      throw new TykError("TYK_CONFIG_INVALID", CONFIG_DATA, "its schema is asynchronous: calls cannot wait for it");
    }
    if (!isRecord(result)) throw new TykError("TYK_CONFIG_INVALID", CONFIG_DATA, "its schema gave no result");
    const { issues, value } = result;
    if (issues === undefined) return value;
    throw new TykError(
      "TYK_CONFIG_INVALID",
      CONFIG_DATA,
      Array.isArray(issues) ? issues.map(issueText).join("; ") : "its schema says no",
    );
  };
}

function issueText(issue: unknown): string {
  const { message, path } = isRecord(issue) ? issue : {};
  const names = Array.isArray(path) ? path.map((part: unknown) => String(isRecord(part) ? part["key"] : part)) : [];
  const text = typeof message === "string" ? message : "it is wrong";
  return names.length === 0 ? text : `${names.join(".")}: ${text}`;
}
