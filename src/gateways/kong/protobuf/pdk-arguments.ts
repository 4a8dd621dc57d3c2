// Turns the arguments of a PDK call into the message that ProtoBuf:1 has for it, or says why there is none.
import { PdkError } from "../pdk/index.js";
import type { Fields } from "./message-type.js";
import type { ArgumentType } from "./pdk-service.js";
import { asBytes, toListValue, toStruct, toValue } from "./value.js";

/** The arguments of one call, as plain data: what is nil, or was left out, is null or undefined. */
class CallArguments {
  readonly #method: string;
  readonly #args: readonly unknown[];

  constructor(method: string, args: readonly unknown[]) {
    this.#method = method;
    this.#args = args;
  }

  get all(): readonly unknown[] {
    return this.#args;
  }

  at(index: number): unknown {
    return this.#args[index] ?? undefined;
  }

  /** @throws {PdkError} where there are more: the message has no room for them, and without them the call means something else. */
  atMost(count: number): void {
    const extra = this.#args.findIndex((value, index) => index >= count && value !== null && value !== undefined);
    if (extra >= 0) throw notCarried(this.#method, `its message has no room for argument ${extra + 1}`);
  }

  text(index: number): Uint8Array {
    const value = this.at(index);
    if (typeof value === "string" || value instanceof Uint8Array) return asBytes(value);
    throw this.#wrong(index, "a string", value);
  }

  textOrNone(index: number): Uint8Array | undefined {
    return this.at(index) === undefined ? undefined : this.text(index);
  }

  integer(index: number, otherwise?: number): number {
    const value = this.at(index) ?? otherwise;
    if (typeof value === "number" && value === (value | 0)) return value;
    throw this.#wrong(index, "a whole number of 32 bits", value);
  }

  flag(index: number): boolean {
    const value = this.at(index) ?? false;
    if (typeof value === "boolean") return value;
    throw this.#wrong(index, "a boolean", value);
  }

  /** An object; an empty array is what an empty table looks like. */
  record(index: number): Readonly<Record<string, unknown>> {
    const value = this.at(index) ?? {};
    if (Array.isArray(value) && value.length === 0) return {};
    if (isRecord(value)) return value;
    throw this.#wrong(index, "an object", value);
  }

  #wrong(index: number, wanted: string, value: unknown): PdkError {
    const got = value === undefined ? "nothing" : Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
    return new PdkError("PDK_BAD_ARGUMENT", {
      method: this.#method,
      reason: `argument ${index + 1} is ${got}, and ProtoBuf:1 carries ${wanted} there`,
    });
  }
}

