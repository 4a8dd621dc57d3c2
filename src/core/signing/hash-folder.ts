// Says in one hash what a folder holds: every file's path and content, and nothing that is neither file nor folder.
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The SHA-256, or undefined where there is no such folder, or one with something in it that has no content of its own. */
export async function hashFolder(folder: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  const isWhole = await addFolder(folder, "", (path, bytes) => {
    const content = createHash("sha256").update(bytes).digest("hex");
    hash.update(`${JSON.stringify(path)} ${content}\n`);
  });
  return isWhole ? hash.digest("hex") : undefined;
}

async function addFolder(root: string, path: string, add: (path: string, bytes: Buffer) => void): Promise<boolean> {
  // A folder that cannot be read is not whole.
  const entries = await readdir(join(root, path), { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return false;
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!(await addFolder(root, inner, add))) return false;
    } else if (entry.isFile()) add(inner, await readFile(join(root, inner)));
    // A link could lead elsewhere tomorrow.
    else return false;
  }
  return true;
}
