// Every error code that a table declares is used, and every code that is used is declared once.
import { describe, expect, it } from "vitest";
import { sources } from "./sources.js";

const CODE = /\b(?:WIRE|RPC|PDK|SERVER|PLUGIN|CLI|GATEWAY|ISOLATE|COPROCESS|GRPC|TYK)_[A-Z][A-Z_]*[A-Z]\b/g;

/** Files that declare codes: those with a table of them, and classes with a code of their own. */
const declaring = new Set(
  sources
    .filter(({ path, text }) => /(?:^|\/)(?:errors|[a-z-]*-error)\.ts$/.test(path) || /\bconst CODES = \{/.test(text))
    .map(({ path }) => path),
);

/** Named in the same style: variables of the environment. */
const VARIABLES = new Set(["TYK_SECRET"]);

/** Constants are named in the same style. */
const constants = new Set(sources.flatMap(({ text }) => [...text.matchAll(/\bconst ([A-Z_]+)\b/g)].map(([, name = ""]) => name)));

const mentions = sources
  .flatMap(({ path, text }) => [...text.matchAll(CODE)].map(([code]) => ({ path, code })))
  .filter(({ code }) => !constants.has(code) && !VARIABLES.has(code));
const declared = [...new Set(mentions.filter(({ path }) => declaring.has(path)).map(({ code }) => code))].sort();
/** Errors that cross threads are plain data with a code of their own. */
const asData = new Set(sources.flatMap(({ text }) => [...text.matchAll(/\bcode: "([A-Z_]+)"/g)].map(([, code = ""]) => code)));

describe("error codes", () => {
  it("are declared", () => {
    expect(declared).toEqual(
      expect.arrayContaining([
        "WIRE_TOO_LARGE",
        "RPC_NO_INSTANCE",
        "PDK_BAD_ARGUMENT",
        "SERVER_CANNOT_LISTEN",
        "PLUGIN_COMPILE_FAILED",
        "CLI_USAGE",
      ]),
    );
  });

  it.each(declared)("%s is declared in one file", (code) => {
    expect([
      ...new Set(mentions.filter((mention) => mention.code === code && declaring.has(mention.path)).map(({ path }) => path)),
    ]).toHaveLength(1);
  });

  it.each(declared.filter((code) => !isOfItsOwnClass(code)))("%s is used", (code) => {
    const uses = mentions.filter((mention) => mention.code === code);
    expect(uses.length, `${code} is in its table and nowhere else`).toBeGreaterThan(1);
  });

  it("that are used are declared", () => {
    const unknown = mentions
      .filter(({ path, code }) => !declaring.has(path) && !declared.includes(code) && !asData.has(code))
      .map(({ path, code }) => `${path}: ${code}`);
    expect(unknown).toEqual([]);
  });
});

/** A class with one code of its own has no table to be used from. */
function isOfItsOwnClass(code: string): boolean {
  return sources.some(({ text }) => text.includes(`readonly code = "${code}"`));
}