export function notCarried(method: string, reason: string): PdkError {
  return new PdkError("PDK_NOT_CARRIED", { method, reason });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/**
 * Inside the gateway a false becomes nil, and a nil is no value: a list would end there, and a key would not be.
 * @throws {PdkError} for what the plugin would not get back
 */
function assertCarried(method: string, value: unknown): void {
  if (value === false) throw notCarried(method, "false arrives as nil; send 0, 1 or text in its place");
  if (value === null || value === undefined)
    throw notCarried(method, "null inside a list or an object is lost; leave the key out");
  if (typeof value === "bigint" && BigInt(Number(value)) !== value)
    throw notCarried(method, `${value} does not fit into a number; send it as text`);
  if (typeof value !== "object" || value instanceof Uint8Array) return;
  // Not `forEach`, which passes over the holes of a list.
  for (const item of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) assertCarried(method, item);
}

function pair(args: CallArguments, method: string): Fields {
  const value = args.at(1);
  if (value !== undefined) assertCarried(method, value);
  return { k: args.text(0), v: toValue(value) };
}

function struct(record: Readonly<Record<string, unknown>>, method: string): Fields {
  assertCarried(method, record);
  return toStruct(record);
}

/** What the gateway takes itself where nothing is said; it refuses 0, which is what an absent number looks like. */
const DEFAULT_ENTRIES = 100;
const LIMITED = /\.get_(headers|query)$/;
/** Its limit for bodies in a file means nothing here: these come as the file's path. */
const RAW_BODY = "kong.request.get_raw_body";

/** How many arguments a message carries, and how it is made of them. */
interface ArgumentMessage {
  readonly count: number;
  readonly make: (args: CallArguments, method: string) => Fields;
}

const ARGUMENT_MESSAGES: Readonly<Record<ArgumentType, ArgumentMessage>> = {
  Empty: { count: 0, make: () => ({}) },
  Bool: { count: 1, make: (args) => ({ v: args.flag(0) }) },
  Int: { count: 1, make: (args, method) => ({ v: args.integer(0, LIMITED.test(method) ? DEFAULT_ENTRIES : undefined) }) },
  String: { count: 1, make: (args) => ({ v: args.text(0) }) },
  ByteString: { count: 1, make: (args) => ({ v: args.text(0) }) },
  KV: { count: 2, make: pair },
  // Only the log takes a list, as text.
  ListValue: { count: Infinity, make: (args) => toListValue(args.all.map((item) => (item === false ? "false" : item))) },
  Struct: { count: 1, make: (args, method) => struct(args.record(0), method) },
  Target: { count: 2, make: (args) => ({ host: args.text(0), port: args.integer(1) }) },
  ConsumerSpec: { count: 2, make: (args) => ({ id: args.text(0), by_username: args.flag(1) }) },
  AuthenticateArgs: { count: 2, make: authenticate },
  ExitArgs: { count: 3, make: exit },
};

/** @throws {PdkError} where the call cannot be sent as it is meant. */
export function argumentMessage(type: ArgumentType, method: string, values: readonly unknown[]): Fields {
  const { count, make } = ARGUMENT_MESSAGES[type];
  const args = new CallArguments(method, values);
  if (method !== RAW_BODY) args.atMost(count);
  return make(args, method);
}

const texts = (record: Readonly<Record<string, unknown>>, names: readonly string[]): Fields =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = record[name];
      return typeof value === "string" || value instanceof Uint8Array ? [[name, asBytes(value)]] : [];
    }),
  );

/** Of both entities the gateway's messages know a few fields only. */
function authenticate(args: CallArguments): Fields {
  const fields: Record<string, Fields> = {};
  if (args.at(0) !== undefined) {
    const consumer = args.record(0);
    const { created_at: created, tags } = consumer;
    fields["consumer"] = {
      ...texts(consumer, ["id", "username", "custom_id"]),
      ...(typeof created === "number" ? { created_at: created } : {}),
      ...(Array.isArray(tags) ? { tags: tags.filter((tag) => typeof tag === "string").map(asBytes) } : {}),
    };
  }
  if (args.at(1) !== undefined) {
    const credential = args.record(1);
    const { consumer } = credential;
    const owner = isRecord(consumer) ? texts({ consumer_id: consumer["id"] }, ["consumer_id"]) : {};
    fields["credential"] = { ...owner, ...texts(credential, ["id", "consumer_id"]) };
  }
  return fields;
}

/** The body is bytes here: what a MessagePack gateway makes of an object is made of it before. */
function exit(args: CallArguments, method: string): Fields {
  const headers = args.record(2);
  assertCarried(method, headers);
  const body = args.at(1);
  const status = args.integer(0);
  if (typeof body !== "object" || body instanceof Uint8Array) return exitFields(status, args.textOrNone(1), headers);
  const isEmpty = Array.isArray(body) && body.length === 0;
  const json = Buffer.from(JSON.stringify(isEmpty ? {} : plainText(body)));
  const typed = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
  return exitFields(status, json, typed ? headers : { ...headers, "Content-Type": "application/json; charset=utf-8" });
}

function exitFields(status: number, body: Uint8Array | undefined, headers: Readonly<Record<string, unknown>>): Fields {
  return {
    status,
    ...(body === undefined ? {} : { body }),
    ...(Object.keys(headers).length === 0 ? {} : { headers: toStruct(headers) }),
  };
}

/** Bytes inside a body of JSON are text, as Lua's strings are. */
function plainText(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plainText);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainText(item)]));
}
