// Owns reading the argument messages of the ProtoBuf:1 recordings as what a plugin would have passed.
import { bytesOf } from "./exact.js";
import type { Exact } from "./exact.js";

type Fields = Readonly<Record<string, Exact>>;

const fieldsOf = (value: Exact | undefined): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};

/** A recorded `google.protobuf.Value`, in the notation of the recordings. */
export function recordedValue(value: Exact | undefined): Exact {
  const { stringValue, numberValue, boolValue, listValue, structValue } = fieldsOf(value);
  if (listValue !== undefined) return recordedList(listValue);
  if (structValue !== undefined) return recordedStruct(structValue);
  return stringValue ?? numberValue ?? boolValue ?? null;
}

function recordedList(list: Exact): Exact[] {
  const { values } = fieldsOf(list);
  return Array.isArray(values) ? values.map(recordedValue) : [];
}

export function recordedStruct(struct: Exact | undefined): { [key: string]: Exact } {
  return Object.fromEntries(
    Object.entries(fieldsOf(fieldsOf(struct)["fields"])).map(([key, value]) => [key, recordedValue(value)]),
  );
}

/** The fields that stand for arguments, by the function or the type of its message. */
export function recordedArguments(method: string, json: Exact): Exact[] {
  const fields = fieldsOf(json);
  if (/^kong\.log\.(?!s)/.test(method)) return recordedList(json);
  if (/\.(set_headers|set_query)$/.test(method)) return [recordedStruct(json)];
  if (/\.(set_header|add_header|set_serialize_value|set_ctx)$|shared\.set$/.test(method)) {
    return [fields["k"] ?? "", recordedValue(fields["v"])];
  }
  if (method.endsWith(".set_target")) return [fields["host"] ?? "", fields["port"] ?? 0];
  if (method.endsWith(".load_consumer")) return [fields["id"] ?? "", fields["by_username"] ?? false];
  if (method.endsWith(".authenticate")) return [fields["consumer"] ?? null, fields["credential"] ?? null];
  if (method.endsWith(".exit")) {
    return [
      fields["status"] ?? 0,
      fields["body"] ?? null,
      fields["headers"] === undefined ? null : recordedStruct(fields["headers"]),
    ];
  }
  if (method.endsWith(".set_raw_body")) return [fields["v"] ?? { $bytes: "" }];
  if (/\.get_(headers|query)$/.test(method)) return [fields["v"] ?? 0];
  return fields["v"] === undefined ? [] : [fields["v"]];
}

/** What a value of the recordings' notation is in JavaScript. */
export function plainValue(value: Exact): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plainValue);
  return bytesOf(value) ?? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item)]));
}
