// Says how this process was started, for a server process that is started the same way.
import { isSea } from "node:sea";

/** `--disable-sigusr1` is not in every Node.js: there the server itself takes the signal. */
export function sameCommand(): [string, ...string[]] {
  // An executable has no flags of Node.js: all that stands behind its name is for the program in it.
  if (isSea()) return [process.execPath, ...process.argv.slice(2)];
  const given = process.execArgv;
  const flags = process.allowedNodeEnvironmentFlags.has(NO_INSPECTOR) && !given.includes(NO_INSPECTOR) ? [NO_INSPECTOR] : [];
  return [process.execPath, ...given, ...flags, ...process.argv.slice(1)];
}

const NO_INSPECTOR = "--disable-sigusr1";
