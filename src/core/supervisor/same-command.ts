// Says how this process was started, for a server process that is started the same way.
import { isSea } from "node:sea";
import { isServerExecutable, scriptVariables } from "../runtime/index.js";

/** `--disable-sigusr1` is not in every Node.js: there the server itself takes the signal. */
export function sameCommand(): [string, ...string[]] {
  // An executable has no flags of Node.js: all that stands behind its name is for the program in it.
  if (isSea()) return [process.execPath, ...process.argv.slice(2)];
  const given = process.execArgv;
  const flags = process.allowedNodeEnvironmentFlags.has(NO_INSPECTOR) && !given.includes(NO_INSPECTOR) ? [NO_INSPECTOR] : [];
  if (!SAYS_YOUNG_GENERATION.test([process.env["NODE_OPTIONS"] ?? "", ...given].join(" "))) flags.push(YOUNG_GENERATION);
  return [process.execPath, ...given, ...flags, ...process.argv.slice(1)];
}

/** What an executable with the server in it is told by variables, as the start script and flags tell Node.js. */
export function sameEnvironment(): NodeJS.ProcessEnv {
  if (!isServerExecutable()) return process.env;
  const { env } = process;
  const flags = SAYS_YOUNG_GENERATION.test(env["NODE_OPTIONS"] ?? "") ? [] : [YOUNG_GENERATION];
  return { ...env, ...scriptVariables(undefined, flags, env), ...(env["GLIBC_TUNABLES"] === undefined ? TUNED : {}) };
}

/** As bin/pluginserver has it, and why. */
const TUNED = { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1", PLUGINSERVER_TUNED: "1" };
const NO_INSPECTOR = "--disable-sigusr1";
/** Each half, in megabytes. What a call leaves is garbage by the next collection: with 16, as Node.js has it, memory grows and nothing else. */
const YOUNG_GENERATION = "--max-semi-space-size=4";
/** An operator has chosen otherwise. */
const SAYS_YOUNG_GENERATION = /--(?:max|min)[-_]semi[-_]space[-_]size/;
