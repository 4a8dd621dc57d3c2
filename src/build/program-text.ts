// Makes a bundle a file that Node.js runs by its name alone, with stacks that name its sources.

export interface ProgramParts {
  /** Statements, without imports and exports; they may await. */
  readonly code: string;
  readonly map: string;
  readonly title: string;
  readonly strict: boolean;
  /** The variable that the code has for its URL. */
  readonly moduleUrl: string;
  /** What a source of the map is to be called. */
  readonly sourceName: (source: string) => string;
}

/**
 * A file without extension is CommonJS, or an ES module where a package.json above it says so: these lines are both. Node.js
 * reads a source map only while it compiles, and by then must have been told to, so the file has itself compiled once more.
 */
const LOADER = `var self = Symbol.for("pluginserver.program");
if (globalThis[self] === undefined) {
  globalThis[self] = true;
  process.setSourceMapsEnabled(true);
  const load = (name) => process.getBuiltinModule("node:" + name);
  const file = load("fs").realpathSync(process.argv[1]);
  const program = new (load("module").Module)(file);
  program.filename = file;
  program.paths = [];
  process.once("beforeExit", () => {
    process.stderr.write(file + ": nothing goes on, and its plugin still awaits something at its top level\\n");
    process.exitCode = 1;
  });
  program._compile(load("fs").readFileSync(file, "utf8"), file);
} else (async () => {`;

export function programText({ code, map, title, strict, moduleUrl, sourceName }: ProgramParts): string {
  const head =
    `#!/usr/bin/env node\n// ${title}\n${LOADER}${strict ? '"use strict";' : ""}\n` +
    `var ${moduleUrl} = require("node:url").pathToFileURL(__filename).href;\n`;
  const placed = placeMap(map, head.split("\n").length - 1, sourceName);
  return `${head}${code.trimEnd()}\n})();\n//# sourceMappingURL=data:application/json;base64,${placed}\n`;
}

function placeMap(map: string, skippedLines: number, sourceName: (source: string) => string): string {
  const parsed = JSON.parse(map) as { sources: string[]; mappings: string };
  const placed = { ...parsed, sources: parsed.sources.map(sourceName), mappings: ";".repeat(skippedLines) + parsed.mappings };
  return Buffer.from(JSON.stringify(placed)).toString("base64");
}
