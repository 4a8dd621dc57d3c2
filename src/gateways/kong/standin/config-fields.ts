// Reads the fields of one object of a configuration file; every complaint names the field by its path.

import { GatewayError } from "./errors.js";
import { isRecord } from "./plugin-server/plugin-info.js";

export class ConfigFields {
  readonly path: string;
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #unread: Set<string>;

  constructor(value: unknown, path: string) {
    if (!isRecord(value)) throw new GatewayError("GATEWAY_CONFIG", `${path}: expected an object, got ${JSON.stringify(value)}`);
    this.path = path;
    this.#object = value;
    this.#unread = new Set(Object.keys(value));
  }

  has(name: string): boolean {
    return this.#object[name] !== undefined && this.#object[name] !== null;
  }

  any(name: string): unknown {
    this.#unread.delete(name);
    return this.#object[name] ?? undefined;
  }

  string(name: string): string | undefined {
    const value = this.any(name);
    if (value !== undefined && typeof value !== "string") throw this.wrong(name, "expected a string");
    return value;
  }

  requiredString(name: string): string {
    const value = this.string(name);
    if (value === undefined || value === "") throw this.wrong(name, "required field missing");
    return value;
  }

  integer(name: string, least: number, most: number): number | undefined {
    const value = this.any(name);
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
      throw this.wrong(name, `expected an integer from ${least} to ${most}`);
    }
    return value;
  }

  boolean(name: string): boolean | undefined {
    const value = this.any(name);
    if (value !== undefined && typeof value !== "boolean") throw this.wrong(name, "expected true or false");
    return value;
  }

  strings(name: string): string[] | undefined {
    const value = this.any(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
      throw this.wrong(name, "expected a list of strings");
    }
    return value;
  }

  objects(name: string): ConfigFields[] {
    const value = this.any(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.wrong(name, "expected a list");
    return value.map((item, index) => new ConfigFields(item, `${this.#join(name)}[${index + 1}]`));
  }

  /** A reference to another entity: its name, or an object with `name`, `id` or `username`. */
  reference(name: string): string | undefined {
    const value = this.any(name);
    if (value === undefined || typeof value === "string") return value;
    const fields = new ConfigFields(value, this.#join(name));
    return fields.string("name") ?? fields.string("id") ?? fields.requiredString("username");
  }

  /** Complains about fields nobody has read. */
  finish(): void {
    for (const name of this.#unread) throw this.wrong(name, "unknown field");
  }

  wrong(name: string, what: string): GatewayError {
    const value = this.#object[name];
    const got = value === undefined || value === null ? "" : `, got ${JSON.stringify(value)}`;
    return new GatewayError("GATEWAY_CONFIG", `${this.#join(name)}: ${what}${got}`);
  }

  #join(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }
}
