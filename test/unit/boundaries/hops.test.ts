// docs/architecture.md shows the code as it is: its list of the way of one call names files and functions that are there, and so
// does its table of folders.
import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { IMPORTS, sources } from "./sources.js";

const MAX_HOPS = 24;

const page = readFileSync(new URL("../../../docs/architecture.md", import.meta.url), "utf8");

/** One line of a list: `1. \`src/a.ts\` \`f\`, \`C.m\`: what happens there.` */
interface Hop {
  /** Absent in the list of what an answer passes, which has marks in place of numbers. */
  readonly number: number | undefined;
  /** Relative to src. */
  readonly path: string;
  readonly names: readonly string[];
}

const hops: readonly Hop[] = [...page.matchAll(/^(?:(\d+)\.|-) `src\/([^`]+)` ((?:`[^`]+`(?:, )?)+): /gm)].map(
  ([, number, path = "", names = ""]) => ({
    number: number === undefined ? undefined : Number(number),
    path,
    names: [...names.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  }),
);
const numbered = hops.filter(({ number }) => number !== undefined);

/** The functions of a file and the methods of its classes, as the page names them: `f`, `Class.method`, `Class.#method`. */
function functionsOf(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const statement of ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest).statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name !== undefined) names.add(statement.name.text);
    if (!ts.isClassDeclaration(statement) || statement.name === undefined) continue;
    for (const member of statement.members)
      if (ts.isMethodDeclaration(member) && (ts.isIdentifier(member.name) || ts.isPrivateIdentifier(member.name)))
        names.add(`${statement.name.text}.${member.name.text}`);
  }
  return names;
}

describe("the way of one call in docs/architecture.md", () => {
  it("has at most 24 hops, numbered without a gap", () => {
    expect(numbered.map(({ number }) => number)).toEqual(numbered.map((_hop, index) => index + 1));
    expect(numbered.length).toBeGreaterThan(15);
    expect(numbered.length).toBeLessThanOrEqual(MAX_HOPS);
  });

  it("begins and ends at the socket, and passes the handler's isolate", () => {
    const paths = numbered.map(({ path }) => path);
    expect(paths[0]).toBe("gateways/kong/rpc/connection.ts");
    expect(paths.at(-1)).toBe("gateways/kong/rpc/connection.ts");
    expect(paths).toContain("gateways/kong/worker/kong-host.ts");
  });

  it("is read to its last line", () => {
    const [, section = ""] = /^## The way of one call$([^]*?)^## /m.exec(page) ?? [];
    expect(section.match(/^(?:\d+\.|-) /gm)).toHaveLength(hops.length);
  });

  it.each(hops)("$path has $names", ({ path, names }) => {
    const source = sources.find((file) => file.path === path);
    expect(source?.path).toBe(path);
    const functions = functionsOf(source?.text ?? "");
    expect(names.filter((name) => !functions.has(name))).toEqual([]);
  });
});

it("the table of folders has no folder that is not there", () => {
  const rows = [...page.matchAll(/^\| `([a-z0-9/-]+)` \|/gm)].map(([, folder = ""]) => folder);
  expect(rows.length).toBeGreaterThan(25);
  expect(rows.filter((folder) => !(folder in IMPORTS))).toEqual([]);
});
