// Writes dist/types: the declarations that the package's doors reach, once for `import` and once for `require`. Others are not shipped.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
const types = join(dist, "types");

const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const doors = Object.values(exports).flatMap((conditions) => conditions.import?.types ?? []);

/** A specifier of a file of ours, in an import, an export or an `import("…")` type. */
const SPECIFIER = /((?:from|import)\s*\(?\s*)"(\.{1,2}\/[^"]+)\.js"/g;

/** What is taken from a folder's door: through it, everything behind the door would come along. */
const THROUGH_A_DOOR = /^(import|export) (type )?\{([^}]*)\} from "(\.{1,2}\/[^"]*index)\.js";$/gm;

const read = (file) => {
  if (!existsSync(file)) throw new Error(`${file} is not there: remove dist and build again`);
  return readFileSync(file, "utf8").replace(/\n?\/\/# sourceMappingURL=.*\n?$/, "\n");
};

const namesIn = (list) =>
  list
    .split(",")
    .map((name) => name.trim().replace(/^type /, ""))
    .filter((name) => name !== "");

/** The file behind a door that a name is from; undefined where the door does not say. */
function behind(door, name) {
  for (const [, list, specifier] of read(door).matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)\.js";$/gm))
    if (namesIn(list).includes(name)) return join(dirname(door), `${specifier}.d.ts`);
  return undefined;
}

/** The declarations with what comes through doors taken from behind them. */
function withoutDoors(file) {
  return read(file).replace(THROUGH_A_DOOR, (line, verb, type = "", list, specifier) => {
    const door = join(dirname(file), `${specifier}.d.ts`);
    const lines = namesIn(list).map((name) => {
      const from = behind(door, name.split(" as ")[0]);
      const path = from === undefined ? undefined : relative(dirname(file), from).replace(/\.d\.ts$/, ".js");
      return path === undefined ? undefined : `${verb} ${type}{ ${name} } from "${path.startsWith(".") ? path : `./${path}`}";`;
    });
    return lines.includes(undefined) ? line : lines.join("\n");
  });
}

const found = new Map();

function take(file) {
  if (found.has(file)) return;
  const text = withoutDoors(file);
  found.set(file, text);
  for (const [, , specifier] of text.matchAll(SPECIFIER)) take(join(dirname(file), `${specifier}.d.ts`));
}

for (const door of doors) take(join(dist, relative(types, join(root, door))));
rmSync(types, { recursive: true, force: true });
for (const [file, text] of found) {
  const target = join(types, relative(dist, file));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  writeFileSync(target.replace(/\.ts$/, ".cts"), text.replace(SPECIFIER, '$1"$2.cjs"'));
}
