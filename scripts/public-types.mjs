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

const found = new Set();

function take(file) {
  if (found.has(file)) return;
  if (!existsSync(file)) throw new Error(`${file} is not there: remove dist and build again`);
  found.add(file);
  for (const [, , specifier] of readFileSync(file, "utf8").matchAll(SPECIFIER)) take(join(dirname(file), `${specifier}.d.ts`));
}

for (const door of doors) take(join(dist, relative(types, join(root, door))));
rmSync(types, { recursive: true, force: true });
for (const file of found) {
  const target = join(types, relative(dist, file));
  const text = readFileSync(file, "utf8").replace(/\n?\/\/# sourceMappingURL=.*\n?$/, "\n");
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  writeFileSync(target.replace(/\.ts$/, ".cts"), text.replace(SPECIFIER, '$1"$2.cjs"'));
}
