// The shape of src: no circles of files, no crowded folders, no folders of crumbs.
import { dirname } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { localImports, type SourceFile, sources } from "./sources.js";

const MOST_FILES = 15;
const LEAST_LINES = 60;
/** To be divided, or joined, yet: a folder that is done leaves these lists, and none comes in. */
const CROWDED: readonly string[] = [];
const CRUMBS: readonly string[] = [
  "apps/gateways",
  "gateways/kong/standin/http",
  "gateways/tyk/conf",
  "gateways/tyk/standin/http",
];
const TYPE_CIRCLES: readonly (readonly string[])[] = [["core/server/plugin-source.ts", "core/server/served-plugins.ts"]];

/** The specifiers of a file's static imports that are there when it runs: those of types are gone by then. */
function valueImports({ path, text }: SourceFile): Set<string> {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const specifiers = file.statements.flatMap((statement) => {
    if (ts.isImportDeclaration(statement)) return isTypeImport(statement) ? [] : [statement.moduleSpecifier];
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined || statement.isTypeOnly) return [];
    const { exportClause } = statement;
    const areTypes =
      exportClause !== undefined && ts.isNamedExports(exportClause) && exportClause.elements.every((one) => one.isTypeOnly);
    return areTypes ? [] : [statement.moduleSpecifier];
  });
  return new Set(specifiers.filter(ts.isStringLiteral).map((one) => one.text));
}

function isTypeImport({ importClause }: ts.ImportDeclaration): boolean {
  if (importClause === undefined) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = importClause;
  if (name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.every((one) => one.isTypeOnly);
}

/** The groups of files that reach each other (Tarjan), each sorted. */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): void => {
    order.set(node, order.size);
    lowest.set(node, order.get(node) ?? 0);
    open.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) lowest.set(node, Math.min(lowest.get(node) ?? 0, lowest.get(next) ?? 0));
    }
    if (lowest.get(node) !== order.get(node)) return;
    const group = open.splice(open.indexOf(node));
    if (group.length > 1) found.push(group.sort());
  };
  for (const node of edges.keys()) if (!order.has(node)) visit(node);
  return found;
}

const edges = (isCounted: (from: SourceFile, specifier: string) => boolean): Map<string, string[]> => {
  const targets = new Map(sources.map(({ path }) => [path, [] as string[]]));
  for (const { from, specifier, target } of localImports)
    if (isCounted(from, specifier)) targets.get(from.path)?.push(target.replace(/\.js$/, ".ts"));
  return targets;
};

const folders = new Map<string, SourceFile[]>();
for (const source of sources) {
  const folder = dirname(source.path);
  folders.set(folder, [...(folders.get(folder) ?? []), source]);
}

const lines = (files: readonly SourceFile[]): number => files.reduce((sum, { text }) => sum + text.split("\n").length - 1, 0);

it("finds circles where there are some", () => {
  const graph = { a: ["b"], b: ["c", "d"], c: ["a"], d: ["e"], e: [] };
  expect(circles(new Map(Object.entries(graph)))).toEqual([["a", "b", "c"]]);
});

it("no file imports itself by way of others when it runs", () => {
  const values = new Map(sources.map((source) => [source.path, valueImports(source)]));
  expect(circles(edges(({ path }, specifier) => values.get(path)?.has(specifier) === true))).toEqual([]);
});

it("nor for its types, or by import()", () => {
  const known = (circle: readonly string[]): boolean => TYPE_CIRCLES.some((one) => one.join() === circle.join());
  expect(circles(edges(() => true)).filter((circle) => !known(circle))).toEqual([]);
});

it(`no folder has more than ${MOST_FILES} files`, () => {
  const crowded = [...folders]
    .filter(([folder, files]) => files.length > MOST_FILES && !CROWDED.includes(folder))
    .map(([folder, files]) => [folder, files.length]);
  expect(crowded).toEqual([]);
});

it(`no folder has files of less than ${LEAST_LINES} lines on average`, () => {
  const crumbs = [...folders]
    .filter(([folder, files]) => !CRUMBS.includes(folder) && files.length > 1 && lines(files) / files.length < LEAST_LINES)
    .map(([folder, files]) => [folder, Math.round(lines(files) / files.length)]);
  expect(crumbs).toEqual([]);
});
