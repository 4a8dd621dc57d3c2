// Parses what all forms of a plugin say about themselves, as strictly as the gateway will read it.
import { PHASES, type Phase } from "../../pdk/index.js";
import { PluginFormError } from "./plugin-form-error.js";

/** A plugin that states no version gets this one: Kong 3 refuses to start without. */
const DEFAULT_VERSION = "0.1.0";

/** True for anything that has properties, functions included. */
export function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Kong takes the first run of digits and dots, and from 3.0 refuses to start unless it is x, x.y or x.y.z. */
export function parseVersion(version: unknown, label: string): string {
  if (version === undefined || version === null) return DEFAULT_VERSION;
  const text = typeof version === "number" ? String(version) : version;
  const numbers = typeof text === "string" ? /\d+(?:\.\d+)*/.exec(text)?.[0].split(".") : undefined;
  if (typeof text !== "string" || numbers === undefined || numbers.length > 3) {
    throw new PluginFormError(`${label} must be a version such as "1.0.0", not ${show(version)}`);
  }
  return text;
}

/** Kong refuses to start with a priority that is no integer. */
export function parsePriority(priority: unknown, label: string): number {
  if (priority === undefined || priority === null) return 0;
  if (!Number.isSafeInteger(priority)) throw new PluginFormError(`${label} must be an integer, not ${show(priority)}`);
  return Number(priority);
}

/** The name that a module asks for, if it does. */
export function parseName(name: unknown, label: string): string | undefined {
  if (name === undefined || name === null) return undefined;
  if (typeof name !== "string" || name.trim() === "") throw new PluginFormError(`${label} must be a text, not ${show(name)}`);
  return name;
}

export function parsePdkVersion(version: unknown, label: string): string | undefined {
  if (version === undefined || version === null) return undefined;
  if (typeof version !== "string" || version === "") throw new PluginFormError(`${label} must be a text, not ${show(version)}`);
  return version;
}

/** The outline of a Kong schema: a list of `{ name: { type: … } }`. The gateway checks the rest. */
export function parseFields(fields: unknown, label: string): readonly unknown[] {
  if (fields === undefined || fields === null) return [];
  if (!Array.isArray(fields))
    throw new PluginFormError(`${label} must be a list of fields, not ${show(fields)}: [{ message: { type: "string" } }, …]`);
  const names = new Set<string>();
  fields.forEach((field: unknown, index) => {
    const where = `${label}[${index}]`;
    const entries = isObject(field) && !Array.isArray(field) ? Object.entries(field) : [];
    const [entry] = entries;
    if (entry === undefined || entries.length > 1) {
      throw new PluginFormError(`${where} must be an object with one key, the name of the field, not ${show(field)}`);
    }
    const [name, attributes] = entry;
    if (!isObject(attributes) || typeof attributes["type"] !== "string") {
      throw new PluginFormError(`${where} must say which type "${name}" has: { ${name}: { type: "string" } }`);
    }
    if (names.has(name)) throw new PluginFormError(`${label} has two fields with the name "${name}"`);
    names.add(name);
  });
  return fields;
}

/** The phases that have a handler, in the order in which the gateway runs them. */
export function findPhases(hasHandler: (phase: Phase) => boolean, advice: string): readonly Phase[] {
  const phases = PHASES.filter(hasHandler);
  if (phases.length === 0) throw new PluginFormError(`the plugin handles no phase: ${advice} (phases: ${PHASES.join(", ")})`);
  return phases;
}

export const isPhase = (name: string): boolean => PHASES.some((phase) => phase === name);

/** What Lua plugins have beside, and the gateway never asks a plugin server for. */
const LUA_PHASES = [
  "init_worker",
  "configure",
  "header_filter",
  "body_filter",
  "ws_handshake",
  "ws_client_frame",
  "ws_server_frame",
  "ws_close",
];

/** Handlers that will never be called, for a warning. */
export function findIgnoredPhases(hasHandler: (phase: string) => boolean): { ignoredPhases?: readonly string[] } {
  const ignoredPhases = LUA_PHASES.filter(hasHandler);
  return ignoredPhases.length === 0 ? {} : { ignoredPhases };
}

export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "a list";
  return isObject(value) ? "an object" : String(value);
}
