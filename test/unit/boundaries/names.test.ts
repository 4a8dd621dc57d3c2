// A name that is exported means one thing in src: whoever searches for it finds one definition.
import { dirname } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { sources } from "./sources.js";

const PUBLIC_TYPE = "what authors of plugins write and get: each gateway's public types have its own terms, which are alike";
const SEAM = "what every gateway gives the core under this name";
const OWN_CODEC = "the stand-in gateway has a codec of its own, so that a mistake in the server's is not made on both sides";

/** Names that two folders have on purpose, and why. */
const ON_PURPOSE: Readonly<Record<string, string>> = {
  ArrayField: PUBLIC_TYPE,
  BooleanField: PUBLIC_TYPE,
  ConfigSchema: PUBLIC_TYPE,
  InitContext: PUBLIC_TYPE,
  MapField: PUBLIC_TYPE,
  NumberField: PUBLIC_TYPE,
  StringField: PUBLIC_TYPE,
  checkRuntime: SEAM,
  gatewayWorker: SEAM,
  Fields: OWN_CODEC,
  fromStruct: OWN_CODEC,
  fromValue: OWN_CODEC,
  isFields: OWN_CODEC,
  toStruct: OWN_CODEC,
  toValue: OWN_CODEC,
};

/** The names that a file defines and exports; what it passes on from another file is not its own. */
function definitionsOf(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const statement of ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest, true).statements) {
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    if (ts.isVariableStatement(statement))
      for (const { name } of statement.declarationList.declarations) names.add(name.getText());
    else if (
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement)
    )
      if (statement.name !== undefined) names.add(statement.name.text);
  }
  return names;
}

const foldersByName = new Map<string, Set<string>>();
for (const { path, text } of sources)
  for (const name of definitionsOf(text)) foldersByName.set(name, (foldersByName.get(name) ?? new Set()).add(dirname(path)));

const inTwoFolders = [...foldersByName].filter(([, folders]) => folders.size > 1);

it("sees what a file exports, and not what it passes on", () => {
  const text = `export { a } from "./a.js"; export const b = 1, c = 2; export type D = 1; function e() {} export class F {}`;
  expect([...definitionsOf(text)]).toEqual(["b", "c", "D", "F"]);
});

it("no exported name is defined in two folders", () => {
  expect(inTwoFolders.filter(([name]) => !(name in ON_PURPOSE)).map(([name, folders]) => [name, ...folders])).toEqual([]);
});

it("what two folders have on purpose, two folders have", () => {
  const names = new Set(inTwoFolders.map(([name]) => name));
  expect(Object.keys(ON_PURPOSE).filter((name) => !names.has(name))).toEqual([]);
});
