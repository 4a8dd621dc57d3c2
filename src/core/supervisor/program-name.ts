// Says what a plugin's program is called, and its socket with it.
import { basename, extname } from "node:path";

/**
 * The name of the program: the file it was started as. The endings of scripts are no part of it, so that a file that
 * is installed without one has the same name.
 */
export function programName(path: string): string {
  const ending = extname(path);
  return basename(path, /^\.[cm]?[jt]s$/.test(ending) ? ending : "");
}
