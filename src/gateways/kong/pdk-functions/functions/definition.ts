// What a PDK function of the gateway is, and the checks of arguments that they share.

import { byteStringOf, isText, type PluginText } from "../document/byte-text.js";
import type { PluginEntity } from "../document/entities.js";
import type { GatewayFacts } from "../document/gateway-facts.js";
import type { GatewayRequest } from "../document/gateway-request.js";
import { isTable, scalarByteString, tableEntries, tableItems, type LuaTable } from "../document/lua-values.js";
import type { Phase } from "../../pdk/index.js";

export type KongLogLevel = "emerg" | "alert" | "crit" | "err" | "warn" | "notice" | "info" | "debug";

export interface PluginLogLine {
  readonly level: KongLogLevel;
  readonly message: string;
  readonly plugin: string;
  readonly requestId: string;
}

/** The surroundings of a PDK call: one phase of one plugin for one request. */
export interface PdkCall {
  readonly request: GatewayRequest;
  readonly phase: Phase;
  readonly plugin: Pick<PluginEntity, "id" | "name">;
  readonly facts: GatewayFacts;
  readonly log: (line: PluginLogLine) => void;
}

export type PdkArguments = readonly unknown[];

export interface PdkFunction {
  /** R(ewrite), A(ccess), S (response), L(og): elsewhere the call is refused. */
  readonly phases: string;
  /** The request ends with this call: the plugin gets no answer. */
  readonly ends?: true;
  /** The result, `undefined` for nil; a Buffer travels as bin. */
  run(call: PdkCall, args: PdkArguments): unknown;
}

export type PdkFunctions = Readonly<Record<string, PdkFunction>>;

/** A call in the wrong phase or with wrong arguments: the gateway drops the event without an answer. */
export class RefusedCall extends Error {
  constructor(why: string) {
    super(why);
    this.name = "RefusedCall";
  }
}

const NEVER = "";

const PHASE_LETTERS: Readonly<Record<Phase, string>> = {
  certificate: "C",
  rewrite: "R",
  access: "A",
  response: "S",
  preread: "P",
  log: "L",
};

export function assertRunsIn(method: string, phases: string, phase: Phase): void {
  if (phases.includes(PHASE_LETTERS[phase])) return;
  throw new RefusedCall(`${method} cannot be called in the ${phase} phase`);
}

/** For functions that the gateway knows but no plugin server can use. */
export const refused: PdkFunction = { phases: NEVER, run: () => undefined };

export function textArgument(args: PdkArguments, index: number, name: string): PluginText {
  const value = args[index];
  if (!isText(value)) throw new RefusedCall(`${name} must be a string`);
  return value;
}

export function stringArgument(args: PdkArguments, index: number, name: string): string {
  return byteStringOf(textArgument(args, index, name));
}

export function integerArgument(args: PdkArguments, index: number, name: string, least: number, most: number): number {
  const value = args[index];
  if (typeof value !== "number" || !Number.isInteger(value)) throw new RefusedCall(`${name} must be an integer`);
  if (value < least || value > most) throw new RefusedCall(`${name} must be between ${least} and ${most}`);
  return value;
}

export function statusArgument(args: PdkArguments, least: number): number {
  const status = args[0];
  if (typeof status !== "number") throw new RefusedCall("code must be a number");
  if (status < least || status > 599) throw new RefusedCall(`code must be a number between ${least} and 599`);
  return Math.floor(status);
}

export function tableArgument(args: PdkArguments, index: number, name: string): LuaTable {
  const value = args[index];
  if (!isTable(value)) throw new RefusedCall(`${name} must be a table`);
  return value;
}

const DEFAULT_ENTRIES = 100;

/** The largest number of headers or arguments wanted: 1 to 1000, 100 when not given. */
export function limitArgument(args: PdkArguments, index: number, name: string): number {
  const value = args[index];
  if (value === undefined) return DEFAULT_ENTRIES;
  if (typeof value !== "number") throw new RefusedCall(`${name} must be a number`);
  if (value < 1 || value > 1000) throw new RefusedCall(`${name} must be >= 1 and <= 1000`);
  return Math.floor(value);
}

/** A header's values as byte strings; refused unless it is a string, a number, a boolean or an array of strings. */
export function headerValues(name: unknown, value: unknown): string[] {
  if (!isText(name)) throw new RefusedCall("a header name must be a string");
  if (isTable(value)) {
    return tableItems(value).map((item) => {
      if (!isText(item)) throw new RefusedCall(`a value in the array of header ${scalarByteString(name)} is no string`);
      return safeHeaderValue(byteStringOf(item));
    });
  }
  if (!isText(value) && typeof value !== "number" && typeof value !== "boolean") {
    throw new RefusedCall(`the value of header ${scalarByteString(name)} must be a string, number, boolean or array of strings`);
  }
  return [safeHeaderValue(scalarByteString(value))];
}

export function headerTable(table: LuaTable): { name: string; values: string[] }[] {
  const headers = tableEntries(table).map(([name, value]) => ({
    values: headerValues(name, value),
    name: scalarByteString(name),
  }));
  return headers.map(({ name, values }) => ({ name: safeHeaderName(name), values }));
}

/** OpenResty escapes what would break the header, so that a plugin cannot smuggle lines in. */
export function safeHeaderName(name: string): string {
  return name.replace(/[^!#$%&'*+\-.^_`|~A-Za-z0-9]/g, percent);
}

function safeHeaderValue(value: string): string {
  return value.replace(/[\0-\x08\x0a-\x1f\x7f]/g, percent);
}

function percent(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
