// Owns temporary directories for tests: created under the system's own, removed by the caller or at exit.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface TempDir {
  readonly path: string;
  /** Writes a file below the directory, creating the folders on the way, and returns its path. */
  write(name: string, content: string | Uint8Array): string;
  remove(): void;
}

const live = new Set<string>();

process.on("exit", () => {
  for (const path of live) rmSync(path, { recursive: true, force: true });
});

export function createTempDir(label = "t"): TempDir {
  // Short on purpose: a Unix socket's path has room for about 100 bytes.
  const path = mkdtempSync(join(tmpdir(), `ps-${label}-`));
  live.add(path);
  return {
    path,
    write(name, content) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    remove() {
      live.delete(path);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
