// Turns a bundled ES module into text that a function can run.
//
// An isolate evaluates text, not files. Node.js offers data: URLs for that, but maps no stack trace through their source
// maps, resolves no import() relative to the plugin, and prints the whole text in some errors. A CommonJS wrapper under
// the plugin's own file name has none of these faults; what it lacks, `import`, `export` and `await`, is added here.

/** A module outside the bundle. While bundling, `token` stands for it, so that its import statements can be told from any other text. */
export interface ExternalImport {
  readonly token: string;
  /** What to import: `node:fs`, or a file URL. */
  readonly specifier: string;
  /** The name in the source, for messages. */
  readonly requested: string;
}

const EXTERNALS = "__pluginserver_externals";
const PICK = "__pluginserver_pick";

/** Gets a named export; also from CommonJS modules whose names Node.js cannot see, as the TypeScript compiler does. */
const PICK_FUNCTION =
  `const ${PICK} = (module, name, from) => { ` +
  "if (name in module) return module[name]; " +
  "if (module.default != null && Object(module.default)[name] !== undefined) return module.default[name]; " +
  "throw new SyntaxError(`The requested module '${from}' does not provide an export named '${name}'`); };";

const IMPORT_STATEMENT = /^import (?:([^]+) from )?$/;
const EXPORT_BLOCK = /^export \{([^`;]*)\};\s*$/;
const NAME_PAIR = /("(?:[^"\\]|\\.)*"|[^\s,"]+)(?:\s+as\s+("(?:[^"\\]|\\.)*"|[^\s,"]+))?/g;

/**
 * Returns a CommonJS text whose `module.exports` is a promise of the module's exports. The result has one line more than
 * `code`, at the top; all other lines stay where they are.
 */
export function esmToFunction(code: string, externals: readonly ExternalImport[]): string {
  const bindings: string[] = [];
  const spreads: string[] = [];
  let body = code;
  externals.forEach((external, index) => {
    body = takeStatements(body, external, (clause, keyword) => {
      const module = `${EXTERNALS}[${index}]`;
      if (keyword === "export") spreads.push(`...(({ default: _, ...names }) => names)(${module})`);
      else if (clause !== "") bindings.push(...bindClause(clause, module, external.requested));
    });
  });
  const [statements, exported] = splitExports(body);
  const imports = externals.map(({ specifier }) => `await import(${JSON.stringify(specifier)})`);
  const head =
    `"use strict"; module.exports = ((module, exports) => (async () => { ${PICK_FUNCTION} ` +
    `const ${EXTERNALS} = [${imports.join(", ")}];${bindings.map((binding) => ` const ${binding};`).join("")}`;
  return `${head}\n${statements}return {${[...spreads, exported].join(", ")}}; })())();\n`;
}

/** Blanks the statements that import or re-export one external, keeping their line breaks. */
function takeStatements(
  code: string,
  { token }: ExternalImport,
  take: (clause: string, keyword: "import" | "export") => void,
): string {
  const source = JSON.stringify(token);
  let rest = code;
  for (let at = rest.indexOf(source); at !== -1; at = rest.indexOf(source)) {
    const start = Math.max(rest.lastIndexOf("\nimport ", at), rest.lastIndexOf("\nexport ", at)) + 1;
    const end = rest.indexOf(";", at) + 1;
    const statement = rest.slice(start, at);
    if (statement.startsWith("export ")) take("", "export");
    else take(clauseOf(statement), "import");
    rest = rest.slice(0, start) + statement.replace(/[^\n]+/g, "") + rest.slice(end);
  }
  return rest;
}

function clauseOf(statement: string): string {
  const match = IMPORT_STATEMENT.exec(statement);
  if (match === null) throw new Error(`unexpected import statement in a bundle: ${statement}`);
  return (match[1] ?? "").trim();
}

/** `fallback, { a as b, "c d" as e }`, `* as all` or `fallback, * as all`, as declarations. */
function bindClause(clause: string, module: string, from: string): string[] {
  const pick = (name: string): string => `${PICK}(${module}, ${name}, ${JSON.stringify(from)})`;
  const bindings: string[] = [];
  const braces = clause.indexOf("{");
  const named = braces === -1 ? "" : clause.slice(braces + 1, clause.lastIndexOf("}"));
  for (const part of (braces === -1 ? clause : clause.slice(0, braces)).split(",").map((text) => text.trim())) {
    if (part.startsWith("* as ")) bindings.push(`${part.slice("* as ".length)} = ${module}`);
    else if (part !== "") bindings.push(`${part} = ${pick('"default"')}`);
  }
  for (const [exported, local] of namePairs(named)) bindings.push(`${local} = ${pick(quote(exported))}`);
  return bindings;
}

/** Splits off the export statement that ends every bundle with exports, and turns it into the inside of an object literal. */
function splitExports(code: string): [statements: string, exported: string] {
  const start = code.lastIndexOf("\nexport {") + 1;
  const match = EXPORT_BLOCK.exec(code.slice(start));
  if (match?.[1] === undefined) return [code, ""];
  const members = namePairs(match[1]).map(([local, exported]) => `[${quote(exported)}]: ${local}`);
  return [code.slice(0, start), members.join(", ")];
}

/** Reads `a, b as c, d as "e f"`. */
function namePairs(list: string): [name: string, alias: string][] {
  return [...list.matchAll(NAME_PAIR)].map(([, name = "", alias = name]) => [name, alias]);
}

function quote(name: string): string {
  return name.startsWith('"') ? name : JSON.stringify(name);
}
