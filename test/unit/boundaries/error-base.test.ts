// Which errors have a base of their own: all others derive from PluginServerError, whose brand says that they are of this package.
import { expect, it } from "vitest";
import { sources } from "./sources.js";

const { ERROR_CODES } = (await import(new URL("../../../scripts/reference/error-codes.mjs", import.meta.url).href)) as {
  readonly ERROR_CODES: Readonly<Record<string, Readonly<Record<string, readonly [meaning: string, remedy: string]>>>>;
};

/** Each of them never leaves the code that throws it, or stands for an error of somebody else. */
const OTHER_BASES: readonly string[] = [
  "PluginServerError",
  // Have the brand; what plugins import imports nothing of the server.
  ...["PdkError", "TykError"],
  // The error of another thread, which may be a plugin's.
  "RemoteError",
  // No errors: how a handler is left, and how the stand-in ends a call.
  ...["ExitSignal", "RefusedCall", "UpstreamFailure"],
  // What a peer is told: its status, or the gateway's own text.
  ...["GrpcError", "ResultError"],
];

it("is the base of every error class", () => {
  const direct = sources.flatMap(({ text }) => [...text.matchAll(/class (\w+)(?:<.*>)? extends \w*Error\b/g)]);
  const names = direct.filter(([found]) => !found.includes("extends PluginServerError")).map(([, name]) => name);
  expect(names.sort()).toEqual([...OTHER_BASES].sort());
});

/** As a string, or as the name of a field. */
const CODE = /"([A-Z]+(?:_[A-Z0-9]+)+)"|^\s+([A-Z]+(?:_[A-Z0-9]+)+):/gm;
/** Errors that cross threads are plain data. */
const AS_DATA = /name: "\w+", code: "([A-Z]+(?:_[A-Z0-9]+)+)"/g;

it("has each of its codes in the table that docs/errors.md is written from, and the table has no others", () => {
  const declaring = sources.filter(
    ({ path, text }) => /(?:^|\/)errors\.ts$/.test(path) || text.includes("extends PluginServerError"),
  );
  const found = [
    ...declaring.flatMap(({ text }) => [...text.matchAll(CODE)]),
    ...sources.flatMap(({ text }) => [...text.matchAll(AS_DATA)]),
  ];
  const declared = new Set(found.map(([, quoted, named]) => quoted ?? named));
  const table = Object.values(ERROR_CODES).flatMap((codes) => Object.keys(codes));
  expect(table.sort()).toEqual([...declared].sort());
});
