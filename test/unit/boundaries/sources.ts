// Owns reading the sources of src: which file imports which, and what each says.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const { IMPORTS, folderOf } = (await import(new URL("../../../eslint.imports.js", import.meta.url).href)) as {
  readonly IMPORTS: Readonly<Record<string, readonly string[]>>;
  readonly folderOf: (path: string) => string;
};

export const SRC = fileURLToPath(new URL("../../../src", import.meta.url));

export interface SourceFile {
  /** Relative to src, e.g. `core/net/read-into.ts`. */
  readonly path: string;
  /** The folder of src it is in. */
  readonly folder: string;
  readonly text: string;
}

/** An import of another file of src. */
export interface LocalImport {
  readonly from: SourceFile;
  /** As it is written. */
  readonly specifier: string;
  /** Relative to src, as written: `core/net/index.js`. */
  readonly target: string;
  readonly folder: string;
}

export const sources: readonly SourceFile[] = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => {
    const file = join(entry.parentPath, entry.name);
    const path = relative(SRC, file);
    return { path, folder: folderOf(path), text: readFileSync(file, "utf8") };
  });

/** What a file imports, as written: statically, for its types, or by `import()`. */
export function importsOf({ text }: SourceFile): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

export const localImports: readonly LocalImport[] = sources.flatMap((from) =>
  importsOf(from)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => {
      const target = relative(SRC, resolve(SRC, dirname(from.path), specifier));
      return { from, specifier, target, folder: folderOf(target) };
    }),
);
