// What a plugin server dumps about its plugins, checked.

import { isRecord } from "../../../../core/model/index.js";
import { GatewayError } from "../errors.js";

export interface ParsedPluginInfo {
  readonly name: string;
  readonly phases: ReadonlySet<string>;
  readonly priority: number;
  readonly version: string;
  /** The fields of the configuration in Kong's schema language. */
  readonly configFields: readonly SchemaField[];
  /** The gateway runs it itself. */
  readonly isOwn?: true;
}

export interface SchemaField {
  readonly name: string;
  readonly definition: SchemaDefinition;
}

export interface SchemaDefinition {
  readonly type: string;
  readonly required: boolean;
  readonly default: unknown;
  readonly oneOf: readonly unknown[] | undefined;
  /** Of arrays and sets, and the values of maps. */
  readonly elements: SchemaDefinition | undefined;
  /** Of records. */
  readonly fields: readonly SchemaField[];
}

/** What a plugin server speaks. */
export type GatewayProtocol = "MsgPack:1" | "ProtoBuf:1";

/** What the dump announces; a bare array, and whatever says nothing, is MsgPack:1. */
export function announcedProtocol(dump: unknown): GatewayProtocol {
  return isRecord(dump) && dump["Protocol"] === "ProtoBuf:1" ? "ProtoBuf:1" : "MsgPack:1";
}

/** Reads the entries of `-dump-all-plugins`. */
export function parsePluginInfos(dump: unknown): ParsedPluginInfo[] {
  const list: unknown = isRecord(dump) && "Plugins" in dump ? dump["Plugins"] : dump;
  if (!Array.isArray(list)) throw wrong("the plugin dump is not an array");
  return list.map(parsePluginInfo);
}

function parsePluginInfo(entry: unknown): ParsedPluginInfo {
  if (!isRecord(entry) || typeof entry["Name"] !== "string") throw wrong("an entry of the plugin dump has no Name");
  const name = entry["Name"];
  const phases = Array.isArray(entry["Phases"]) ? entry["Phases"].filter((phase) => typeof phase === "string") : [];
  return {
    name,
    phases: new Set(phases),
    priority: typeof entry["Priority"] === "number" ? entry["Priority"] : 0,
    version: typeof entry["Version"] === "string" ? entry["Version"] : "",
    configFields: configFields(name, entry["Schema"]),
  };
}

function configFields(name: string, schema: unknown): SchemaField[] {
  const fields = parseFields(isRecord(schema) ? schema["fields"] : undefined, `the schema of ${name}`);
  return [...(fields.find((field) => field.name === "config")?.definition.fields ?? [])];
}

function parseFields(fields: unknown, where: string): SchemaField[] {
  if (fields === undefined || fields === null) return [];
  if (!Array.isArray(fields)) throw wrong(`fields in ${where} is not an array`);
  return fields.flatMap((field: unknown) => {
    if (!isRecord(field)) throw wrong(`a field in ${where} is not an object`);
    return Object.entries(field).map(([name, definition]) => ({
      name,
      definition: parseDefinition(definition, `${where}, field ${name}`),
    }));
  });
}

function parseDefinition(definition: unknown, where: string): SchemaDefinition {
  if (!isRecord(definition)) throw wrong(`${where} is not an object`);
  const elements = definition["elements"] ?? definition["values"];
  return {
    type: typeof definition["type"] === "string" ? definition["type"] : "any",
    required: definition["required"] === true,
    default: definition["default"] ?? undefined,
    oneOf: Array.isArray(definition["one_of"]) ? definition["one_of"] : undefined,
    elements: elements === undefined ? undefined : parseDefinition(elements, `the elements of ${where}`),
    fields: parseFields(definition["fields"], where),
  };
}

function wrong(what: string): GatewayError {
  return new GatewayError("GATEWAY_CONFIG", `${what}: is it the output of -dump-all-plugins?`);
}
