// Writes plugins into a directory of their own.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { FoundPlugin } from "../../../../src/core/plugins/scan.js";

/** A directory with these files, gone after the test. */
export async function pluginsDirectory(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), "plugins-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return directory;
}

/** The plugin that is one file of a directory. */
export function fileSource(directory: string, file: string): FoundPlugin {
  const path = join(directory, file);
  return { name: file.replace(/\.[^.]+$/, ""), entry: path, root: path };
}
